import { isAuthError } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { describe, expect, test } from 'vitest'
import { AUDIENCE, goodClaims, goodHeader, hmac, ISSUER, mint, NOW, signer } from '../test/mint.ts'
import {
  type Jwk,
  type KeySource,
  legacyTokens,
  localIssuer,
  remoteIssuer,
  type VerifiedJws,
  verifyJws,
} from './index.ts'

const rsa = signer('RS256')
const es = signer('ES256')
const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string
const common = { issuer: ISSUER, audience: AUDIENCE, clock: () => NOW }
const own = (jwk: Jwk = es.jwk) => localIssuer({ ...common, store: memoryStore(), keys: { keys: [jwk] } })

async function outcome(result: unknown): Promise<string> {
  const settled = await result
  return isAuthError(settled) ? settled.reason : settled ? 'accepted' : 'not mine'
}

/** The named faults of this field's libraries (THREATS): each would have let the attacker's token in. */
describe('faults of others that are none of ours', () => {
  test('algorithm taken from the token (hono 2026): a JWK without alg does not let the header choose HS256', async () => {
    const { alg: _, ...noAlg } = rsa.publicJwk
    const remote = remoteIssuer(ISSUER, {
      audience: AUDIENCE,
      jwksUri: 'https://issuer.test/jwks',
      fetch: async () => Response.json({ keys: [noAlg] }),
      clock: () => NOW,
    })
    const forged = mint(hmac(pem), { header: { ...goodHeader, alg: 'HS256' } })
    expect(await outcome(remote.verify(forged))).toBe('token.algorithm')
    expect(await outcome(remote.verify(rsa.mint()))).toBe('accepted')
  })

  test('verification-cache key collision (fast-jwt 2026): same header and claims, other signature', async () => {
    const issuer = own()
    expect(await outcome(issuer.verify(es.mint()))).toBe('accepted')
    const [head, body] = es.mint().split('.')
    const other = signer('ES256').mint() // the same but for its signature
    expect(other.startsWith(`${head}.${body}.`)).toBe(true)
    for (const forged of [other, `${head}.${body}.`, `${head}.${body}.AAAA`])
      expect(await outcome(issuer.verify(forged))).toBe('token.signature')
  })

  test('verification-cache collision across verifiers: what one accepted the other still judges', async () => {
    const [first, second] = [
      own(),
      localIssuer({ ...common, audience: 'b', store: memoryStore(), keys: { keys: [es.jwk] } }),
    ]
    expect(await outcome(first.verify(es.mint()))).toBe('accepted')
    expect(await outcome(second.verify(es.mint()))).toBe('token.audience')
  })

  test('empty key from an async resolver (fast-jwt 2026): no key is no key', async () => {
    const forged = mint(hmac(''), { header: { ...goodHeader, alg: 'HS256' } })
    for (const nothing of [
      undefined,
      null,
      '',
      Buffer.alloc(0),
      {},
      { algorithms: ['HS256'] },
      { algorithms: [], key: '' },
    ]) {
      const source = { find: async () => nothing } as unknown as KeySource
      const result = await Promise.resolve(verifyJws(forged, source, ['HS256'])).catch(() => 'refused')
      expect(result === 'refused' || isAuthError(result)).toBe(true)
    }
    expect(() => legacyTokens({ ...common, algorithms: ['HS256'], secret: '', type: false })).toThrow(TypeError)
  })

  test('PEM type detection (fast-jwt 2023 and 2026): no spelling of a public key is a secret', () => {
    const pkcs1 = rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }) as string
    for (const secret of [
      pem,
      pkcs1,
      `\n${pem}`,
      `\ufeff${pem}`,
      `# my key\n${pem}`,
      pem.replaceAll('\n', '\r\n'),
      `  ${pem}`,
    ])
      expect(() => legacyTokens({ ...common, algorithms: ['HS256'], secret, type: false })).toThrow(/PEM/)
  })

  test('iss given as an array (fast-jwt 2025)', async () => {
    for (const iss of [[ISSUER], [ISSUER, 'https://evil.test'], { toString: ISSUER }, true])
      expect(await outcome(own().verify(es.mint({ claims: { ...goodClaims, iss } })))).toBe('token.issuer')
    const old = legacyTokens({
      algorithms: ['ES256'],
      key: es.publicJwk,
      issuer: false,
      audience: false,
      type: false,
      clock: () => NOW,
    })
    expect(await outcome(old.verify(es.mint({ claims: { ...goodClaims, iss: [ISSUER] } })))).toBe('token.issuer')
  })

  test('stateful /g RegExp in an audience list: patterns are refused when made, and a text is exact each time', async () => {
    for (const audience of [/api/g, [/api/g], [AUDIENCE, /x/]])
      expect(() => localIssuer({ ...common, store: memoryStore(), audience: audience as never })).toThrow(/audience/)
    const issuer = own()
    const tokens = Array.from({ length: 6 }, (_, index) => es.mint({ claims: { ...goodClaims, jti: `${index}` } }))
    for (const token of tokens) expect(await outcome(issuer.verify(token))).toBe('accepted')
    const other = tokens.map((_, index) =>
      es.mint({ claims: { ...goodClaims, jti: `${index}`, aud: 'https://api.testing' } }),
    )
    for (const token of other) expect(await outcome(issuer.verify(token))).toBe('token.audience')
  })

  test('unknown crit (fast-jwt, Authlib)', async () => {
    for (const crit of [['x-policy'], ['exp'], [], 'x', null])
      expect(await outcome(own().verify(es.mint({ header: { ...goodHeader, crit, 'x-policy': 1 } })))).toBe(
        'token.header.forbidden',
      )
  })

  test('zip and p2c bombs in a JWE (jose 2022, 2024): nothing is decrypted or inflated', async () => {
    const header = Buffer.from('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AA","zip":"DEF"}')
    const started = performance.now()
    expect(await outcome(own().verify(`${header.toString('base64url')}.AA.AA.AA.AA`))).toBe('token.parse.segments')
    expect(await outcome(own().verify(mint(() => Buffer.alloc(64), { header })))).toBe('token.header.forbidden')
    expect(performance.now() - started).toBeLessThan(100)
  })

  test('ECDSA with r = s = 0 (CVE-2022-21449) and a DER signature in place of r ‖ s', async () => {
    const zero = mint(() => Buffer.alloc(64))
    expect(await outcome(own().verify(zero))).toBe('token.signature')
    const { sign } = await import('node:crypto')
    const der = mint((signed) => sign('sha256', Buffer.from(signed), es.privateKey))
    expect(await outcome(own().verify(der))).toBe('token.signature')
  })

  test('RS256 with an EC key (a bare verify would be ECDSA), and every other row with a key of another type', async () => {
    const { createSecretKey, sign } = await import('node:crypto')
    const rows = ['RS256', 'PS256', 'ES256', 'EdDSA', 'HS256'] as const
    const wrongKeys = [es.publicKey, rsa.publicKey, signer('EdDSA').publicKey, createSecretKey(Buffer.alloc(32, 1))]
    const der = mint((signed) => sign('sha256', Buffer.from(signed), es.privateKey), {
      header: { ...goodHeader, alg: 'RS256' },
    })
    const confused: KeySource = { find: () => ({ algorithms: ['RS256'], key: es.publicKey }) }
    expect(await outcome(verifyJws(der, confused, ['RS256']))).toBe('token.signature')
    for (const alg of rows) {
      for (const key of wrongKeys) {
        const token = mint(() => Buffer.alloc(alg === 'HS256' ? 32 : alg === 'RS256' || alg === 'PS256' ? 256 : 64), {
          header: { ...goodHeader, alg },
        })
        expect(await outcome(verifyJws(token, { find: () => ({ algorithms: [alg], key }) }, [alg]))).toBe(
          'token.signature',
        )
      }
    }
  })

  test('a key for one algorithm does not serve another of its family', async () => {
    const pss = mint((signed) => signer('PS256').signature(signed), { header: { ...goodHeader, alg: 'PS256' } })
    const result = (await verifyJws(pss, { find: () => undefined }, ['PS256'])) as VerifiedJws
    expect(isAuthError(result)).toBe(true)
    expect(await outcome(own(rsa.jwk).verify(rsa.mint({ header: { ...goodHeader, alg: 'PS256' } })))).toBe(
      'token.algorithm',
    )
  })
})
