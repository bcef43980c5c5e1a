import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { type Headers, isAuthError, type Message } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CREDENTIAL_HEADERS, HOP_BY_HOP, IDENTITY_HEADERS, ROUTING_HEADERS } from './header-lists.ts'
import { identityToken } from './identity-token.ts'
import { type ForwardedPrincipal, forwarded, forwardedIdentity } from './index.ts'

const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
const issuer = 'https://gateway.test'
const audience = 'orders'
const caller = {
  scheme: 'bearer',
  principal: {
    subject: 'usr_1',
    scopes: ['orders:read', 'a b'],
    roles: ['admin'],
    authTime: 1_700_000_000,
    credential: { id: 'token-1', session: 'sid-1', client: 'web' },
  },
}

const message = (rawHeaders: readonly string[], method = 'GET', url = '/orders?id=7'): Message => {
  const headers: Record<string, string> = {}
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers[(rawHeaders[at] as string).toLowerCase()] ??= rawHeaders[at + 1] as string
  return { rawHeaders, headers, method, url, socket: { remoteAddress: '192.0.2.7' } }
}
const lines = (headers: Headers) =>
  Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]))
const identity = forwardedIdentity({ issuer, key })

function forward(headers: readonly string[], more: object = {}, gateway = identity): Headers {
  const made = gateway.headers(message(headers), { audience, as: undefined, ...more })
  if (made instanceof Promise || isAuthError(made)) throw new Error('not forwarded')
  return made
}

/** An identity for `caller` on its way, changed or not, judged by the service. */
async function judged(
  change: (sent: { headers: string[]; method: string; url: string }) => object = () => ({}),
  options: object = {},
  gateway = identity,
) {
  const sent = { headers: lines(forward([], { as: caller }, gateway)), method: 'GET', url: '/orders?id=7' }
  const { headers, method, url } = { ...sent, ...change(sent) } as typeof sent
  const scheme = forwarded({ issuer, audience, keys: identity.jwks() as never, ...options })
  const request = message(headers, method, url)
  const read = scheme.read(request)
  if (read === undefined || isAuthError(read)) return read
  return scheme.verify(read, request)
}

describe('what a client says of itself does not go on', () => {
  const concrete = (name: string) => (name.endsWith('*') ? [`${name.slice(0, -1)}thing`] : [name])
  /** By name, so that a list that loses one shows. */
  const seen = [
    ...['OIDC_CLAIM_sub', 'OIDC-Claim-Email', 'OIDC_access_token', 'X-Shib-User', 'Shib-Session-ID', 'eppn'],
    ...['MELLON_NAME_ID', 'Auth-User', 'X-Sub', 'X-Account', 'X-Account-Id', 'X-Uid', 'X-Login', 'X-Login-Name'],
    ...['Fastly-Client-IP', 'X-Azure-ClientIP', 'X-Azure-SocketIP', 'X-Originating-IP', 'X-Appengine-User-IP'],
    ...['X-ProxyUser-Ip', 'X-Envoy-Original-Path', 'X-Envoy-External-Address', 'Fly-Client-IP', 'Client-IP'],
    ...['CF-Connecting-IPv6', 'WL-Proxy-Client-IP', 'Proxy-Client-IP', 'X-Forwarded', 'X-Vercel-Forwarded-For'],
  ]
  const all = [...IDENTITY_HEADERS, ...CREDENTIAL_HEADERS, ...HOP_BY_HOP, 'countersign-identity', ...seen]
  const names = all.flatMap(concrete)

  test.each(names)('%s, in any case, with _ or . for -, once or many times', (name) => {
    const spellings = [
      name,
      name.toUpperCase(),
      name.replaceAll('-', '_'),
      name.replaceAll('-', '.'),
      name.replace('-', '_'),
    ]
    const got = forward(['Host', 'api', 'Accept', '*/*', ...spellings.flatMap((one) => [one, 'root', one, 'again'])])
    expect(JSON.stringify(got)).not.toMatch(/root|again/)
    expect(got.accept).toBe('*/*')
  })

  test('where a request came from, the gateway says itself', () => {
    const got = forward([
      ...[
        'Host',
        'api.acme.com',
        'Forwarded',
        'for=1.2.3.4',
        'X-Forwarded-For',
        '1.2.3.4',
        'x_forwarded_for',
        '1.2.3.4',
      ],
      ...[
        'X-Forwarded-Host',
        'evil.test',
        'X-Real-IP',
        '1.2.3.4',
        'X-Original-URL',
        '/admin',
        'X-HTTP-Method-Override',
        'PUT',
      ],
    ])
    expect({ ...got }).toEqual({
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'api.acme.com',
    })
    expect(ROUTING_HEADERS).toContain('x-original-*')
  })

  test('what Connection names is for this connection alone, but not what frames the body (RFC 9110 section 7.6.1)', () => {
    const got = forward([
      ...['Connection', 'X-Trace, accept', 'connection', 'X_Debug', 'X-Trace', '1', 'Accept', '*/*', 'x-debug', '1'],
      ...['Connection', 'Content-Length', 'Content-Length', '3', 'X-Kept', 'yes'],
    ])
    expect(got).not.toHaveProperty('x-trace')
    expect(got).not.toHaveProperty('accept')
    expect(got).not.toHaveProperty('x-debug')
    expect(got).toMatchObject({ 'content-length': '3', 'x-kept': 'yes' })
  })

  test('Connection cannot take the identity of the gateway off', () => {
    expect(forward(['Connection', 'Countersign-Identity'], { as: caller })).toHaveProperty('countersign-identity')
  })

  test('two Host lines are a malformed request (RFC 9112 section 3.2)', () => {
    const got = identity.headers(message(['Host', 'a', 'HOST', 'b']), { audience })
    expect(got).toMatchObject({ code: 'invalid_request', reason: 'host.repeated' })
  })

  test('other headers go on as they are, each line of them; a name that is none does not', () => {
    const got = forward(['X-Tag', 'a', 'x-tag', 'b', 'X-Tag', 'c', 'X Trace', 'root', '__proto__', 'kept'])
    expect(got['x-tag']).toEqual(['a', 'b', 'c'])
    expect(Object.entries(got)).toContainEqual(['__proto__', 'kept'])
    expect(got).not.toHaveProperty('x trace')
  })

  test('names and credentials are yours to choose', () => {
    const own = forwardedIdentity({
      issuer,
      key,
      identityHeaders: [...IDENTITY_HEADERS, 'X-Tenant'],
      forwardCredentials: ['cookie'],
    })
    const got = forward(
      ['x_tenant', 'root', 'X-User', 'root', 'Cookie', 'a=b', 'Authorization', 'Bearer root'],
      {},
      own,
    )
    expect(got.cookie).toBe('a=b')
    expect(JSON.stringify(got)).not.toContain('root')
  })

  test('no header of any spelling that a CGI-like server takes for a dropped one gets through (property)', () => {
    const separator = fc.constantFrom('-', '_', '.', '~', '!')
    const base = fc.constantFrom(...names)
    fc.assert(
      fc.property(
        base,
        fc.array(separator, { minLength: 6, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        (name, separators, upper) => {
          let at = 0
          const spelling = [...name.replace(/-/g, () => separators[at++ % 6] as string)]
            .map((letter, index) => (upper[index] ? letter.toUpperCase() : letter))
            .join('')
          expect(Object.keys(forward(['X-Kept', '1', spelling, 'root'])).sort()).toEqual([
            'x-forwarded-for',
            'x-forwarded-proto',
            'x-kept',
          ])
        },
      ),
    )
  })
})

describe('an identity is for one request to one service', () => {
  test('what the gateway knows of the caller arrives', async () => {
    expect(await judged()).toMatchObject({ ...caller.principal, scheme: 'bearer' })
  })

  test('each identity has a name of its own and lives 15 seconds', async () => {
    const [one, other] = [await judged(), await judged()] as ForwardedPrincipal[] as (ForwardedPrincipal | undefined)[]
    expect(one?.claims.jti).not.toBe(other?.claims.jti)
    expect((one?.claims.exp ?? 0) - (one?.claims.iat ?? 0)).toBe(15)
  })

  test.each([
    ['another method', { method: 'DELETE' }, 'forwarded.method'],
    ['another path', { url: '/orders/8?id=7' }, 'forwarded.path'],
    ['another query', { url: '/orders?id=8' }, 'forwarded.query'],
    ['no query', { url: '/orders' }, 'forwarded.query'],
    ['the path spelled otherwise', { url: '/%6frders?id=7' }, 'forwarded.path'],
  ])('%s: 401', async (_what, change, reason) => {
    expect(await judged(() => change)).toMatchObject({ code: 'invalid_token', reason })
  })

  test('an absolute target is judged by its path', async () => {
    expect(await judged(() => ({ url: 'http://orders.internal/orders?id=7' }))).toMatchObject({ subject: 'usr_1' })
  })

  test('a path of any length is bound', async () => {
    const path = `/${'a'.repeat(6000)}`
    const sent = lines(forward([], { as: caller, target: path }))
    const scheme = forwarded({ issuer, audience, keys: identity.jwks() as never })
    const judge = (url: string) => {
      const request = message(sent, 'GET', url)
      return scheme.verify(scheme.read(request) as never, request)
    }
    expect(await judge(path)).toMatchObject({ subject: 'usr_1' })
    expect(await judge(`${path}b`)).toMatchObject({ reason: 'forwarded.path' })
  })

  test.each([
    ['another audience', { audience: 'billing' }, 'token.audience'],
    ['another issuer', { issuer: 'https://other.test' }, 'token.issuer'],
    ['another key', { keys: generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) }, 'token.signature'],
    ['half a minute later', { clock: () => Date.now() + 30_000 }, 'token.expired'],
    ['before its time', { clock: () => Date.now() - 30_000 }, 'token.early'],
  ])('%s: 401', async (_what, options, reason) => {
    expect(await judged(undefined, options)).toMatchObject({ code: 'invalid_token', reason })
  })

  test('an identity that lives longer than 30 seconds is none, whoever signed it', async () => {
    const signing = { algorithm: 'EdDSA', key: createPrivateKey({ key, format: 'jwk' }) } as const
    const leg = { audience, method: 'GET', target: '/orders?id=7' }
    const lasting = (lifetime: number) => {
      const token = identityToken(caller.principal, 'bearer', leg, signing, { issuer, lifetime, now: Date.now() })
      return judged(() => ({ headers: ['Countersign-Identity', token] }))
    }
    expect(await lasting(30)).toMatchObject({ subject: 'usr_1' })
    expect(await lasting(31)).toMatchObject({ code: 'invalid_token', reason: 'token.lifetime' })
    expect(() => forwardedIdentity({ issuer, key, lifetime: 31 })).toThrow(
      'lifetime must be whole seconds from 1 to 30',
    )
  })

  test('none: nobody called; two: 400', async () => {
    expect(await judged(() => ({ headers: [] }))).toBeUndefined()
    expect(await judged(({ headers }) => ({ headers: [...headers, ...headers] }))).toMatchObject({
      code: 'invalid_request',
      reason: 'forwarded.repeated',
    })
  })

  test.each(['X-User', 'x_user', 'Remote-User', 'X-Auth-Subject', 'countersign_identity', 'X-Forwarded-User'])(
    'a good identity beside which stands %s did not come through the gateway: 401',
    async (name) => {
      expect(await judged(({ headers }) => ({ headers: [...headers, name, 'root'] }))).toMatchObject({
        code: 'invalid_token',
        reason: 'forwarded.beside',
      })
    },
  )

  test('an access token of the same issuer, signed by the same key, is no identity, and an identity no access token', async () => {
    const local = localIssuer({ issuer, audience, store: memoryStore(), keys: { keys: [key] } })
    const { access_token } = await local.issue({ subject: 'usr_1' })
    expect(await judged(() => ({ headers: ['Countersign-Identity', access_token] }))).toMatchObject({
      reason: 'token.type',
    })
    const made = (await forwardedIdentity({ issuer: local }).headers(message([]), { audience, as: caller })) as Headers
    expect(await local.verify(made['countersign-identity'] as string)).toMatchObject({ reason: 'token.type' })
  })

  test('the keys of a local issuer sign, and its JWK Set verifies', async () => {
    const local = localIssuer({ issuer, audience: 'api', store: memoryStore() })
    const gateway = forwardedIdentity({ issuer: local })
    const headers = lines((await gateway.headers(message([]), { audience, as: caller })) as Headers)
    expect(await judged(() => ({ headers }), { keys: await gateway.jwks() })).toMatchObject({ subject: 'usr_1' })
    expect(gateway.endpoints.map(({ path }) => path)).toEqual(['/.well-known/jwks.json'])
  })

  test('a shared secret does too, and is not published', async () => {
    const secret = { kty: 'oct', k: randomBytes(32).toString('base64url') }
    const gateway = forwardedIdentity({ issuer, key: secret })
    expect(gateway.jwks()).toEqual({ keys: [] })
    expect(await judged(undefined, { keys: secret }, gateway)).toMatchObject({ subject: 'usr_1' })
  })

  test('it never outlives what was shown at the gateway; when that ends, the service knows', async () => {
    const ends = Math.floor(Date.now() / 1000) + 5
    const as = { scheme: 'bearer', principal: { subject: 'usr_1', expiresAt: ends } }
    const headers = lines(forward([], { as }))
    expect(await judged(() => ({ headers }))).toMatchObject({ expiresAt: ends, claims: { exp: ends } })
  })

  test('a caller who fits into no header is a bug, not a caller with fewer scopes', () => {
    const as = {
      scheme: 'bearer',
      principal: { subject: 'usr_1', roles: Array.from({ length: 900 }, (_, at) => `role-${at}`) },
    }
    expect(() => forward([], { as })).toThrow('forward fewer scopes or roles')
  })

  test('nothing that is printed shows a key', () => {
    expect(JSON.stringify([identity, identity.jwks()])).not.toContain(key.d)
  })
})

describe('wrong options say what to do', () => {
  const both = { issuer, key }
  test.each([
    [{ ...both, lifetme: 3 }, 'no option "lifetme": there are'],
    [{ issuer: '', key }, 'issuer must be a string that is not empty'],
    [{ issuer }, 'key must be a private JWK'],
    [{ issuer, key: { ...key, d: undefined } }, 'this one has no private half'],
    [{ issuer, key: { ...key, d: randomBytes(32).toString('base64url') } }, 'its halves do not belong together'],
    [{ issuer, key: { kty: 'oct', k: 'c2hvcnQ' } }, 'bits'],
    [{ ...both, header: 'a b' }, 'header must be a header name'],
    [{ ...both, identityHeaders: ['*'] }, 'identityHeaders must list header names'],
    [{ ...both, forwardCredentials: ['x-trace'] }, 'forwardCredentials takes authorization'],
    [{ issuer: localIssuer({ issuer, audience, store: memoryStore(), algorithm: 'HS256' }) }, 'use another algorithm'],
  ])('option %#: it says what to do', (options, message) => {
    expect(() => forwardedIdentity(options as never)).toThrow(message)
  })
  test.each([
    [{ issuer, audience }, 'give either keys'],
    [{ issuer, audience, keys: key, jwksUri: 'https://a.test' }, 'give either keys'],
    [{ issuer, keys: key }, 'audience must be a string'],
    [{ issuer, audience, keys: key, timeout: 3 }, 'timeout go with jwksUri'],
    [{ issuer, audience, keys: key, leeway: 31 }, 'leeway must be whole seconds from 0 to 30'],
  ])('of the service, %#', (options, message) => {
    expect(() => forwarded(options as never)).toThrow(message)
  })
})
