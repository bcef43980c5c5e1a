// The snippets whose tokens come from elsewhere, against issuers and endpoints on the loopback.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ListeningIssuer, testIssuer } from '@countersign/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningSnippet, runSnippet } from './snippet.ts'

const AUDIENCE = 'https://api.acme.com'
const ask = (url: string, token: string) => fetch(url, { headers: { authorization: `Bearer ${token}` } })

let staff: ListeningIssuer
let customer: ListeningIssuer
let stranger: ListeningIssuer
let endpoint: Server
let introspected: string[]
beforeAll(async () => {
  staff = await testIssuer({ audience: AUDIENCE }).listen()
  customer = await testIssuer({ audience: AUDIENCE }).listen()
  stranger = await testIssuer({ audience: AUDIENCE }).listen()
  introspected = []
  endpoint = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const token = new URLSearchParams(body).get('token') as string
    introspected.push(token)
    response.end(JSON.stringify({ active: token === 'opaque-and-good', sub: 'ada', aud: AUDIENCE }))
  })
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await Promise.all([staff.close(), customer.close(), stranger.close()])
  endpoint.close()
})

describe('many-issuers', () => {
  let app: RunningSnippet
  beforeAll(async () => {
    app = await runSnippet('many-issuers.ts', { ISSUER: staff.url, CUSTOMERS: customer.url, LOCAL: '1' })
  })
  afterAll(() => app.stop())

  test('takes tokens of its own issuer and of a customer’s, none of a stranger’s', async () => {
    for (const issuer of [staff, customer]) {
      const answer = await ask(`${app.url}/me`, await issuer.token())
      expect(await answer.json()).toEqual({ subject: 'ada', issuer: issuer.url })
    }
    expect((await ask(`${app.url}/me`, await stranger.token())).status).toBe(401)
    expect((await ask(`${app.url}/me`, await stranger.token({ claims: { iss: customer.url } }))).status).toBe(401)
  })

  test('is ready when there are keys, and says 503 when there are none', async () => {
    expect((await fetch(`${app.url}/ready`)).status).toBe(204)
    const lone = await runSnippet('many-issuers.ts', { ISSUER: 'http://127.0.0.1:1' })
    const answer = await fetch(`${lone.url}/ready`)
    lone.stop()
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30'])
  })
})

test('many-issuers: a process that starts while the issuer is down judges by the keys that another one left in the store', async () => {
  const issuer = await testIssuer({ audience: AUDIENCE }).listen()
  const folder = mkdtempSync(join(tmpdir(), 'kept-'))
  const env = { ISSUER: issuer.url, STORE: join(folder, 'auth.db') }
  const first = await runSnippet('many-issuers.ts', env)
  const ready = await fetch(`${first.url}/ready`)
  first.stop()
  const token = await issuer.token()
  await issuer.close()
  const second = await runSnippet('many-issuers.ts', env)
  const without = await runSnippet('many-issuers.ts', { ...env, STORE: ':memory:' })
  try {
    expect(ready.status).toBe(204)
    expect((await fetch(`${second.url}/ready`)).status).toBe(204)
    expect(await (await ask(`${second.url}/me`, token)).json()).toEqual({ subject: 'ada', issuer: issuer.url })
    expect((await ask(`${without.url}/me`, token)).status).toBe(503)
  } finally {
    second.stop()
    without.stop()
    rmSync(folder, { recursive: true })
  }
})

test('opaque-tokens: asks the endpoint for opaque ones, and judges JWTs here', async () => {
  const { port } = endpoint.address() as AddressInfo
  const app = await runSnippet('opaque-tokens.ts', {
    INTROSPECTION: `http://127.0.0.1:${port}/introspect`,
    ISSUER: staff.url,
  })
  try {
    const jwt = await staff.token()
    expect(await (await ask(`${app.url}/me`, 'opaque-and-good')).json()).toEqual({ subject: 'ada' })
    expect(await (await ask(`${app.url}/me`, jwt)).json()).toEqual({ subject: 'ada' })
    for (const bad of ['opaque-and-bad', await stranger.token()]) {
      const answer = await ask(`${app.url}/me`, bad)
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer realm="api", error="invalid_token"',
      ])
    }
    expect(introspected).toEqual(['opaque-and-good', 'opaque-and-bad'])
  } finally {
    app.stop()
  }
})

test('entra-id: starts, challenges, and sends a token of nobody’s nowhere', async () => {
  const app = await runSnippet('entra-id.ts')
  try {
    const none = await fetch(`${app.url}/orders`)
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="api"'])
    expect((await ask(`${app.url}/orders`, await stranger.token())).status).toBe(401)
  } finally {
    app.stop()
  }
})
