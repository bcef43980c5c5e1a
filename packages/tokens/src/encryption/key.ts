import type { Jwk, JwkSet } from '../key.ts'
import { hasRocaFingerprint } from '../roca.ts'
import { KEY_ALGORITHMS, type KeyAlgorithm, NAMED_ALGORITHMS } from './algorithms.ts'

/** A key to encrypt to or to decrypt with, and what it may serve. */
export interface EncryptionKey {
  readonly kid: string | undefined
  readonly algorithms: readonly KeyAlgorithm[]
  readonly jwk: Jwk
}

/** Bytes of a secret that its algorithm needs. */
const SECRET_BYTES: Readonly<Record<string, number>> = {
  A128KW: 16,
  A192KW: 24,
  A256KW: 32,
  A128GCMKW: 16,
  A192GCMKW: 24,
  A256GCMKW: 32,
}
const CURVES: Readonly<Record<string, readonly string[]>> = { EC: ['P-256', 'P-384', 'P-521'], OKP: ['X25519'] }

/**
 * The keys of a JWK or JWK Set, under the key policy. Throws a TypeError with the reason for the first that it refuses: RSA
 * under 2048 bits, with a small exponent or a ROCA modulus, a curve that is not for agreement, a secret of another length
 * than its algorithm needs, `use` other than `enc`, an `alg` that is not one of ours (RSA1_5).
 */
export function encryptionKeys(maker: string, keys: Jwk | JwkSet): readonly EncryptionKey[] {
  const listed = keys !== null && typeof keys === 'object' && 'keys' in keys ? (keys as JwkSet).keys : [keys as Jwk]
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > 100)
    throw new TypeError(`${maker}: keys must be a JWK, or a JWK Set of 1 to 100 keys`)
  return listed.map((jwk, at) => {
    const read = readEncryptionKey(jwk)
    if (typeof read === 'string') throw new TypeError(`${maker}: key ${jwk?.kid ?? at} is refused: ${read}`)
    return read
  })
}

function readEncryptionKey(jwk: Jwk): EncryptionKey | string {
  if (typeof jwk !== 'object' || jwk === null) return 'it is not a JSON object'
  const { kty, crv, use, alg, kid } = jwk
  const fitting = KEY_ALGORITHMS[`${kty}`]
  if (!fitting) return 'no encryption algorithm has this kind of key'
  if (use !== undefined && use !== 'enc') return 'use is not enc'
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return 'kid must be a string of ≤ 256 chars'
  if (CURVES[`${kty}`]?.includes(`${crv}`) === false) return 'its curve is not for key agreement'
  const fault = kty === 'RSA' ? rsaFault(jwk) : kty === 'oct' ? secretFault(jwk) : undefined
  if (fault) return fault
  if (alg !== undefined && !isServedBy(alg, `${kty}`)) return 'alg is not one that is offered for this kind of key'
  const algorithms = alg === undefined ? fitting.filter((one) => fitsSecret(jwk, one)) : [alg as KeyAlgorithm]
  return { kid, algorithms, jwk }
}

function isServedBy(alg: unknown, kty: string): boolean {
  if (!NAMED_ALGORITHMS.includes(alg as KeyAlgorithm)) return false
  const name = alg as string
  return (
    (KEY_ALGORITHMS[kty] as readonly string[]).includes(name) ||
    (kty === 'RSA' && name === 'RSA-OAEP') ||
    (kty === 'oct' && name.startsWith('PBES2'))
  )
}

function rsaFault({ n, e }: Jwk): string | undefined {
  if (typeof n !== 'string' || typeof e !== 'string') return 'n or e is missing'
  const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex') || '0'}`)
  const exponent = BigInt(`0x${Buffer.from(e, 'base64url').toString('hex') || '0'}`)
  const bits = modulus.toString(2).length
  if (bits < 2048 || bits > 8192) return `its modulus has ${bits} bits, and 2048 to 8192 is what is taken`
  if (exponent < 65537n || exponent % 2n === 0n) return 'its exponent is even or under 65537'
  if (exponent > 0xffffffffn) return 'its exponent is over 32 bits'
  return hasRocaFingerprint(modulus) ? 'its modulus has the ROCA fingerprint (CVE-2017-15361)' : undefined
}

function secretFault(jwk: Jwk): string | undefined {
  if (typeof jwk.k !== 'string') return 'k is missing'
  const alg = `${jwk.alg}`
  const needed = SECRET_BYTES[alg]
  const bytes = Buffer.from(jwk.k, 'base64url').length
  if (needed !== undefined && bytes !== needed) return `the secret has ${bytes} bytes, and ${alg} needs ${needed}`
  return bytes < 16 && !alg.startsWith('PBES2') ? `the secret has ${bytes} bytes, and 16 is the least` : undefined
}

function fitsSecret({ kty, k }: Jwk, alg: KeyAlgorithm): boolean {
  const needed = SECRET_BYTES[alg]
  return kty !== 'oct' || needed === undefined || Buffer.from(k as string, 'base64url').length === needed
}
