import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { importJWK, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { derSignature, plainSignature } from './der.ts'
import { signJwt } from './sign.ts'
import { makeKey, readSigningKeys, type SigningAlgorithm } from './signing-keys.ts'

test.each<SigningAlgorithm>(['EdDSA', 'ES256', 'RS256', 'HS256'])('what %s signs, jose verifies', async (alg) => {
  const jwk = await makeKey(alg)
  const keys = readSigningKeys({ keys: [jwk] })
  if (typeof keys === 'string') throw new Error(keys)
  const token = signJwt({ alg, typ: 'at+jwt', kid: keys.kid }, { iss: 'https://é.test', n: 1 }, keys.key)
  const { d: _d, ...open } = jwk
  const { payload, protectedHeader } = await jwtVerify(
    token,
    await importJWK((alg === 'HS256' ? jwk : open) as never, alg),
  )
  expect(payload).toEqual({ iss: 'https://é.test', n: 1 })
  expect(protectedHeader).toEqual({ alg, typ: 'at+jwt', kid: keys.kid })
})

test('DER and r ‖ s: there and back, short numbers and all', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const short = new Set<number>()
  for (let round = 0; round < 600; round++) {
    const text = Buffer.from(`${round}`)
    const der = sign('sha256', text, privateKey)
    const plain = plainSignature(der, 32)
    short.add(der.length)
    expect(plain).toHaveLength(64)
    expect(Buffer.from(derSignature(plain, 32))).toEqual(der)
    expect(verify('sha256', text, { key: publicKey, dsaEncoding: 'ieee-p1363' }, plain)).toBe(true)
  }
  expect(short.size).toBeGreaterThan(2)
})
