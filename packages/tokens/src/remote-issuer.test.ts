import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isAuthError, Unavailable } from '@countersign/http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AUDIENCE, goodClaims, goodHeader, NOW, type Signer, signer } from '../test/mint.ts'
import { type JwtVerifier, type RemoteIssuerOptions, remoteIssuer } from './index.ts'

const es = signer('ES256')

/** A real issuer on loopback, whose answers each test replaces. */
let url: string
let discovery: (response: ServerResponse) => void
let jwks: (response: ServerResponse, request: IncomingMessage) => void
let hits: { discovery: number; jwks: number; other: number }
let later: number // what the monotonic clock is ahead, in ms
const server = createServer((request, response) => {
  switch (request.url) {
    case '/.well-known/openid-configuration':
      hits.discovery++
      return discovery(response)
    case '/jwks':
      hits.jwks++
      return jwks(response, request)
    default:
      hits.other++
      return response.end(JSON.stringify({ keys: [es.publicJwk] }))
  }
})

const send = (value: unknown) => (response: ServerResponse) => response.end(JSON.stringify(value))
/** Even where the body would do. */
const fail = (status: number) => (response: ServerResponse) =>
  void response.writeHead(status).end(JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks`, keys: [es.publicJwk] }))

beforeEach(async () => {
  hits = { discovery: 0, jwks: 0, other: 0 }
  later = 0
  const real = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => real() + later)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  discovery = send({ issuer: url, jwks_uri: `${url}/jwks` })
  jwks = send({ keys: [es.publicJwk] })
})
afterEach(async () => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const make = (more: Partial<RemoteIssuerOptions> = {}) =>
  remoteIssuer(url, { audience: AUDIENCE, clock: () => NOW, ...more })
const mintFor = (by: Signer, claims: object = {}, header: object = {}) =>
  by.mint({
    header: { ...goodHeader, alg: by.jwk.alg, kid: by.jwk.kid, ...header },
    claims: { ...goodClaims, iss: url, ...claims },
  })

async function outcome(verifier: JwtVerifier, token: string): Promise<string> {
  try {
    const result = await verifier.verify(token)
    return isAuthError(result) ? result.reason : result ? 'accepted' : 'not mine'
  } catch (error) {
    if (error instanceof Unavailable) return 'unavailable'
    throw error
  }
}

describe('loading', () => {
  test('nothing is fetched when it is made, nor for a token of another issuer', async () => {
    const verifier = make()
    expect(verifier.verify(es.mint())).toBeUndefined()
    expect(await outcome(verifier, 'x')).toBe('token.parse.segments')
    expect(hits).toEqual({ discovery: 0, jwks: 0, other: 0 })
  })

  test('discovers and loads once for many at once; then a hit returns no promise', async () => {
    const verifier = make()
    const tokens = Array.from({ length: 50 }, (_, index) => mintFor(es, { jti: `${index}` }))
    expect(new Set(await Promise.all(tokens.map((token) => outcome(verifier, token))))).toEqual(new Set(['accepted']))
    expect(hits).toEqual({ discovery: 1, jwks: 1, other: 0 })
    expect(verifier.verify(tokens[0] as string)).toMatchObject({ subject: 'anna' })
  })

  test('jwksUri leaves discovery out', async () => {
    expect(await outcome(make({ jwksUri: `${url}/jwks` }), mintFor(es))).toBe('accepted')
    expect(hits.discovery).toBe(0)
  })

  test('a slash at the end of the issuer counts', async () => {
    discovery = send({ issuer: `${url}/`, jwks_uri: `${url}/jwks` })
    expect(await outcome(make(), mintFor(es))).toBe('unavailable')
    const slashed = remoteIssuer(`${url}/`, { audience: AUDIENCE, clock: () => NOW })
    expect(await outcome(slashed, mintFor(es, { iss: `${url}/` }))).toBe('accepted')
    expect(await outcome(slashed, mintFor(es))).toBe('not mine')
  })

  test.each([
    ['is of another issuer', () => send({ issuer: 'https://evil.test', jwks_uri: `${url}/jwks` })],
    ['has no jwks_uri', () => send({ issuer: url })],
    ['sends elsewhere over http', () => send({ issuer: url, jwks_uri: 'http://evil.test/jwks' })],
    ['sends to a file', () => send({ issuer: url, jwks_uri: 'file:///etc/passwd' })],
    ['is null', () => send(null)],
    ['is no JSON', () => (response: ServerResponse) => void response.end('<html>')],
    ['names its issuer twice', () => (r: ServerResponse) => void r.end(`{"issuer":"x","issuer":"${url}"}`)],
    ['is missing', () => fail(404)],
    ['breaks off', () => (response: ServerResponse) => void response.destroy()],
  ])('a discovery document that %s is a 503', async (_what, answer) => {
    discovery = answer()
    expect(await outcome(make(), mintFor(es))).toBe('unavailable')
    expect(hits.jwks).toBe(0)
  })

  test('a jwks_uri that is not https is never asked, nor one of this host for an issuer elsewhere', async () => {
    const asked: string[] = []
    const from = (issuer: string, jwks_uri: string) =>
      remoteIssuer(issuer, {
        audience: AUDIENCE,
        clock: () => NOW,
        async fetch(target) {
          asked.push(target)
          return Response.json(target.endsWith('/jwks') ? { keys: [es.publicJwk] } : { issuer, jwks_uri })
        },
      })
    const far = 'https://issuer.test'
    for (const uri of ['http://issuer.test/jwks', 'http://127.0.0.1/jwks', 'https://a:b@issuer.test/jwks', '/jwks'])
      expect(await outcome(from(far, uri), mintFor(es, { iss: far }))).toBe('unavailable')
    expect(await outcome(from(url, 'http://issuer.test/jwks'), mintFor(es))).toBe('unavailable')
    expect(asked.filter((target) => target.endsWith('/jwks'))).toEqual([])
    expect(await outcome(from(far, 'https://keys.test/jwks'), mintFor(es, { iss: far }))).toBe('accepted')
  })

  test('J26 leaves weak and foreign keys out, and keeps the sound ones', async () => {
    const { n: _, ...broken } = signer('RS256', 'k2').publicJwk
    const others = [{ kty: 'OKP', crv: 'X25519', x: 'AA' }, broken, { ...es.publicJwk, use: 'enc', kid: 'enc' }]
    jwks = send({ keys: [...others, es.publicJwk] })
    const verifier = make()
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
    expect(await outcome(verifier, mintFor(es, {}, { kid: 'enc' }))).toBe('token.key')
    jwks = send({ keys: others })
    const cold = make()
    const error: unknown = await Promise.resolve(cold.verify(mintFor(es))).catch((thrown: unknown) => thrown)
    expect((error as Error).cause).toMatchObject({ message: expect.stringMatching(/no key to use.*use is not sig/) })
  })

  test('a JWK Set with secrets serves none of them', async () => {
    jwks = send({ keys: [{ kty: 'oct', kid: 'k1', k: Buffer.alloc(32, 1).toString('base64url') }] })
    expect(await outcome(make(), mintFor(es))).toBe('unavailable')
  })
})

describe('F11: the source fails', () => {
  test('cold: 503 with Retry-After, one fetch in 30 s, then it recovers', async () => {
    jwks = fail(500)
    const verifier = make()
    const error: unknown = await Promise.resolve(verifier.verify(mintFor(es))).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'Unavailable', retryAfter: 30 })
    jwks = send({ keys: [es.publicJwk] })
    for (let i = 0; i < 20; i++) expect(await outcome(verifier, mintFor(es))).toBe('unavailable')
    expect(hits.jwks).toBe(1)
    later = 30_100
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
  })

  test('warm: keeps verifying for an hour, asks at most every 30 s, then 503', async () => {
    const verifier = make()
    const token = mintFor(es)
    expect(await outcome(verifier, token)).toBe('accepted')
    jwks = fail(500)
    later = 601_000
    expect(await outcome(verifier, token)).toBe('accepted')
    expect(await outcome(verifier, mintFor(es, { jti: 'another' }))).toBe('accepted')
    expect(hits.jwks).toBe(2)
    later = 640_000
    expect(verifier.verify(token)).not.toBeInstanceOf(Promise) // known to fail: nobody waits for it
    later = 3_590_000
    expect(await outcome(verifier, token)).toBe('accepted')
    later = 3_700_000
    expect(await outcome(verifier, token)).toBe('unavailable')
    jwks = send({ keys: [es.publicJwk] })
    later = 3_740_000
    expect(await outcome(verifier, token)).toBe('accepted')
  })

  test('warm: an unknown kid is a 503 while the source fails, for it may be a new key', async () => {
    const verifier = make()
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
    jwks = fail(503)
    later = 31_000
    expect(await outcome(verifier, mintFor(signer('ES256', 'k2')))).toBe('unavailable')
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
  })

  test('nothing listens', async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    expect(await outcome(make(), mintFor(es))).toBe('unavailable')
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
})

describe('F12: the source is slow, huge or redirects', () => {
  test('slow headers and slow bodies are given up at the timeout', async () => {
    jwks = () => {}
    const started = performance.now()
    expect(await outcome(make({ timeout: 100 }), mintFor(es))).toBe('unavailable')
    jwks = (response) => void response.write('{"keys":[')
    expect(await outcome(make({ timeout: 100 }), mintFor(es))).toBe('unavailable')
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('so is a fetch that does not heed its signal', async () => {
    const fetch = () => new Promise<Response>(() => {})
    expect(await outcome(make({ timeout: 50, fetch }), mintFor(es))).toBe('unavailable')
  })

  test('100 MB are given up at 1 MiB', async () => {
    let sent = 0
    jwks = (response) => {
      const chunk = Buffer.alloc(65_536, 32)
      const more = () => {
        while (sent < 100e6 && !response.destroyed) {
          sent += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    }
    const error: unknown = await Promise.resolve(make().verify(mintFor(es))).catch((thrown: unknown) => thrown)
    expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('1048576 bytes') })
    expect(sent).toBeLessThan(30e6)
  })

  test('10,000 keys are refused, the old set is kept', async () => {
    const verifier = make()
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
    jwks = send({ keys: Array.from({ length: 10_000 }, () => ({ kty: 'x' })) })
    later = 601_000
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
    expect(hits.jwks).toBe(2)
    jwks = send({ keys: Array(101).fill(es.publicJwk) })
    expect(await outcome(make(), mintFor(es))).toBe('unavailable')
  })

  test.each([301, 302, 303, 307, 308])('a redirect (%s) is not followed', async (status) => {
    jwks = (response) => void response.writeHead(status, { location: `${url}/elsewhere` }).end()
    expect(await outcome(make(), mintFor(es))).toBe('unavailable')
    expect(hits.other).toBe(0)
  })
})

describe('F13 and rotation', () => {
  test('a flood of unknown kids makes one fetch in 30 s; good tokens are unaffected', async () => {
    const verifier = make()
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
    for (let i = 0; i < 200; i++)
      expect(await outcome(verifier, mintFor(es, {}, { kid: `flood${i}` }))).toBe('token.key')
    expect(hits.jwks).toBe(1)
    later = 30_100
    for (let i = 0; i < 200; i++) await outcome(verifier, mintFor(es, {}, { kid: `flood${i}` }))
    expect(hits.jwks).toBe(2)
    expect(await outcome(verifier, mintFor(es, { jti: 'good' }))).toBe('accepted')
  })

  test('a new key is found as soon as its kid is seen, once the cool-down is over', async () => {
    const verifier = make()
    const next = signer('EdDSA', 'k2')
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
    jwks = send({ keys: [es.publicJwk, next.publicJwk] })
    expect(await outcome(verifier, mintFor(next))).toBe('token.key')
    later = 30_100
    expect(await outcome(verifier, mintFor(next))).toBe('accepted')
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
  })

  test('a key that is gone refuses even tokens that were remembered, after ten minutes at most', async () => {
    const verifier = make()
    const token = mintFor(es)
    expect(await outcome(verifier, token)).toBe('accepted')
    jwks = send({ keys: [signer('ES256', 'k2').publicJwk] })
    later = 599_000
    expect(await outcome(verifier, token)).toBe('accepted')
    later = 601_000
    expect(await outcome(verifier, token)).toBe('token.key')
  })

  test('a kid that names two keys, or none where several fit, selects nothing', async () => {
    jwks = send({ keys: [es.publicJwk, signer('ES256', 'k1').publicJwk] })
    expect(await outcome(make(), mintFor(es))).toBe('token.key')
    jwks = send({ keys: [es.publicJwk, signer('ES256', 'k2').publicJwk] })
    const verifier = make()
    expect(await outcome(verifier, mintFor(es, {}, { kid: undefined }))).toBe('token.key')
    expect(await outcome(verifier, mintFor(es))).toBe('accepted')
  })
})

test('type: at+jwt alone, on request', async () => {
  const strict = make({ type: 'at+jwt' })
  expect(await outcome(strict, mintFor(es, {}, { typ: 'JWT' }))).toBe('token.type')
  expect(await outcome(strict, mintFor(es, {}, { typ: undefined }))).toBe('token.type')
  expect(await outcome(strict, mintFor(es))).toBe('accepted')
})

test('algorithms: only those on request', async () => {
  const rsa = signer('RS256')
  jwks = send({ keys: [es.publicJwk, rsa.publicJwk] })
  expect(await outcome(make(), mintFor(rsa))).toBe('accepted')
  expect(await outcome(make({ algorithms: ['ES256'] }), mintFor(rsa))).toBe('token.algorithm')
})

test('scopes come from scope or scp, the client from client_id or azp; the odd says nothing', async () => {
  const verifier = make()
  const of = async (claims: object) => {
    const result = await verifier.verify(mintFor(es, { scope: undefined, client_id: undefined, ...claims }))
    if (!result || isAuthError(result)) throw new Error('refused')
    return result
  }
  expect((await of({ scp: 'a b' })).scopes).toEqual(['a', 'b'])
  expect((await of({ scp: ['a', 'b'] })).scopes).toEqual(['a', 'b'])
  expect((await of({ scope: '' })).scopes).toEqual([])
  expect((await of({ scope: { a: 1 }, scp: [1] })).scopes).toBeUndefined()
  expect((await of({ roles: 'admin' })).roles).toBeUndefined()
  expect((await of({ roles: ['admin', 1] })).roles).toBeUndefined()
  expect((await of({ azp: 'web' })).credential?.client).toBe('web')
})

describe('options are checked when the verifier is made', () => {
  const wrong: readonly [string, string, object][] = [
    ['url', 'http://issuer.test', {}],
    ['url', 'https://user:pass@issuer.test', {}],
    ['url', 'issuer.test', {}],
    ['audience', 'https://issuer.test', { audience: undefined }],
    ['audience', 'https://issuer.test', { audience: '' }],
    ['algorithms', 'https://issuer.test', { algorithms: ['HS256'] }],
    ['algorithms', 'https://issuer.test', { algorithms: ['none'] }],
    ['algorithms', 'https://issuer.test', { algorithms: [] }],
    ['jwksUri', 'https://issuer.test', { jwksUri: 'http://issuer.test/jwks' }],
    ['timeout', 'https://issuer.test', { timeout: 0 }],
    ['type', 'https://issuer.test', { type: [] }],
    ['fetch', 'https://issuer.test', { fetch: 'x' }],
    ['leeway', 'https://issuer.test', { leeway: 301 }],
  ]
  test.each(wrong)('%s of %s with %o', (option, issuer, more) => {
    expect(() => remoteIssuer(issuer, { audience: AUDIENCE, ...more } as RemoteIssuerOptions)).toThrow(TypeError)
    expect(() => remoteIssuer(issuer, { audience: AUDIENCE, ...more } as RemoteIssuerOptions)).toThrow(option)
  })
})
