import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { anyone, bearer, policy } from '@countersign/policy'
import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import type { EndpointWindow } from './life-endpoint.ts'
import {
  CLIENT,
  ENDPOINT_ALGORITHMS,
  ENDPOINTS,
  type EndpointName,
  type EndpointSettings,
  type TokenEndpoint,
  tokenRequest,
} from './life-endpoint-candidates.ts'
import { measure } from './life-lanes.ts'
import type { TokenLoadOrder } from './life-load.ts'
import { lifePage } from './life-page.ts'
import { PARTS, type PartName } from './life-parts.ts'
import { checkAll, request } from './life-requests.ts'
import { comparisons, endpointRows, type LifeResults, partRows } from './life-results.ts'
import { runParts } from './life-run.ts'
import { startChild } from './process.ts'
import { type Jwk, signer } from './settings.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('life.ts', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
afterAll(() => rmSync(out, { recursive: true }))

describe.each(Object.keys(ENDPOINTS) as EndpointName[])('the token endpoint %s', (name) => {
  test.each(ENDPOINT_ALGORITHMS)('gives tokens that jose verifies, and turns refresh tokens: %s', async (algorithm) => {
    const { issuer, audience, signingJwk, publicJwk } = signer(algorithm).settings
    const { start } = (await import(`./life-endpoint-${name}.ts`)) as {
      start(settings: EndpointSettings): Promise<TokenEndpoint>
    }
    const endpoint = await start({ algorithm, issuer, audience, signingJwk: signingJwk as Jwk })
    try {
      const keys = createLocalJWKSet({ keys: [publicJwk as JWK] })
      const judged = async (body: Record<string, unknown>) => {
        const token = body.access_token as string
        expect(decodeProtectedHeader(token)).toMatchObject({ alg: algorithm, typ: 'at+jwt' })
        const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: [algorithm] })
        expect(payload).toMatchObject({ scope: 'posts:read', client_id: CLIENT.id })
        expect((payload.exp as number) - (payload.iat as number)).toBe(300)
        return payload
      }
      const own = await send(endpoint, tokenRequest('client_credentials', audience))
      expect(own.body.refresh_token).toBeUndefined()
      expect((await judged(own.body)).sub).toBe(CLIENT.id)

      let token = await endpoint.session('ada')
      for (let turn = 0; turn < 3; turn++) {
        const { body } = await send(endpoint, tokenRequest('refresh_token', audience, token))
        expect((await judged(body)).sub).toBe('ada')
        expect(body.refresh_token).not.toBe(token)
        token = body.refresh_token as string
      }
      const other = btoa(`${CLIENT.id}:${CLIENT.secret.slice(0, -1)}x`)
      const wrong = tokenRequest('client_credentials', audience).replace(/Basic \S+/, `Basic ${other}`)
      expect((await send(endpoint, wrong)).status).toBe(401)
      expect((await send(endpoint, tokenRequest('refresh_token', audience, 'made-up'))).status).toBe(400)
    } finally {
      await endpoint.close()
    }
  })
})

/** The bytes that the load sends, by `fetch`. */
async function send({ url }: TokenEndpoint, text: string) {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const lines = head.split('\r\n').slice(2) // without `POST` and `Host`
  const headers = lines.map((line) => line.split(': ') as [string, string])
  const response = await fetch(`${url}/token`, {
    method: 'POST',
    headers: headers.filter(([name]) => name !== 'Content-Length'),
    body,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('every part runs in a process of its own, and each of its lanes has a figure', async () => {
  const parts = Object.keys(PARTS) as PartName[]
  const rows = await runParts({ rounds: 2, quick: true, parts, stores: { memory: 'memory:' } }, () => {})
  expect([...new Set(rows.map(({ part }) => part))]).toEqual(parts)
  for (const { cpu, wall } of rows) {
    expect(cpu).toHaveLength(2)
    expect(Math.min(...cpu, ...wall)).toBeGreaterThan(0)
  }
  const lanes = rows.map(({ lane }) => lane)
  for (const lane of ['hashPassword', 'memory: login', 'memory: refresh', 'asked', 'ES256: a fresh proof', 'no cache'])
    expect(lanes).toContain(lane)
}, 120_000)

test('what comes out wrong ends the run', async () => {
  const never = policy({ accept: bearer(() => undefined) })
  await expect(async () => checkAll(never, [request('a-token')])).rejects.toThrow('a good request was refused')
  expect(checkAll(anyone, [request('a-token')])).toBeUndefined()
  const lane = { name: 'broken', slice: 1, least: 1, run: () => Promise.reject(new Error('came out wrong')) }
  await expect(measure([lane], { turns: 1, round: 0, quick: true })).rejects.toThrow('came out wrong')
})

test('an endpoint that gives no token ends the run', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(400, { 'content-length': 2 }).end('{}')
  }).listen(0, '127.0.0.1')
  const load = startChild('load', 'life-load.ts')
  try {
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const audience = 'https://api.example'
    load.send({ kind: 'open', port, audience, grant: 'client_credentials', sessions: [''] } satisfies TokenLoadOrder)
    await load.answer()
    load.send({ kind: 'run', milliseconds: 50, atLeast: 1 } satisfies TokenLoadOrder)
    await expect(load.answer()).rejects.toThrow('an answer without a token')
  } finally {
    await load.stop()
    server.closeAllConnections()
    server.close()
  }
})

const window = (endpoint: EndpointName, round: number, requestsPerSecond: number, more: Partial<EndpointWindow> = {}) =>
  ({
    ...{ round, endpoint, algorithm: 'EdDSA', grant: 'refresh_token', requestsPerSecond },
    ...{ cpuPerRequest: 1e6 / requestsPerSecond, serverBusy: 0.98, loadBusy: 0.2 },
    ...more,
  }) as EndpointWindow

test('endpoints are compared round by round, and with RS256 nothing is asked', () => {
  const pair = (ours: number[], theirs: number[], more: Partial<EndpointWindow> = {}) =>
    comparisons({
      endpoints: endpointRows([
        ...ours.map((value, round) => window('ours', round, value, more)),
        ...theirs.map((value, round) => window('oidc', round, value, more)).reverse(),
      ]),
    })
  expect(pair([200, 1200, 400], [100, 400, 200])).toMatchObject([
    { grant: 'refresh_token', algorithm: 'EdDSA', wanted: 2, met: true, faster: { median: 2, high: 2.5 } },
  ])
  expect(pair([199], [100])).toMatchObject([{ met: false }])
  const [rsa] = pair([150], [100], { algorithm: 'RS256' })
  expect(rsa).toMatchObject({ faster: { median: 1.5 } })
  expect(rsa).not.toHaveProperty('met')
})

test('the page says what was measured, what was left out and which goal is not met', () => {
  const row = (lane: string, cpu: number) => ({ lane, cpu, wall: 2 * cpu })
  const results: LifeResults = {
    date: '2026-11-21T12:00:00.000Z',
    rounds: 2,
    seconds: 60,
    machine: { cpu: 'a CPU', cores: 2, pinned: false, node: '24.0.0', openssl: '3', os: 'linux' },
    versions: { 'oidc-provider': '9.0.0' },
    missing: ['PostgreSQL'],
    parts: [
      ...partRows('login', [[row('memory: login', 5000)], [row('memory: login', 6000)]], {}),
      ...partRows('cache', [[row('1 token', 0.5), row('no cache', 5)]], { '1 token': 1.5e6 }),
    ],
    endpoints: endpointRows([window('ours', 0, 1900), window('oidc', 0, 1000)]),
  }
  const page = lifePage(results)
  expect(page).toContain('| memory: login | 5500 (5250 – 5750) | 182 | 11000 (10500 – 11500) |')
  expect(page).toContain('| 1 token | 0.50 (0.50 – 0.50) | 1.5 |')
  expect(page).toContain('| no cache | 5.00 (5.00 – 5.00) | – |')
  expect(page).toContain('**PostgreSQL did not answer and is left out.**')
  expect(page).toContain('not kept apart')
  expect(page).toContain(
    '| refresh, rotating | EdDSA | 1.90× (1.90 – 1.90) | 1.90× (1.90 – 1.90) | ≥ 2× | **not met** |',
  )
  expect(page).not.toContain('## DPoP')
})

test('a quick run writes the page that its values give; a store that does not answer is told', async () => {
  const env = { ...process.env, REDIS_URL: 'redis://127.0.0.1:1', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  const { stdout, stderr } = await run(process.execPath, [MAIN, '--quick', '--only', 'issuers', '--out', out], { env })
  expect(stdout).toContain('this is no full run')
  expect(stderr).toContain('REDIS DOES NOT ANSWER AND IS LEFT OUT')
  const { comparisons: _, ...results } = JSON.parse(readFileSync(join(out, 'bench-life.json'), 'utf8'))
  expect(results.missing).toEqual(['Redis', 'PostgreSQL'])
  expect(readFileSync(join(out, 'bench-life.md'), 'utf8')).toBe(lifePage(results))
  expect((await run(process.execPath, [MAIN, '--help'])).stdout).toContain('--only NAME')
  await expect(run(process.execPath, [MAIN, '--only', 'nobody'])).rejects.toThrow('--only login |')
}, 60_000)
