import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { JwkSet } from '@countersign/tokens'

export type TestAlgorithm = 'EdDSA' | 'ES256' | 'RS256' | 'HS256'

/** What a test issuer signs with, in both shapes: keys for `localIssuer`, a function for tokens of any shape. */
export interface Signer {
  readonly algorithm: TestAlgorithm
  readonly keys: JwkSet
  /** What anybody may know: none of a shared secret. */
  readonly publicKeys: JwkSet['keys'] | undefined
  sign(bytes: Uint8Array): Buffer
}

const KEY_PAIRS: Readonly<Record<Exclude<TestAlgorithm, 'HS256'>, () => { readonly privateKey: KeyObject }>> = {
  EdDSA: () => generateKeyPairSync('ed25519'),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const ALGORITHMS: readonly unknown[] = [...Object.keys(KEY_PAIRS), 'HS256']
/** RFC 7518 section 3.2. */
const LEAST_SECRET = 32
const KID = 'test'

/** A key of its own, or for HS256 the secret that was given. Throws a TypeError that shows nothing of it. */
export function signerOf(algorithm: TestAlgorithm, secret: string | Uint8Array | undefined): Signer {
  if (!ALGORITHMS.includes(algorithm))
    throw new TypeError(`testIssuer: algorithm must be one of ${ALGORITHMS.join(', ')}`)
  if (algorithm === 'HS256') return sharedSigner(bytesOf(secret))
  if (secret !== undefined)
    throw new TypeError("testIssuer: secret goes with algorithm: 'HS256'; the others make a key of their own")
  const { privateKey } = KEY_PAIRS[algorithm]()
  const hash = algorithm === 'EdDSA' ? null : 'sha256'
  const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = privateKey.export({ format: 'jwk' })
  return {
    algorithm,
    keys: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: algorithm, kid: KID }] } as JwkSet,
    publicKeys: [{ ...rest, alg: algorithm, kid: KID }],
    sign: (bytes) => sign(hash, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
}

function sharedSigner(secret: Uint8Array): Signer {
  return {
    algorithm: 'HS256',
    keys: { keys: [{ kty: 'oct', k: Buffer.from(secret).toString('base64url'), alg: 'HS256', kid: KID }] },
    publicKeys: undefined,
    sign: (bytes) => createHmac('sha256', secret).update(bytes).digest(),
  }
}

function bytesOf(secret: unknown): Uint8Array {
  if (secret === undefined) return randomBytes(LEAST_SECRET)
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret
  if (bytes instanceof Uint8Array && bytes.length >= LEAST_SECRET) return bytes
  const got = bytes instanceof Uint8Array ? `${bytes.length} bytes` : secret === null ? 'null' : typeof secret
  throw new TypeError(
    `testIssuer: secret must be what the application verifies with, text or bytes, at least ${LEAST_SECRET} bytes; got ${got}`,
  )
}
