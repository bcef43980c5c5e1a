// Opaque tokens, judged by the server that issued them. A real server on the loopback; RFC 7662.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { type AuthError, isAuthError, isUnavailable, type TokenVerifier } from '@countersign/http'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { goodClaims, NOW, signer } from '../test/mint.ts'
import {
  type IntrospectedPrincipal,
  type IntrospectionOptions,
  type IntrospectionVerifier,
  introspection,
} from './introspection.ts'

interface Asked {
  readonly method: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly form: URLSearchParams
}
let endpoint: string
let asked: Asked[]
let answer: (response: ServerResponse, asked: Asked) => void
let later: number // what the monotonic clock is ahead, in ms
let now: number // of the clock option
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const one = {
    method: request.method,
    headers: request.headers,
    form: new URLSearchParams(Buffer.concat(chunks).toString()),
  }
  asked.push(one)
  answer(response, one)
})

/** RFC 7662 section 2.2, the example's members; ids and dates of this test. */
const ACTIVE = {
  active: true,
  client_id: 'l238j323ds-23ij4',
  username: 'jdoe',
  scope: 'read write dolphin',
  sub: 'Z5O3upPC88QrAjx00dis',
  aud: 'https://protected.example.net/resource',
  iss: 'https://server.example.com/',
  exp: NOW / 1000 + 3600,
  iat: NOW / 1000,
  extension_field: 'twenty-seven',
}
const send = (value: unknown) => (response: ServerResponse) => void response.end(JSON.stringify(value))
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end(JSON.stringify(ACTIVE))

beforeEach(async () => {
  asked = []
  later = 0
  now = NOW
  answer = send(ACTIVE)
  const real = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => real() + later)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`
})
afterEach(async () => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const client = { id: 's6BhdRkqt3', secret: 'gX1fBat3bV' }
const make = (more: Partial<IntrospectionOptions> = {}) =>
  introspection({ endpoint, client, audience: ACTIVE.aud, clock: () => now, ...more })
const TOKEN = '2YotnFZFEjr1zCsicMWpAA'
async function outcome(verifier: IntrospectionVerifier, token = TOKEN): Promise<string> {
  try {
    const result = await verifier.verify(token)
    return isAuthError(result) ? result.reason : result ? 'accepted' : 'not mine'
  } catch (error) {
    return isUnavailable(error) ? 'unavailable' : `thrown: ${(error as Error).message}`
  }
}

describe('the request', () => {
  test('is a form with the token and its kind, and Basic credentials (RFC 7662 section 2.1)', async () => {
    const principal = await make().verify(TOKEN)
    expect(principal).toEqual({
      subject: ACTIVE.sub,
      scopes: ['read', 'write', 'dolphin'],
      expiresAt: ACTIVE.exp,
      credential: { client: ACTIVE.client_id },
      claims: ACTIVE,
    })
    expect(Object.isFrozen(principal)).toBe(true)
    expect(asked).toHaveLength(1)
    expect(asked[0]?.method).toBe('POST')
    expect(asked[0]?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      authorization: `Basic ${Buffer.from('s6BhdRkqt3:gX1fBat3bV').toString('base64')}`,
    })
    expect([...(asked[0]?.form ?? [])]).toEqual([
      ['token', TOKEN],
      ['token_type_hint', 'access_token'],
    ])
  })

  test('id and secret are form-encoded before they are joined (RFC 6749 section 2.3.1)', async () => {
    await make({ client: { id: 'a:b c', secret: 'p%+é:/' } }).verify(TOKEN)
    const pair = Buffer.from(asked[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString()
    expect(pair).toBe('a%3Ab+c:p%25%2B%C3%A9%3A%2F')
  })

  test.each([[''], ['a b'], ['a\nb'], ['=a'], ['é'], ['x'.repeat(8193)], ['a&token=b'], [7]])(
    '%j is no bearer token and is not sent',
    async (token) => {
      expect(await outcome(make(), token as never)).toBe('token.parse.grammar')
      expect(asked).toEqual([])
    },
  )

  test('any bearer token arrives as it is', async () => {
    answer = (response, { form }) => send({ ...ACTIVE, sub: form.get('token') })(response)
    const verifier = make({ cache: false })
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9\-._~+/]{1,60}={0,2}$/), async (token) => {
        expect(await verifier.verify(token)).toMatchObject({ subject: token })
      }),
      { numRuns: 50 },
    )
  })
})

describe('a JWT', () => {
  const jwt = signer('ES256').mint({ claims: { ...goodClaims, iss: ACTIVE.iss } })
  test('is not mine and is sent to nobody', async () => {
    expect(make().verify(jwt)).toBeUndefined()
    expect(asked).toEqual([])
  })
  test('of the issuer that is named is introspected, one of another is not', async () => {
    const verifier = make({ issuer: ACTIVE.iss })
    expect(await outcome(verifier, jwt)).toBe('accepted')
    expect(verifier.verify(signer('ES256').mint())).toBeUndefined()
    expect(verifier.verify('eyJhbGciOiJub25lIn0.e30.x')).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  const segment = (text: string) => Buffer.from(text).toString('base64url')
  const [, body, signature] = jwt.split('.') as [string, string, string]
  const JWE_HEADER = segment('{"alg":"dir","enc":"A256GCM"}')
  test.each([
    ['a space in its header', `${segment('{ "alg":"ES256"}')}.${body}.${signature}`],
    ['a line break in its header', `${segment('{\n"typ":"JWT","alg":"ES256"}')}.${body}.${signature}`],
    ['a space before its header', `${segment(' {"alg":"ES256"}')}.${body}.${signature}`],
    ['a byte order mark', `${segment('\ufeff{"alg":"ES256"}')}.${body}.${signature}`],
    ['no signature', `${segment('{ "alg":"none"}')}.${body}.`],
    ['a header of two algs', `${segment('{ "alg":"ES256","alg":"none"}')}.${body}.${signature}`],
    ['encryption', `${JWE_HEADER}..AAAA.AAAA.AAAA`],
    ['encryption, and a key', `${segment('{ "alg":"RSA-OAEP","enc":"A256GCM"}')}.AAAA.AAAA.AAAA.AAAA`],
  ])('with %s is not mine either, and the next of a list judges it', async (_what, token) => {
    answer = send({ active: false })
    for (const verifier of [make(), make({ issuer: 'https://other.test' })]) {
      expect(await outcome(verifier, token)).toBe('not mine')
      expect(asked).toEqual([])
    }
  })

  test.each([
    ['eyJhbGciOi.a.b'],
    [`${segment('{"typ":"x"}')}.a.b`],
    [`${segment('{"alg":5}')}.a.b`],
    [`${segment('["alg"]')}.a.b`],
    [`${segment('null')}.a.b`],
    [`${segment('{"alg":"ES256"}')}.a`],
    [`${segment('{"alg":"ES256"}')}.a.b.c`],
    [`${segment('{"alg":"ES256"}')}.a.b~`],
    ['a.b.c'],
    ['a.b.c.d.e'],
    ['..'],
    ['....'],
  ])('%s is none, and is introspected', async (token) => {
    expect(await outcome(make(), token)).toBe('accepted')
    expect(asked).toHaveLength(1)
  })
})

describe('a token that is bound to a key', () => {
  const cnf = { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' }
  // RFC 9449 section 6.2: the answer for one has this token_type.
  test.each([[undefined], ['DPoP'], ['Bearer']])('passes with who looks after its key: token_type %s', async (type) => {
    answer = send({ ...ACTIVE, cnf, token_type: type })
    const verifier = make()
    expect(await outcome(verifier)).toBe('token.bound')
    const bound = { subject: ACTIVE.sub, claims: { cnf } }
    expect(await verifier.verify(TOKEN, { bound: true })).toMatchObject(bound)
    expect(asked).toHaveLength(1)
    // Remembered for the one, it is refused to the other.
    expect(verifier.verify(TOKEN, { bound: true })).toMatchObject(bound)
    expect(verifier.verify(TOKEN)).toMatchObject({ reason: 'token.bound' })
    expect(verifier.verify(TOKEN, { bound: false })).toMatchObject({ reason: 'token.bound' })
  })
  test('two who ask at once are each told their own', async () => {
    answer = send({ ...ACTIVE, cnf })
    const verifier = make()
    const [one, other] = await Promise.all([verifier.verify(TOKEN, { bound: true }), verifier.verify(TOKEN)])
    expect(one).toMatchObject({ subject: ACTIVE.sub })
    expect(other).toMatchObject({ reason: 'token.bound' })
    expect(asked).toHaveLength(1)
  })
  test.each([
    ['an empty cnf', { cnf: null }, 'token.bound'],
    ['of the type DPoP without its key', { token_type: 'DPoP' }, 'token.purpose'],
    ['of the type DPoP with a certificate', { token_type: 'DPoP', cnf: { 'x5t#S256': 'x' } }, 'token.purpose'],
    ['for another audience', { cnf, aud: 'https://other.test' }, 'token.audience'],
    ['a refresh token', { cnf, token_type: 'refresh_token' }, 'token.purpose'],
  ])('%s: refused as any is', async (_what, said, reason) => {
    answer = send({ ...ACTIVE, ...said })
    expect(await outcome(make())).toBe(reason)
    if (reason !== 'token.bound') expect(await make().verify(TOKEN, { bound: true })).toMatchObject({ reason })
  })
})

describe('the answer', () => {
  test.each([
    ['not active', { active: false }, 'token.inactive'],
    ['not active, whatever else it says', { ...ACTIVE, active: false }, 'token.inactive'],
    ['for another audience', { ...ACTIVE, aud: 'https://other.test' }, 'token.audience'],
    ['for an audience that begins like ours', { ...ACTIVE, aud: `${ACTIVE.aud}/x` }, 'token.audience'],
    ['for nobody', { ...ACTIVE, aud: undefined }, 'token.audience'],
    ['for a list without ours', { ...ACTIVE, aud: ['a', 'b'] }, 'token.audience'],
    ['for a list with ours', { ...ACTIVE, aud: ['a', ACTIVE.aud] }, 'accepted'],
    ['for something odd', { ...ACTIVE, aud: { 0: ACTIVE.aud } }, 'token.audience'],
    ['from another issuer', { ...ACTIVE, iss: 'https://evil.test/' }, 'token.issuer'],
    ['without an issuer', { ...ACTIVE, iss: undefined }, 'accepted'],
    ['expired', { ...ACTIVE, exp: NOW / 1000 }, 'token.expired'],
    ['not yet good', { ...ACTIVE, nbf: NOW / 1000 + 1 }, 'token.early'],
    ['exp as text', { ...ACTIVE, exp: `${ACTIVE.exp}` }, 'token.date'],
    ['exp as a fraction', { ...ACTIVE, exp: ACTIVE.exp + 0.5 }, 'token.date'],
    ['without exp', { ...ACTIVE, exp: undefined }, 'accepted'],
    ['without a subject', { ...ACTIVE, sub: undefined }, 'token.subject'],
    ['an empty subject', { ...ACTIVE, sub: '' }, 'token.subject'],
    ['bound to a key', { ...ACTIVE, cnf: { jkt: 'x' } }, 'token.bound'],
    ['of another type', { ...ACTIVE, token_type: 'DPoP' }, 'token.purpose'],
    ['a bearer token', { ...ACTIVE, token_type: 'Bearer' }, 'accepted'],
    ['a refresh token', { ...ACTIVE, token_type: 'refresh_token' }, 'token.purpose'],
    ['a refresh token (Ory)', { ...ACTIVE, token_use: 'refresh_token' }, 'token.purpose'],
    ['a refresh token (Keycloak)', { ...ACTIVE, typ: 'Refresh' }, 'token.purpose'],
  ])('%s', async (_what, said, expected) => {
    answer = send(said)
    expect(await outcome(make({ issuer: ACTIVE.iss }))).toBe(expected)
  })

  test('audience: false waives it; subject names another member', async () => {
    answer = send({ ...ACTIVE, aud: undefined })
    expect(await make({ audience: false, subject: 'username' }).verify(TOKEN)).toMatchObject({ subject: 'jdoe' })
  })

  test('roles, session, id and the time of the login are taken where they are', async () => {
    answer = send({ ...ACTIVE, roles: ['admin'], sid: 's', jti: 'j', auth_time: 5 })
    expect(await make().verify(TOKEN)).toMatchObject({
      roles: ['admin'],
      authTime: 5,
      credential: { id: 'j', session: 's', client: ACTIVE.client_id },
    })
  })
})

describe('what cannot be judged is a 503', () => {
  const huge = (response: ServerResponse) => {
    const chunk = Buffer.alloc(65_536, 32)
    const more = () => {
      while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', more)
    }
    more()
  }
  test.each([
    ['500', status(500)],
    ['404', status(404)],
    ['400', status(400)],
    ['429', status(429)],
    ['a redirect', status(307, { location: '/elsewhere' })],
    ['slow', () => {}],
    ['slow in the middle', (response: ServerResponse) => void response.write('{"active":')],
    ['huge', huge],
    ['no JSON', (response: ServerResponse) => void response.end('<html>')],
    ['active twice', (response: ServerResponse) => void response.end('{"active":false,"active":true}')],
    ['broken off', (response: ServerResponse) => void response.destroy()],
    ['null', send(null)],
    ['a list', send([])],
    ['without active', send({ ...ACTIVE, active: undefined })],
    ['active as text', send({ ...ACTIVE, active: 'true' })],
    ['active as 1', send({ ...ACTIVE, active: 1 })],
  ])('%s', async (_what, how) => {
    answer = how
    const verifier = make({ timeout: 600 })
    expect(await outcome(verifier)).toBe('unavailable')
    expect(asked).toHaveLength(1)
    // Nothing of it is remembered.
    answer = send(ACTIVE)
    expect(await outcome(verifier)).toBe('accepted')
  })

  test('nothing listens', async () => {
    expect(await outcome(make({ endpoint: 'http://127.0.0.1:1/introspect' }))).toBe('unavailable')
  })

  test('a remembered token is good while the endpoint is down, for as long as it is remembered', async () => {
    const verifier = make()
    expect(await outcome(verifier)).toBe('accepted')
    answer = status(500)
    later = 29_000
    expect(await outcome(verifier)).toBe('accepted')
    later = 31_000
    expect(await outcome(verifier)).toBe('unavailable')
  })
})

test.each([401, 403])('%s to our own credentials is an error of ours, not of the caller', async (code) => {
  answer = status(code)
  expect(await outcome(make())).toMatch(/^thrown: .*answered 40[13] to this API's own credentials: check client.id/)
})

test('no secret and no token in what is thrown or shown', async () => {
  const verifier = make({ client: { id: 'api', secret: 'canary-secret' }, timeout: 100 })
  const shown = [inspect(verifier, { depth: 9 })]
  for (const how of [status(401), status(500), () => {}, send({ active: false }), send({ ...ACTIVE, aud: 'x' })]) {
    answer = how
    const told: unknown = await Promise.resolve(verifier.verify('canary-token')).catch((error: unknown) => error)
    shown.push(inspect(told, { depth: 9 }))
    later += 20_000
  }
  expect(shown.join('\n')).not.toMatch(/canary|Y2FuYXJ5/)
})

describe('what is remembered', () => {
  test('a hit is synchronous and asks nobody; after 30 s the endpoint is asked again', async () => {
    const verifier = make()
    const principal = await verifier.verify(TOKEN)
    expect(verifier.verify(TOKEN)).toBe(principal)
    later = 29_900
    expect(verifier.verify(TOKEN)).toBe(principal)
    later = 30_100
    await verifier.verify(TOKEN)
    expect(asked).toHaveLength(2)
  })

  test('never outlives exp', async () => {
    answer = send({ ...ACTIVE, exp: NOW / 1000 + 5 })
    const verifier = make()
    await verifier.verify(TOKEN)
    now = NOW + 4_999
    expect(verifier.verify(TOKEN)).toMatchObject({ subject: ACTIVE.sub })
    now = NOW + 5_000
    answer = send({ active: false })
    expect(await outcome(verifier)).toBe('token.inactive')
    expect(asked).toHaveLength(2)
  })

  test('a clock that is set back makes nothing last longer', async () => {
    const verifier = make()
    await verifier.verify(TOKEN)
    now = NOW - 3_600_000
    later = 30_100
    answer = send({ active: false })
    expect(await outcome(verifier)).toBe('token.inactive')
  })

  test('a no holds for ten seconds, so that a client with a dead token does not cost a request each', async () => {
    answer = send({ active: false })
    const verifier = make()
    for (let at = 0; at < 5; at++) expect(await outcome(verifier)).toBe('token.inactive')
    expect(asked).toHaveLength(1)
    answer = send(ACTIVE)
    later = 10_100
    expect(await outcome(verifier)).toBe('accepted')
  })

  test('what is refused here for its audience is asked again: the endpoint said yes', async () => {
    answer = send({ ...ACTIVE, aud: 'x' })
    const verifier = make()
    await outcome(verifier)
    await outcome(verifier)
    expect(asked).toHaveLength(2)
  })

  test('is bounded: a flood of made-up tokens leaves good ones remembered', async () => {
    const verifier = make({ cache: { entries: 3 } })
    await verifier.verify(TOKEN)
    answer = send({ active: false })
    for (let at = 0; at < 10; at++) await verifier.verify(`made-up-${at}`)
    expect(asked).toHaveLength(11)
    expect(verifier.verify(TOKEN)).toMatchObject({ subject: ACTIVE.sub })
    expect(await outcome(verifier, 'made-up-9')).toBe('token.inactive')
    expect(asked).toHaveLength(11)
    await verifier.verify('made-up-0')
    expect(asked).toHaveLength(12)
    answer = send(ACTIVE)
    for (let at = 0; at < 3; at++) await verifier.verify(`good-${at}`)
    await verifier.verify(TOKEN)
    expect(asked).toHaveLength(16)
  })

  test('cache: false asks each time', async () => {
    const verifier = make({ cache: false })
    await verifier.verify(TOKEN)
    await verifier.verify(TOKEN)
    expect(asked).toHaveLength(2)
  })
})

test('what it gives is typed, and bearer knows it by its shape', async () => {
  const verifier = make()
  const result = await verifier.verify(TOKEN)
  expectTypeOf(result).toEqualTypeOf<IntrospectedPrincipal | AuthError | undefined>()
  expectTypeOf(verifier).toExtend<TokenVerifier<IntrospectedPrincipal>>()
})

test('one connection serves one request after the other', async () => {
  let connections = 0
  const count = () => connections++
  server.on('connection', count)
  const verifier = make()
  for (const token of ['a', 'b', 'c']) await verifier.verify(token)
  server.off('connection', count)
  expect([connections, asked.length]).toEqual([1, 3])
})

describe('at once', () => {
  test('one request for a token, however many wait; each token its own', async () => {
    const waiting: (() => void)[] = []
    answer = (response) => void waiting.push(() => send(ACTIVE)(response))
    const verifier = make()
    const many = Array.from({ length: 100 }, () => verifier.verify(TOKEN))
    const other = verifier.verify('another')
    await vi.waitFor(() => expect(waiting).toHaveLength(2))
    for (const go of waiting) go()
    const [first, ...rest] = await Promise.all(many)
    expect(first).toMatchObject({ subject: ACTIVE.sub })
    expect(rest.every((one) => one === first)).toBe(true)
    await other
    expect(asked).toHaveLength(2)
  })

  test('at most 1000 under way: what comes then is a 503 at once', async () => {
    const hung = introspection({
      endpoint,
      client,
      audience: false,
      timeout: 300,
      fetch: () => new Promise<Response>(() => {}),
    })
    const all = Array.from({ length: 1000 }, (_, at) => outcome(hung, `t${at}`))
    const started = Date.now()
    expect(await outcome(hung, 'one-more')).toBe('unavailable')
    expect(Date.now() - started).toBeLessThan(200)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['unavailable']))
    expect(await outcome(hung, 'one-more')).toBe('unavailable') // there is room again, and it times out
  })
})

test.each([
  ['endpoint', { endpoint: 'http://issuer.test/introspect' }, /endpoint must be .* https/],
  ['a private endpoint', { endpoint: 'https://192.168.0.7/introspect' }, /allowPrivate/],
  ['no client', { client: undefined }, /client.id must be/],
  ['no secret', { client: { id: 'a' } }, /client.secret must be/],
  ['an unknown member', { client: { id: 'a', secret: 'b', scret: 'c' } }, /no option "scret"/],
  ['no audience', { audience: undefined }, /audience must be .*`false` waives it/],
  ['an unknown option', { ttl: 5 }, /no option "ttl"/],
  ['hours in the cache', { cache: { seconds: 3600 } }, /cache.seconds must be a whole number from 1 to 300/],
  ['an issuer that is none', { issuer: '' }, /issuer must be/],
])('%s is a TypeError when it is made', (_what, options, message) =>
  expect(() => make(options as never)).toThrow(message),
)
