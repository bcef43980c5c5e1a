import {
  createPrivateKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { exportJWK } from 'jose/key/export'
import { generateKeyPair } from 'jose/key/generate/keypair'
import { type Jwk, type JwkSet, readKey, thumbprint } from './key.ts'
import { type KeySet, keySet, readKeySet } from './key-set.ts'

/** What an issuer signs with: EdDSA unless told otherwise; HS256 only where nobody else verifies. */
export type SigningAlgorithm = 'EdDSA' | 'ES256' | 'RS256' | 'HS256'
export const SIGNING: readonly SigningAlgorithm[] = ['EdDSA', 'ES256', 'RS256', 'HS256']

/** The keys of an issuer: one signs, all verify, and the public halves are published. */
export interface SigningKeys {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly key: KeyObject
  readonly verifying: KeySet
  /** Without secrets: an HS256 issuer publishes nothing. */
  readonly published: JwkSet
}

const BY_KTY: Readonly<Record<string, SigningAlgorithm>> = { RSA: 'RS256', EC: 'ES256', OKP: 'EdDSA', oct: 'HS256' }

/** Private JWKs as signing keys; a string says why they are refused. The first signs. */
export function readSigningKeys(jwks: unknown): SigningKeys | string {
  const listed = (jwks as JwkSet | null | undefined)?.keys
  if (!Array.isArray(listed) || listed.length === 0) return 'it must be a JWK Set with at least one private key'
  const named = listed.map(complete)
  const read = readKeySet({ keys: named })
  if (typeof read === 'string') return read
  const [refused] = read.refused
  if (refused) return `key ${refused.kid ?? refused.index}: ${refused.reason}`
  const first = named[0] as Jwk
  if (!SIGNING.includes(first.alg as SigningAlgorithm))
    return `key ${first.kid}: alg of the first must be one of ${SIGNING.join(', ')}`
  if (new Set(named.map(({ kid }) => kid)).size < named.length) return 'two keys have the same kid'
  const key = privateKey(first)
  if (typeof key === 'string') return `key ${first.kid}: ${key}`
  return {
    kid: first.kid as string,
    algorithm: first.alg as SigningAlgorithm,
    key,
    verifying: keySet(read.keys),
    published: { keys: named.filter(({ kty }) => kty !== 'oct').map(publicHalf) },
  }
}

/** A new private key, with its name. */
export async function makeKey(algorithm: SigningAlgorithm): Promise<Jwk> {
  if (algorithm === 'HS256') return complete({ kty: 'oct', k: randomBytes(32).toString('base64url') })
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return complete({ ...(await exportJWK(privateKey)) })
}

/** With `alg` and `kid` spelled out: by the type of the key, and by its thumbprint. */
function complete(jwk: Jwk): Jwk {
  const kty = String(jwk?.kty)
  const alg = jwk?.alg === 'Ed25519' ? 'EdDSA' : (jwk?.alg ?? BY_KTY[kty])
  return { ...jwk, alg, kid: jwk?.kid ?? thumbprint(jwk ?? {}) }
}

const PROBE = Buffer.from('countersign')

function privateKey(jwk: Jwk): KeyObject | string {
  if (jwk.kty === 'oct') return createSecretKey(Buffer.from(jwk.k as string, 'base64url'))
  if (typeof jwk.d !== 'string') return 'the first key signs, so it must be private'
  try {
    const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
    const shown = readKey(publicHalf(jwk))
    if (typeof shown === 'string') return shown
    // Import does not compare the halves; a signature does.
    const hash = jwk.kty === 'OKP' ? null : 'sha256'
    const matches = verify(hash, PROBE, shown.key, sign(hash, PROBE, key))
    return matches ? key : 'its private half is not that of its public half'
  } catch {
    return 'its members do not make a private key'
  }
}

const PUBLIC = ['kty', 'kid', 'alg', 'crv', 'x', 'y', 'n', 'e']

function publicHalf(jwk: Jwk): Jwk {
  const members = PUBLIC.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]])
  return Object.freeze({ ...Object.fromEntries(members), use: 'sig' })
}
