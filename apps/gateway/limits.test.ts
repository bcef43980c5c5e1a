// Guesses at the gate, over sockets: counted by the address and by what is shown, refused with 429, and on record in a file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listen, type Running } from './listen.ts'
import { freePort, startGateway } from './processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'limits-'))
const location = `sqlite:${join(folder, 'auth.db')}`
const store = sqliteStore(location.slice('sqlite:'.length))
const issuer = localIssuer({ issuer: 'https://sample.test', audience: 'https://api.sample.test', store })
let service: Running
let asked = 0
beforeAll(async () => {
  service = await listen((_request, response) => {
    asked++
    response.end('done')
  })
})
afterAll(async () => {
  await service.stop()
  await store.close()
  rmSync(folder, { recursive: true })
})

interface Got {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly code: unknown
}

/** A gateway with these figures, and what calls it from an address of this machine. */
async function gatewayWith(env: Readonly<Record<string, string>>) {
  const port = await freePort()
  const gateway = await startGateway(port, { UPSTREAM: service.url, STORE: location, ...env })
  const call = (headers: Readonly<Record<string, string>>, localAddress = '127.0.0.1', path = '/posts') =>
    new Promise<Got>((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port, path, headers, localAddress, agent: false }, async (answer) => {
        let body = ''
        for await (const chunk of answer) body += chunk
        const code = body.startsWith('{') ? JSON.parse(body).code : undefined
        resolve({ status: answer.statusCode, headers: answer.headers, code })
      })
        .on('error', reject)
        .end()
    })
  const guess = (at: number) => ({ authorization: `Bearer guess-${at}` })
  return { call, guess, stop: () => gateway.stop() }
}

const linesOf = (file: string): readonly Readonly<Record<string, unknown>>[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('guesses are counted by address, whatever it claims, and on record in a chain', async () => {
  const audit = join(folder, 'audit.log')
  const key = join(folder, 'audit.key')
  writeFileSync(key, `${'k'.repeat(44)}\n`)
  const { call, guess, stop } = await gatewayWith({ ADDRESS_LIMIT: '5', AUDIT: audit, AUDIT_KEY: key })
  const { access_token: token } = await issuer.issue({ subject: 'usr_1', scopes: ['posts:read'] })
  const before = asked
  try {
    const got: Got[] = []
    for (let at = 0; at < 8; at++)
      got.push(await call({ ...guess(at), 'x-forwarded-for': `203.0.113.${at}` }, '127.0.0.2'))
    expect(got.map(({ status }) => status)).toEqual([...Array(5).fill(401), ...Array(3).fill(429)])
    const last = got.at(-1) as Got
    expect(last.code).toBe('too_many_requests')
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0)
    expect(last.headers['www-authenticate']).toBeUndefined()
    expect(last.headers['content-type']).toBe('application/problem+json')
    // The right one too, from there, also where nobody needs one; and from elsewhere not.
    expect((await call({ authorization: `Bearer ${token}` }, '127.0.0.2')).status).toBe(429)
    expect((await call({}, '127.0.0.2', '/public/a')).status).toBe(429)
    expect(asked).toBe(before)
    expect((await call({ authorization: `Bearer ${token}` }, '127.0.0.3')).status).toBe(200)
  } finally {
    await stop()
  }
  const lines = linesOf(audit)
  const of = (event: string) => lines.filter((line) => line.event === event && line.source_ip === '127.0.0.2')
  expect(of('authn_login_fail')).toHaveLength(5)
  expect(of('excess_rate_limit_exceeded')).toHaveLength(5)
  expect(of('excess_rate_limit_exceeded')[0]).toMatchObject({
    appid: 'gateway',
    decision: 'refused',
    reason: 'limit.reached',
    request_uri: '/posts',
  })
  expect(lines.every(({ mac }) => typeof mac === 'string')).toBe(true)
  expect(readFileSync(audit, 'utf8')).not.toMatch(/guess-|Bearer /)
  expect(readFileSync(audit, 'utf8')).not.toContain(token)
})

test('one wrong secret is counted wherever it is shown from; another is another', async () => {
  const { call, guess, stop } = await gatewayWith({ SECRET_LIMIT: '3' })
  try {
    const statuses = []
    for (let at = 2; at < 7; at++) statuses.push((await call({ 'x-api-key': 'stolen' }, `127.0.0.${at}`)).status)
    expect(statuses).toEqual([401, 401, 401, 429, 429])
    expect((await call(guess(1), '127.0.0.2')).status).toBe(401)
  } finally {
    await stop()
  }
})

test('behind a peer that is trusted each client has an address of its own', async () => {
  const { call, guess, stop } = await gatewayWith({ ADDRESS_LIMIT: '2', TRUSTED_PEERS: '127.0.0.2' })
  try {
    const statuses = []
    for (const [peer, client] of [
      ...[
        [2, 1],
        [2, 1],
        [2, 1],
        [2, 9],
      ],
      ...[
        [3, 1],
        [3, 2],
        [3, 3],
      ],
    ] as const)
      statuses.push((await call({ ...guess(1), 'x-forwarded-for': `203.0.113.${client}` }, `127.0.0.${peer}`)).status)
    expect(statuses).toEqual([401, 401, 429, 401, 401, 401, 429])
  } finally {
    await stop()
  }
})
