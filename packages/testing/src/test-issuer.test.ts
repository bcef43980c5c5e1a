import { bearer, policy } from '@countersign/policy'
import { legacyTokens, remoteIssuer } from '@countersign/tokens'
import { expect, test } from 'vitest'
import { testClock, testIssuer } from './index.ts'

const decode = (token: string) =>
  token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
const init = { headers: {}, redirect: 'error', signal: AbortSignal.timeout(5000) } as const

test('a token says what it was asked to say, and its verifier agrees', async () => {
  const issuer = testIssuer()
  const token = await issuer.token({ subject: 'bob', scopes: ['a', 'b'], roles: ['admin'], client: 'app', authTime: 1 })
  expect(await issuer.verifier.verify(token)).toMatchObject({
    subject: 'bob',
    scopes: ['a', 'b'],
    roles: ['admin'],
    authTime: 1,
    credential: { client: 'app' },
    claims: { iss: issuer.url, aud: issuer.audience },
  })
  expect(await issuer.verifier.verify(await issuer.token())).toMatchObject({ subject: 'ada' })
})

test.each(['EdDSA', 'ES256', 'RS256'] as const)(
  '%s tokens are good at localIssuer and at remoteIssuer',
  async (algorithm) => {
    const issuer = testIssuer({ algorithm })
    const token = await issuer.token()
    expect(decode(token)[0]).toEqual({ alg: algorithm, typ: 'at+jwt', kid: 'test' })
    const remote = remoteIssuer(issuer.url, { audience: issuer.audience, fetch: issuer.fetch })
    for (const verifier of [issuer.verifier, remote])
      expect(await verifier.verify(token)).toMatchObject({ subject: 'ada' })
  },
)

test.each([
  [{ expiresIn: -60 }, 'token.expired'],
  [{ claims: { aud: 'other' } }, 'token.audience'],
  [{ claims: { exp: undefined } }, 'token.expiry'],
  [{ claims: { sub: undefined } }, 'token.subject'],
  [{ claims: { nbf: 9_999_999_999 } }, 'token.early'],
  [{ header: { typ: 'JWT' } }, 'token.type'],
  [{ header: { typ: undefined } }, 'token.type'],
  [{ expiresIn: 100_000 }, 'token.lifetime'],
])('%j is refused for that reason alone: %s', async (wanted, reason) => {
  const issuer = testIssuer()
  expect(await issuer.verifier.verify(await issuer.token(wanted))).toMatchObject({ code: 'invalid_token', reason })
})

test('an override adds, replaces or leaves out, and nothing else changes', async () => {
  const issuer = testIssuer({ clock: () => 1_800_000_000_000 })
  const [, usual] = decode(await issuer.token())
  const [header, claims] = decode(
    await issuer.token({ claims: { aud: 'other', tenant: 7, sid: undefined }, header: { kid: undefined, x: 1 } }),
  )
  expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', x: 1 })
  const { sid: _, ...rest } = usual
  expect(claims).toEqual({ ...rest, jti: claims.jti, aud: 'other', tenant: 7 })
})

test('a token that has expired was issued before it did', async () => {
  const [, { iat, exp, auth_time }] = decode(
    await testIssuer({ clock: () => 1_800_000_000_000 }).token({ expiresIn: -60 }),
  )
  expect([exp, iat, auth_time]).toEqual([1_799_999_940, 1_799_999_640, 1_799_999_640])
})

test('a token of another issuer is not mine', async () => {
  const issuer = testIssuer()
  expect(await issuer.verifier.verify(await issuer.token({ claims: { iss: 'https://other' } }))).toBeUndefined()
})

test('a token of another key is refused, though both say the same', async () => {
  expect(await testIssuer().verifier.verify(await testIssuer().token())).toMatchObject({ reason: 'token.signature' })
})

test('the clock moves the issuer and its verifier together, and nothing else', async () => {
  const issuer = testIssuer({ clock: () => 1_800_000_000_000 })
  const token = await issuer.token({ expiresIn: 10 })
  issuer.clock.advance(39)
  expect(await issuer.verifier.verify(token)).toMatchObject({ subject: 'ada' })
  issuer.clock.advance(1) // 30 s of leeway are over
  expect(await issuer.verifier.verify(token)).toMatchObject({ reason: 'token.expired' })
  expect(await issuer.verifier.verify(await issuer.token())).toMatchObject({ subject: 'ada' })
  issuer.clock.advance(-40)
  expect(await issuer.verifier.verify(token)).toMatchObject({ subject: 'ada' })
  expect(() => issuer.clock.advance(Number.NaN)).toThrow(TypeError)
  expect(testClock()()).toBeCloseTo(Date.now(), -3)
})

test('discovery and keys come without a network; the private half does not', async () => {
  const issuer = testIssuer({ issuer: 'https://acme.eu.auth0.com/' })
  const discovery = await issuer.fetch('https://acme.eu.auth0.com/.well-known/openid-configuration', init)
  const { issuer: iss, jwks_uri } = (await discovery.json()) as { issuer: string; jwks_uri: string }
  expect(iss).toBe('https://acme.eu.auth0.com/')
  const { keys } = (await (await issuer.fetch(jwks_uri, init)).json()) as { keys: object[] }
  expect(keys).toHaveLength(1)
  expect(keys[0]).not.toHaveProperty('d')
  expect((await issuer.fetch('https://acme.eu.auth0.com/other', init)).status).toBe(404)
})

test('listen gives the same issuer on a loopback port, for code that only takes a URL', async () => {
  const issuer = await testIssuer().listen()
  try {
    expect(issuer.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const remote = remoteIssuer(issuer.url, { audience: issuer.audience })
    expect(await remote.verify(await issuer.token())).toMatchObject({ subject: 'ada' })
    expect((await fetch(`${issuer.url}/other`)).status).toBe(404)
  } finally {
    await issuer.close()
  }
  await expect(fetch(issuer.url)).rejects.toThrow()
})

test('maxAge of a policy can be met and missed', async () => {
  const issuer = testIssuer()
  const fresh = policy({ accept: bearer(issuer.verifier), maxAge: 300, clock: issuer.clock })
  const check = async (authTime: number) => {
    const authorization = `Bearer ${await issuer.token({ authTime })}`
    return (await fresh.check({ headers: {}, rawHeaders: ['Authorization', authorization], socket: {} }))?.status
  }
  const now = Math.floor(issuer.clock() / 1000)
  expect([await check(now - 10), await check(now - 310)]).toEqual([undefined, 401])
})

test('wrong options say what is wrong', async () => {
  expect(() => testIssuer({ algorithm: 'none' as never })).toThrow(
    'algorithm must be one of EdDSA, ES256, RS256, HS256',
  )
  expect(() => testIssuer({ audience: '' })).toThrow(/audience/)
  await expect(testIssuer().token({ expiresIn: 0.5 })).rejects.toThrow('expiresIn must be a whole number of seconds')
})

test('a misspelled option or member of a token is named', async () => {
  expect(() => testIssuer({ audiance: 'x' } as never)).toThrow('testIssuer has no option "audiance"')
  await expect(testIssuer().token({ scope: 'a' } as never)).rejects.toThrow('token has no option "scope"')
  await expect(testIssuer().headers({ sub: 'a' } as never)).rejects.toThrow('token has no option "sub"')
})

test('its verifier says whose tokens it judges', () => {
  expect(testIssuer().verifier.issuer).toBe('https://issuer.test')
})

test('HS256: tokens of a shared secret are good at localIssuer and, typed JWT, at legacyTokens', async () => {
  const secret = 'the secret of at least 32 bytes that signed them'
  for (const given of [secret, Buffer.from(secret)]) {
    const issuer = testIssuer({ algorithm: 'HS256', secret: given })
    const { url, audience } = issuer
    const old = legacyTokens({ algorithms: ['HS256'], secret, issuer: url, audience, type: 'JWT' })
    expect(await issuer.verifier.verify(await issuer.token())).toMatchObject({ subject: 'ada' })
    expect(await old.verify(await issuer.token({ header: { typ: 'JWT' } }))).toMatchObject({ subject: 'ada' })
    expect(await old.verify(await testIssuer({ algorithm: 'HS256' }).token({ header: { typ: 'JWT' } }))).toMatchObject({
      reason: 'token.signature',
    })
    const { keys } = (await (await issuer.fetch(`${url}/.well-known/jwks.json`, init)).json()) as { keys: object[] }
    expect(keys, 'no secret is published').toEqual([])
    await expect(issuer.listen()).rejects.toThrow('publishes no key, so it cannot listen')
  }
})

test('a secret that cannot be is told, and not shown', () => {
  const made = (secret: unknown) => () => testIssuer({ algorithm: 'HS256', secret: secret as string })
  expect(made('ShortSecret')).toThrow('at least 32 bytes; got 11 bytes')
  expect(made('ShortSecret')).not.toThrow('ShortSecret')
  expect(made(null)).toThrow('got null')
  expect(() => testIssuer({ secret: 'a'.repeat(32) })).toThrow("secret goes with algorithm: 'HS256'")
})

test('legacyTokens that waives the issuer judges every token, so bearer wants it last', () => {
  const secret = 'the secret of at least 32 bytes that signed them'
  const old = legacyTokens({ algorithms: ['HS256'], secret, issuer: false, audience: false, type: false })
  expect(() => bearer([old, testIssuer().verifier])).toThrow('issuer: false that is not the last')
  expect(bearer([testIssuer().verifier, old]).name).toBe('bearer')
})
