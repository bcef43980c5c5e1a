import { createPublicKey, createSecretKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Maybe } from '@countersign/http'
import { type Algorithm, algorithmRow, algorithmsFor } from './algorithm.ts'
import { hasRocaFingerprint } from './roca.ts'

/** A JSON Web Key (RFC 7517), as data. */
export type Jwk = Readonly<Record<string, unknown>>
/** A JWK Set (RFC 7517 section 5), as data. */
export interface JwkSet {
  readonly keys: readonly Jwk[]
}

/** A key that the key policy let in, and the algorithms it may serve. Frozen. */
export interface VerificationKey {
  readonly kid?: string
  readonly algorithms: readonly Algorithm[]
  readonly key: KeyObject
}

/** Finds the key for a header. `undefined` when there is none, or more than one that fits. */
export interface KeySource {
  find(header: { readonly kid?: string; readonly alg: Algorithm }): Maybe<VerificationKey | undefined>
}

const MAX_EXPONENT = 0xffffffffn
const RSA_BITS = { least: 2048, most: 8192 }

/**
 * The key policy. Returns the public (or secret) half as a key to verify with, or a sentence saying why it is refused:
 * RSA under 2048 or over 8192 bits, an even or small exponent (< 65537) or one over 32 bits, a ROCA modulus; an EC point off its curve; an
 * HMAC key shorter than its hash; `alg` that is not registered or not of that key type; `use` other than `sig`;
 * `key_ops` without `verify` (or `sign`, for a key that signs). RFC 7518 section 3, RFC 8725 section 3.5.
 */
export function readKey(jwk: unknown): VerificationKey | string {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'it is not a JSON object'
  const { kty, crv, alg, use, key_ops, kid } = jwk as Jwk
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return 'kid must be a string of ≤ 256 chars'
  if (use !== undefined && use !== 'sig') return 'use is not sig'
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.some((op) => op === 'verify' || op === 'sign')))
    return 'key_ops lacks verify'
  const fitting = algorithmsFor(kty, crv)
  if (fitting.length === 0) return 'no registered signature algorithm has this kind of key'
  if (alg !== undefined && !algorithmRow(alg)) return 'alg is not a registered signature algorithm'
  if (alg !== undefined && !fitting.includes(alg as Algorithm)) return 'alg does not go with this kind of key'
  const key = kty === 'oct' ? secretKey(jwk as Jwk) : publicKey(jwk as Jwk)
  if (typeof key === 'string') return key
  const algorithms = servedBy(key, fitting, alg as Algorithm | undefined)
  if (typeof algorithms === 'string') return algorithms
  return Object.freeze({ ...(typeof kid === 'string' && { kid }), algorithms: Object.freeze(algorithms), key })
}

/** The algorithms of a bare secret or public key, under the same policy. `shortSecret` waives the least length. */
export function servedBy(
  key: KeyObject,
  fitting: readonly Algorithm[],
  alg?: Algorithm,
  shortSecret = false,
): readonly Algorithm[] | string {
  if (key.type === 'secret') {
    const size = key.symmetricKeySize as number
    const long = fitting.filter((name) => shortSecret || size >= (algorithmRow(name)?.bytes as number))
    const wanted = alg === undefined ? long : long.filter((name) => name === alg)
    if (wanted.length > 0) return wanted
    const needed = algorithmRow(alg ?? fitting[0])?.bytes as number
    return `the secret has ${size * 8} bits and ${alg ?? fitting[0]} needs ${needed * 8}`
  }
  const fault = key.asymmetricKeyType === 'rsa' ? rsaFault(key) : undefined
  if (fault) return fault
  if (alg === undefined) return fitting
  return alg === 'EdDSA' || alg === 'Ed25519' ? ['EdDSA', 'Ed25519'] : [alg]
}

function secretKey(jwk: Jwk): KeyObject | string {
  const { k } = jwk
  if (typeof k !== 'string') return 'k is missing'
  const bytes = Buffer.from(k, 'base64url')
  if (bytes.length === 0 || bytes.toString('base64url') !== k) return 'k is not base64url'
  return createSecretKey(bytes)
}

const NODE_TYPE: Readonly<Record<string, string>> = { RSA: 'rsa', EC: 'ec', OKP: 'ed25519' }

function publicKey(jwk: Jwk): KeyObject | string {
  const { kty, crv, n, e, x, y } = jwk
  try {
    const key = createPublicKey({ key: { kty, crv, n, e, x, y } as JsonWebKey, format: 'jwk' })
    return key.asymmetricKeyType === NODE_TYPE[kty as string] ? key : 'its type does not match kty'
  } catch {
    return kty === 'EC' ? 'it is no point on its curve' : 'its members do not make a key'
  }
}

function rsaFault(key: KeyObject): string | undefined {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails as {
    modulusLength: number
    publicExponent: bigint
  }
  if (modulusLength < RSA_BITS.least) return `its modulus has ${modulusLength} bits, and 2048 is the least`
  if (modulusLength > RSA_BITS.most) return `its modulus has ${modulusLength} bits, and 8192 is the most`
  if (publicExponent < 65537n || publicExponent % 2n === 0n) return 'its exponent is even or under 65537'
  // A large one makes each verification fifty times as dear: whoever brings the key would choose what it costs us.
  if (publicExponent > MAX_EXPONENT) return 'its exponent is over 32 bits'
  const { n } = key.export({ format: 'jwk' })
  const modulus = BigInt(`0x${Buffer.from(n as string, 'base64url').toString('hex')}`)
  return hasRocaFingerprint(modulus) ? 'its modulus has the ROCA fingerprint (CVE-2017-15361)' : undefined
}

const THUMBPRINT: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  oct: ['k', 'kty'],
}

/** The RFC 7638 thumbprint of a key (SHA-256, base64url): its name where it has no `kid`. */
export function thumbprint(jwk: Jwk): string {
  const members = THUMBPRINT[jwk.kty as string] ?? ['kty']
  const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))
  return hash('sha256', text, 'base64url')
}
