// The examples of README.md, run.
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'

// What README.md shows begins here.

import { createServer, type Server } from 'node:http'
import { formatChallenge, parseChallenges, readBearer } from '@countersign/credentials'
import { isAuthError, problem } from '@countersign/http'

const server: Server = createServer((request, response) => {
  const credential = readBearer(request)
  if (credential === undefined) {
    const challenge = formatChallenge({ scheme: 'Bearer', params: { realm: 'api' } })
    response.writeHead(401, { 'www-authenticate': challenge }).end()
  } else if (isAuthError(credential)) {
    const { status, headers, body } = problem(credential) // 400: malformed, repeated or over 8 KiB
    response.writeHead(status, headers).end(body)
  } else response.end(`a token of ${credential.token.length} characters`)
})

let url: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => void server.close())

test('absent, malformed and present are three things', async () => {
  const ask = async (headers: Record<string, string>) => fetch(url, { headers })
  expect((await ask({})).headers.get('www-authenticate')).toBe('Bearer realm="api"')
  expect(await (await ask({ authorization: 'Bearer a b' })).json()).toMatchObject({ code: 'invalid_request' })
  expect(await (await ask({ authorization: 'Bearer abc' })).text()).toBe('a token of 3 characters')
})

test('a client reads what it should send', async () => {
  const response = await fetch(url)
  const challenges = parseChallenges(response.headers.get('www-authenticate') ?? '')
  if (isAuthError(challenges)) throw new Error(challenges.detail)
  expect(challenges).toEqual([{ scheme: 'Bearer', params: { realm: 'api' } }])
})
