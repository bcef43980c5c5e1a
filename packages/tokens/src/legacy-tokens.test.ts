import { generateKeyPairSync } from 'node:crypto'
import { isAuthError } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { describe, expect, test } from 'vitest'
import { AUDIENCE, hmac, ISSUER, mint, NOW, signer } from '../test/mint.ts'
import { type JwtVerifier, type LegacyTokensOptions, legacyTokens, localIssuer } from './index.ts'

const secret = 'a secret of at least thirty-two bytes'
const waived = { issuer: false, audience: false, type: false, clock: () => NOW } as const
const exp = NOW / 1000 + 300
/** What jsonwebtoken makes of `sign({ sub: 'anna' }, secret, { expiresIn: '5m' })`. */
const header = { alg: 'HS256', typ: 'JWT' }
const bare = mint(hmac(secret), { header, claims: { sub: 'anna', iat: exp - 300, exp } })

async function outcome(verifier: JwtVerifier, token: string): Promise<string> {
  const result = await verifier.verify(token)
  return isAuthError(result) ? result.reason : result ? 'accepted' : 'not mine'
}

test('judges tokens without iss, aud and typ, and lists what it waives', async () => {
  const old = legacyTokens({ algorithms: ['HS256'], secret, ...waived })
  expect(old.waivers).toEqual(['issuer', 'audience', 'type'])
  expect(await old.verify(bare)).toMatchObject({ subject: 'anna', expiresAt: exp, credential: {} })
  const without = mint(hmac(secret), { header: { alg: 'HS256' }, claims: { sub: 'anna', exp } })
  expect(await outcome(old, without)).toBe('accepted')
  expect(await outcome(old, mint(hmac(`${secret}!`), { header, claims: { sub: 'anna', exp } }))).toBe('token.signature')
  expect(await outcome(old, mint(hmac(secret), { header, claims: { sub: 'anna' } }))).toBe('token.expiry')
})

test('in a list behind an issuer each judges its own', async () => {
  const store = memoryStore()
  const own = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, clock: () => NOW })
  const old = legacyTokens({ algorithms: ['HS256'], secret, ...waived })
  const { access_token } = await own.issue({ subject: 'anna' })
  expect(await outcome(own, access_token)).toBe('accepted')
  expect(await outcome(own, bare)).toBe('not mine')
  expect(await outcome(old, bare)).toBe('accepted')
  expect(await outcome(old, access_token)).toBe('token.algorithm')
})

test('what is not waived counts', async () => {
  const old = legacyTokens({
    algorithms: ['HS256'],
    secret,
    issuer: 'me',
    audience: 'us',
    type: 'JWT',
    clock: () => NOW,
  })
  expect(old.waivers).toEqual([])
  const of = (claims: object, typ: string | undefined = 'JWT') =>
    outcome(
      old,
      mint(hmac(secret), { header: { ...header, typ }, claims: { sub: 'a', iss: 'me', aud: 'us', exp, ...claims } }),
    )
  expect(await of({})).toBe('accepted')
  expect(await of({ iss: 'you' })).toBe('not mine')
  expect(await of({ iss: undefined })).toBe('not mine')
  expect(await of({ aud: 'them' })).toBe('token.audience')
  expect(await of({}, 'at+jwt')).toBe('token.type')
})

test('a kid selects nothing where there is one key without a name', async () => {
  const old = legacyTokens({ algorithms: ['HS256'], secret, ...waived })
  expect(await outcome(old, mint(hmac(secret), { header: { ...header, kid: 'x' }, claims: { sub: 'a', exp } }))).toBe(
    'accepted',
  )
})

test('the subject may be another claim, and a number', async () => {
  const old = legacyTokens({ algorithms: ['HS256'], secret, ...waived, subject: 'userId' })
  const of = (claims: object) => mint(hmac(secret), { header, claims: { exp, ...claims } })
  expect(await old.verify(of({ userId: 42 }))).toMatchObject({ subject: '42' })
  expect(await outcome(old, of({ userId: 4.2 }))).toBe('token.subject')
  expect(await outcome(old, of({ userId: '' }))).toBe('token.subject')
  expect(await outcome(old, of({ sub: 'anna' }))).toBe('token.subject')
})

test('tokens that live a week need maxLifetime', async () => {
  const week = mint(hmac(secret), { header, claims: { sub: 'a', iat: NOW / 1000, exp: NOW / 1000 + 604_800 } })
  expect(await outcome(legacyTokens({ algorithms: ['HS256'], secret, ...waived }), week)).toBe('token.lifetime')
  const patient = legacyTokens({ algorithms: ['HS256'], secret, ...waived, maxLifetime: 604_800 })
  expect(await outcome(patient, week)).toBe('accepted')
})

test('a public key as PEM, KeyObject, JWK, and a JWK Set', async () => {
  for (const one of [signer('RS256'), signer('ES256'), signer('EdDSA'), signer('PS256'), signer('ES512')]) {
    const algorithms = [one.jwk.alg as 'RS256']
    const pem = one.publicKey.export({ format: 'pem', type: 'spki' }) as string
    for (const key of [pem, one.publicKey, one.publicJwk, one.privateKey])
      expect(await outcome(legacyTokens({ algorithms, key, ...waived }), one.mint())).toBe('accepted')
    const jwks = { keys: [one.publicJwk] }
    expect(await outcome(legacyTokens({ algorithms, jwks, ...waived }), one.mint())).toBe('accepted')
  }
})

test('HS384 and HS512 need longer secrets; a short one needs a dangerous option', async () => {
  expect(() => legacyTokens({ algorithms: ['HS512'], secret, ...waived })).toThrow(/needs 512/)
  expect(() => legacyTokens({ algorithms: ['HS256'], secret: 'x'.repeat(31), ...waived })).toThrow(/248 bits/)
  const short = legacyTokens({ algorithms: ['HS256'], secret: 'hunter2', ...waived, dangerouslyAllowShortSecret: true })
  expect(short.waivers).toContain('short-secret')
  expect(await outcome(short, mint(hmac('hunter2'), { header, claims: { sub: 'a', exp } }))).toBe('accepted')
  const long = 'x'.repeat(64)
  for (const [alg, hash] of [
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ] as const) {
    const old = legacyTokens({ algorithms: [alg], secret: Buffer.from(long), ...waived })
    const token = mint(hmac(long, hash), { header: { ...header, alg }, claims: { sub: 'a', exp } })
    expect(await outcome(old, token)).toBe('accepted')
    expect(await outcome(old, bare)).toBe('token.algorithm')
  }
})

describe('options are checked when the verifier is made', () => {
  const rsa = signer('RS256')
  const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const good = { algorithms: ['HS256'], secret, ...waived }
  const wrong: readonly [string, object, RegExp][] = [
    ['no algorithms', { ...good, algorithms: undefined }, /algorithms/],
    ['none', { ...good, algorithms: ['none'] }, /algorithms/],
    ['secret with RS256', { ...good, algorithms: ['RS256'] }, /algorithms/],
    ['secret with both', { ...good, algorithms: ['HS256', 'RS256'] }, /algorithms/],
    ['key with HS256', { ...good, secret: undefined, key: pem }, /algorithms/],
    ['key and secret', { ...good, key: pem }, /only one/],
    ['neither', { ...good, secret: undefined }, /only one/],
    ['a PEM as secret', { ...good, secret: pem }, /PEM/],
    ['a PEM as secret, newline first', { ...good, secret: `\n${pem}` }, /PEM/],
    ['a PEM as bytes', { ...good, secret: Buffer.from(pem) }, /PEM/],
    ['an empty secret', { ...good, secret: '', dangerouslyAllowShortSecret: true }, /empty/],
    ['a secret that is a number', { ...good, secret: 5 }, /string or bytes/],
    ['a small RSA key', { ...good, algorithms: ['RS256'], secret: undefined, key: small }, /1024 bits/],
    [
      'RS256 with an EC key',
      { ...good, algorithms: ['RS256'], secret: undefined, key: signer('ES256').publicKey },
      /not RS256/,
    ],
    ['nonsense as key', { ...good, algorithms: ['RS256'], secret: undefined, key: 'x' }, /public key/],
    ['issuer left out', { ...good, issuer: undefined }, /issuer/],
    ['audience left out', { ...good, audience: undefined }, /audience/],
    ['type left out', { ...good, type: undefined }, /type/],
    ['audience a pattern', { ...good, audience: /x/g }, /audience/],
  ]
  test.each(wrong)('%s', (_what, options, message) => {
    expect(() => legacyTokens(options as unknown as LegacyTokensOptions)).toThrow(TypeError)
    expect(() => legacyTokens(options as unknown as LegacyTokensOptions)).toThrow(message)
  })

  test('control: the good ones', () => {
    expect(legacyTokens(good as unknown as LegacyTokensOptions)).toHaveProperty('verify')
  })
})
