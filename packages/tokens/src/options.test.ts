// What is misspelled or misplaced is said when it is made or called, not found out later.
import { memoryStore } from '@countersign/store'
import { expect, expectTypeOf, test } from 'vitest'
import { AUDIENCE, ISSUER, NOW } from '../test/mint.ts'
import {
  type JwtVerifier,
  legacyTokens,
  localIssuer,
  type RemoteIssuer,
  type RemoteIssuerOptions,
  remoteIssuer,
} from './index.ts'

const secret = 'a secret of at least thirty-two bytes'
const legacy = { algorithms: ['HS256'], secret, issuer: false, audience: false, type: false } as const
const own = (more: object = {}) =>
  localIssuer({ issuer: ISSUER, audience: AUDIENCE, store: memoryStore(), clock: () => NOW, ...more })

test.each([
  ['localIssuer has no option "lifeTime"', () => own({ lifeTime: 60 })],
  ['localIssuer: refresh has no option "slidin"', () => own({ refresh: { slidin: 60 } })],
  ['localIssuer: refresh takes its options as an object', () => own({ refresh: null })],
  ['localIssuer: cache has no option "size"', () => own({ cache: { size: 5 } })],
  ['localIssuer: cache takes its options as an object', () => own({ cache: true })],
  ['remoteIssuer has no option "audiance"', () => remoteIssuer(ISSUER, { audiance: AUDIENCE } as never)],
  ['remoteIssuer has no option "issuer"', () => remoteIssuer(ISSUER, { audience: AUDIENCE, issuer: false } as never)],
  ['remoteIssuer: cache has no option', () => remoteIssuer(ISSUER, { audience: AUDIENCE, cache: { ttl: 1 } as never })],
  ['legacyTokens has no option "maxAge"', () => legacyTokens({ ...legacy, maxAge: 1 } as never)],
])('%s: a TypeError', (message, make) => {
  expect(make).toThrow(TypeError)
  expect(make).toThrow(message)
})

test.each([
  ['issue has no option "scope"', { scope: 'a' }],
  ['issue has no option "expiresIn"', { expiresIn: 60 }],
  ["issue: scopes must be a list such as ['posts:read']", { scopes: 'a b' }],
  ['issue: client must be a string', { client: 7 }],
  ['issue: claims must be an object', { claims: 'x' }],
  ['issue: authTime must be whole epoch seconds', { authTime: new Date() }],
  ['issue: claims must not hold type: "refresh"', { claims: { type: 'refresh' } }],
])('%s: a TypeError', async (message, wanted) => {
  const error = await own()
    .issue({ subject: 'anna' }, wanted as never)
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(TypeError)
  expect((error as Error).message).toContain(message)
})

test('issue says what a principal is', async () => {
  for (const [principal, message] of [
    [undefined, 'issue takes a principal'],
    [Promise.resolve({ subject: 'anna' }), 'issue got a promise: await it first'],
    ['anna', 'issue takes a principal'],
    [{ id: 7 }, 'principal.subject'],
    [{ subject: 'anna', scopes: 'a b' }, "scopes must be a list such as ['posts:read']"],
    [{ subject: 'anna', roles: 'admin' }, "roles must be a list such as ['admin']"],
  ] as const) {
    const error = await own()
      .issue(principal as never)
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(message)
  }
})

test('refresh knows its options, and its scopes are a list', async () => {
  const issuer = own()
  const { refresh_token = '' } = await issuer.issue({ subject: 'anna', scopes: ['a', 'b'] })
  await expect(issuer.refresh(refresh_token, { scope: 'a' } as never)).rejects.toThrow('refresh has no option "scope"')
  await expect(issuer.refresh(refresh_token, { scopes: 'a' } as never)).rejects.toThrow('scopes must be a list')
  expect((await issuer.refresh(refresh_token, { scopes: ['a'] })).scope).toBe('a') // nothing was used up
})

test('revoke refuses a principal of another issuer: it could not end that token', async () => {
  const issuer = own()
  const old = legacyTokens({ ...legacy, clock: () => NOW })
  const others = [
    { subject: 'anna', claims: { exp: 1, jti: 'j1' }, credential: { id: 'j1' } },
    { subject: 'anna', claims: { exp: 1, iss: 'https://other.test', sid: 's' }, credential: { session: 's' } },
    { subject: 'customer-42', keyId: 'k', credential: { id: 'k' } },
  ]
  for (const principal of others) {
    const error = await issuer.revoke(principal as never).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/^revoke: .*https:\/\/issuer\.test.* cannot end/)
  }
  expect(old.issuer).toBeUndefined()
})

test.each([['abc'], [undefined], [null], [7], [[]]])('revoke(%j) says what it takes', async (what) => {
  await expect(own().revoke(what as never)).rejects.toThrow(
    'revoke takes a principal of this issuer, or { jti?, sid?, expiresAt? }',
  )
})

test('revoke knows its names, and what they may be', async () => {
  await expect(own().revoke({ session: 's' } as never)).rejects.toThrow('revoke has no option "session"')
  await expect(own().revoke({ jti: 7 } as never)).rejects.toThrow('revoke: jti must be a string')
  await expect(own().revoke({ sid: {} } as never)).rejects.toThrow('revoke: sid must be a string')
  await expect(own().revoke({ sid: 's', expiresAt: '1' } as never)).rejects.toThrow('revoke: expiresAt must be')
})

test('a verifier says whose tokens it judges', () => {
  expect(own().issuer).toBe(ISSUER)
  expect(remoteIssuer(ISSUER, { audience: AUDIENCE }).issuer).toBe(ISSUER)
  expect(legacyTokens({ ...legacy, issuer: 'me' }).issuer).toBe('me')
  expect(legacyTokens(legacy)).not.toHaveProperty('issuer')
  expectTypeOf<JwtVerifier['issuer']>().toEqualTypeOf<string | undefined>()
})

test('remoteIssuer says what to leave off the address of a discovery document', () => {
  const make = () => remoteIssuer(`${ISSUER}/.well-known/openid-configuration`, { audience: AUDIENCE })
  expect(make).toThrow(TypeError)
  expect(make).toThrow('leave off /.well-known/openid-configuration')
})

test('legacyTokens says how to waive the audience; the others have no waiver', () => {
  const { audience: _, ...rest } = legacy
  expect(() => legacyTokens(rest as never)).toThrow('audience: false')
  expect(() => remoteIssuer(ISSUER, {} as never)).not.toThrow('audience: false')
})

test('one algorithm as text is told to be a list', () => {
  const more = {
    secret: 'the secret of at least 32 bytes that signed them',
    issuer: false,
    audience: false,
    type: false,
  }
  expect(() => legacyTokens({ algorithms: 'HS256', ...more } as never)).toThrow(
    "legacyTokens: algorithms must be a list: ['HS256']",
  )
  expect(() => legacyTokens({ algorithms: 'none', ...more } as never)).toThrow('a list of registered names')
})

test('audiences for audience is told', () => {
  expect(() => remoteIssuer('https://a.test', { audiences: ['b'] } as never)).toThrow('did you mean "audience"?')
})

test('with an audience it is a verifier, without it is none', () => {
  const url = 'https://a.test'
  expectTypeOf(remoteIssuer(url, { audience: 'b' })).toHaveProperty('verify')
  expectTypeOf(remoteIssuer(url, { audience: 'b' } as RemoteIssuerOptions)).toHaveProperty('verify')
  expectTypeOf(remoteIssuer(url, { timeout: 5 })).toEqualTypeOf<RemoteIssuer>()
  // @ts-expect-error it has no verify: any token of that issuer would do
  expect(remoteIssuer(url).verify).toBeUndefined()
})
