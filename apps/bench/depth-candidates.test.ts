import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forwarded } from '@countersign/gateway'
import { type AnyPolicy, policy } from '@countersign/policy'
import type { Jwk as PublicJwk } from '@countersign/tokens'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEPTH_CANDIDATES, type DepthCandidateName } from './depth-candidates.ts'
import { DEPTH_GROUPS } from './depth-groups.ts'
import { FILE, logged } from './peers/audited.ts'
import { FAR } from './peers/limits.ts'
import type { Running, Start } from './peers/peer.ts'
import { forged, type Settings, signer } from './settings.ts'
import { signingKeys } from './signed-request.ts'

// Whoever counts, writes, verifies and signs nothing would be the fastest of all: each is seen to do its work.

const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))
const ISSUED = signer('EdDSA')
const SIGNING = signingKeys()
const PAST = { iat: Math.floor(Date.now() / 1000) - 7200, exp: Math.floor(Date.now() / 1000) - 3600 }

async function started(name: DepthCandidateName, more: Partial<Settings> = {}): Promise<Running> {
  const { start } = (await import(`./peers/${name}.ts`)) as { start: Start }
  return start({ ...ISSUED.settings, signing: SIGNING, folder: mkdtempSync(join(folder, 'server-')), ...more })
}

async function get(url: string, token?: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) } })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('each candidate is compared with something, and every peer with ours', () => {
  const entered = new Set(DEPTH_GROUPS.flatMap(({ entrants }) => entrants.map(({ candidate }) => candidate)))
  for (const name of Object.keys(DEPTH_CANDIDATES)) expect(entered).toContain(name)
  for (const { entrants } of DEPTH_GROUPS)
    for (const { against } of entrants.filter(({ kind }) => kind === 'peer'))
      expect(entrants.some((one) => one.kind === 'ours' && one.against === against)).toBe(true)
})

describe.each(['limits-express', 'express-rate-limit', 'limits-fastify', 'fastify-rate-limit'] as const)(
  '%s',
  (name) => {
    let running: Running
    beforeAll(async () => {
      running = await started(name)
    })
    afterAll(() => running.close())
    const remaining = async (path: string, token?: string) => {
      const { status, headers } = await get(running.url + path, token)
      expect(status).toBe(200)
      return Number(headers.get('x-ratelimit-remaining') ?? /;\s*r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])
    }

    test('counts each request of an address', async () => {
      expect([await remaining('/address'), await remaining('/address')]).toEqual([FAR - 1, FAR - 2])
    })

    test('refuses with 429 once the limit is used up, again and again', async () => {
      const answers = [await get(`${running.url}/spent`), await get(`${running.url}/spent`)]
      expect(answers.map(({ status }) => status)).toEqual([429, 429])
      expect(Number(answers[0]?.headers.get('retry-after'))).toBeGreaterThan(86_000)
    })

    test('counts each caller apart, and asks for a token first', async () => {
      const [ada, bob] = [ISSUED.token(1, { sub: 'ada' }), ISSUED.token(2, { sub: 'bob' })]
      const counts = [await remaining('/caller', ada), await remaining('/caller', ada), await remaining('/caller', bob)]
      expect(counts).toEqual([FAR - 1, FAR - 2, FAR - 1])
      const refused = [await get(`${running.url}/caller`), await get(`${running.url}/caller`, forged(ada))]
      expect(refused.map(({ status }) => status)).toEqual([401, 401])
    })
  },
)

describe.each([
  ['audit-express', 1, /"subject":"ada"/],
  ['audit-chained-express', 1, /"subject":"ada".*"mac":/],
  ['pino-http', 1, /"url":"\/posts\?of=ada".*"statusCode":200/],
  ['audit-fastify', 1, /"subject":"ada"/],
  ['audit-chained-fastify', 1, /"subject":"ada".*"mac":/],
  ['fastify-logger', 2, /"url":"\/posts\?of=ada"/],
] as const)('%s', (name, lines, line) => {
  test('has each request in its file once it has settled, and refuses as the policy says', async () => {
    const own = mkdtempSync(join(folder, 'server-'))
    const running = await started(name, { folder: own })
    const written = () =>
      readFileSync(join(own, FILE), 'utf8')
        .split('\n')
        .filter((text) => text !== '' && !/Server listening|audit\.started|sys_/.test(text))
    const token = ISSUED.token(1, { sub: 'ada' })
    for (let at = 0; at < 20; at++) expect((await get(`${running.url}/posts?of=ada`, token)).status).toBe(200)
    await running.settle?.()
    expect(written()).toHaveLength(20 * lines)
    expect(written().filter((text) => line.test(text))).toHaveLength(20)
    for (const text of written()) expect(text.includes('"mac"')).toBe(name.includes('chained'))
    const refused = [await get(`${running.url}/posts`), await get(`${running.url}/posts`, forged(token))]
    expect(refused.map(({ status }) => status)).toEqual([401, 401])
    await running.settle?.()
    expect(written().length).toBeGreaterThanOrEqual(22 * lines)
    await running.close()
  })
})

test('an audit log that dropped an event ends the run', async () => {
  const running: Running = { url: '', close: async () => {} }
  const log = (dropped: number) => ({ flush: async () => {}, health: () => ({ dropped, failing: false }) }) as never
  await expect(logged(running, log(0)).settle?.()).resolves.toBeUndefined()
  await expect(logged(running, log(1)).settle?.()).rejects.toThrow('dropped 1 events')
})

describe.each([
  ['http-proxy', undefined],
  ['http-proxy-jwt', undefined],
  ['gateway-ed25519', ISSUED.settings.publicJwk],
  ['gateway-secret', { kty: 'oct', alg: 'HS256', kid: 'shared', k: SIGNING.secret }],
] as const)('%s', (name, jwk) => {
  const seen: IncomingMessage[] = []
  const service = createServer((request, response) => {
    seen.push(request)
    response.end('{"posts":[]}')
  })
  let running: Running
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    running = await started(name, { upstream: `http://127.0.0.1:${(service.address() as AddressInfo).port}` })
  })
  afterAll(async () => {
    await running.close()
    service.closeAllConnections()
    service.close()
  })
  const token = ISSUED.token(1, { sub: 'ada' })

  test('passes a request on and the answer back', async () => {
    const { status, text } = await get(`${running.url}/posts`, token, { 'x-user': 'root' })
    expect([status, text]).toEqual([200, '{"posts":[]}'])
    const request = seen.at(-1) as IncomingMessage
    expect(request.url).toBe('/posts')
    if (!jwk) return expect(request.headers.authorization).toBe(`Bearer ${token}`)
    const { authorization, 'x-user': user } = request.headers
    expect([authorization, user]).toEqual([undefined, undefined])
    const keys = { keys: [jwk as unknown as PublicJwk] }
    const caller = policy({ accept: forwarded({ issuer: ISSUED.settings.issuer, audience: 'posts', keys }) })
    expect(await (caller as AnyPolicy).check(request)).toBeUndefined()
    expect(caller.principal(request).subject).toBe('ada')
  })

  test(name === 'http-proxy' ? 'asks for nothing' : 'refuses none, a forged and an expired token', async () => {
    const before = seen.length
    const tokens = [undefined, forged(token), ISSUED.token(2, PAST)]
    const answers = await Promise.all(tokens.map((one) => get(`${running.url}/posts`, one)))
    const [status, passed] = name === 'http-proxy' ? [200, 3] : [401, 0]
    expect(answers.map((one) => one.status)).toEqual([status, status, status])
    expect(seen.length - before).toBe(passed)
  })
})
