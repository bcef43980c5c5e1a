import { type AuthError, isAuthError, type Maybe, Unavailable } from '@countersign/http'
import { expect, expectTypeOf, test } from 'vitest'
import { goodHeader, mint, signer } from '../test/mint.ts'
import { importKeys, type KeySource, type VerifiedJws, verifyJws } from './index.ts'

const es = signer('ES256')
const keys = importKeys(es.publicJwk)

test('gives header and payload, whatever the payload is, without a promise', () => {
  const payload = Buffer.from([0, 255, 1])
  const result = verifyJws(es.mint({ claims: payload }), keys, ['ES256'])
  expectTypeOf(result).toEqualTypeOf<Maybe<VerifiedJws | AuthError>>()
  expect(result).toEqual({ header: { ...goodHeader }, payload })
})

test('waits for a key source that does, and passes on what it rejects with', async () => {
  const slow: KeySource = { find: async (header) => keys.find(header) }
  expect(await verifyJws(es.mint(), slow, ['ES256'])).toHaveProperty('payload')
  expect(await verifyJws(signer('ES256').mint(), slow, ['ES256'])).toMatchObject({ reason: 'token.signature' })
  const down: KeySource = { find: () => Promise.reject(new Unavailable('the key source')) }
  await expect(verifyJws(es.mint(), down, ['ES256'])).rejects.toBeInstanceOf(Unavailable)
})

test('asks the source for nothing but kid and an algorithm of the list', () => {
  const asked: unknown[] = []
  const source: KeySource = { find: (header) => void asked.push(header) }
  verifyJws(es.mint(), source, ['ES256'])
  verifyJws(mint(es.signature, { header: { alg: 'ES256' } }), source, ['ES256'])
  verifyJws(mint(es.signature, { header: { alg: 'HS256' } }), source, ['ES256'])
  expect(asked).toEqual([{ alg: 'ES256', kid: 'k1' }, { alg: 'ES256' }])
})

test('refuses over 8192 bytes, well signed or not', () => {
  const long = es.mint({ claims: Buffer.alloc(7000) })
  expect(long.length).toBeGreaterThan(8192)
  expect(verifyJws(long, keys, ['ES256'])).toMatchObject({ reason: 'token.parse.length' })
  expect(isAuthError(verifyJws(undefined as never, keys, ['ES256']))).toBe(true)
})

test('EdDSA and Ed25519 are two names of one algorithm (RFC 9864)', () => {
  const ed = signer('EdDSA')
  for (const alg of ['EdDSA', 'Ed25519'] as const) {
    const token = ed.mint({ header: { alg } })
    expect(verifyJws(token, importKeys(ed.publicJwk), ['EdDSA', 'Ed25519'])).toHaveProperty('payload')
    expect(verifyJws(token, importKeys({ ...ed.publicJwk, alg: 'Ed25519' }), [alg])).toHaveProperty('payload')
  }
})

test('RFC 8037 appendix A.4', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  const jws =
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
  const result = verifyJws(jws, importKeys(jwk), ['EdDSA']) as VerifiedJws
  expect(Buffer.from(result.payload).toString()).toBe('Example of Ed25519 signing')
})
