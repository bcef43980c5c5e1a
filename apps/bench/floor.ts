// The floor: what anybody would write on node:crypto in an afternoon, with nothing of a library's care.
import {
  createHmac,
  createPublicKey,
  createSecretKey,
  hash,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { Settings } from './settings.ts'

export interface FloorClaims {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly exp: number
}
export type FloorVerifier = (token: string) => FloorClaims | undefined

/** Signature, `iss`, `aud` and `exp`; `undefined` for a token that is wrong. */
export function floor(settings: Settings): FloorVerifier {
  const { algorithm, issuer, audience } = settings
  const key = settings.secret
    ? createSecretKey(Buffer.from(settings.secret))
    : createPublicKey(settings.publicKey as string)
  const isSigned = SIGNED[algorithm]
  return (token) => {
    const first = token.indexOf('.')
    const second = token.indexOf('.', first + 1)
    if (first < 1 || second < 0) return undefined
    try {
      const { alg } = JSON.parse(Buffer.from(token.slice(0, first), 'base64url').toString())
      if (alg !== algorithm) return undefined
      const signature = Buffer.from(token.slice(second + 1), 'base64url')
      if (!isSigned(key, Buffer.from(token.slice(0, second), 'latin1'), signature)) return undefined
      const claims = JSON.parse(Buffer.from(token.slice(first + 1, second), 'base64url').toString())
      return claims.iss === issuer && claims.aud === audience && claims.exp * 1000 > Date.now() ? claims : undefined
    } catch {
      return undefined
    }
  }
}

/** The same behind a map from the SHA-256 of the token. The oldest goes first. */
export function floorWithMap(settings: Settings, entries = 10_000): FloorVerifier {
  const judge = floor(settings)
  const held = new Map<string, FloorClaims>()
  return (token) => {
    const digest = hash('sha256', token, 'base64url')
    const hit = held.get(digest)
    if (hit) return hit.exp * 1000 > Date.now() ? hit : undefined
    const claims = judge(token)
    if (!claims) return undefined
    if (held.size >= entries) held.delete(held.keys().next().value as string)
    held.set(digest, claims)
    return claims
  }
}

// A bare KeyObject, and DER for ECDSA: the options object and `dsaEncoding` cost Node 9 µs each.
const SIGNED: Record<Settings['algorithm'], (key: KeyObject, data: Buffer, signature: Buffer) => boolean> = {
  HS256: (key, data, signature) =>
    signature.length === 32 && timingSafeEqual(createHmac('sha256', key).update(data).digest(), signature),
  RS256: (key, data, signature) => key.asymmetricKeyType === 'rsa' && verify('sha256', data, key, signature),
  ES256: (key, data, signature) => signature.length === 64 && verify('sha256', data, key, der(signature)),
  EdDSA: (key, data, signature) => verify(null, data, key, signature),
}

function der(signature: Buffer): Buffer {
  const r = integer(signature.subarray(0, 32))
  const s = integer(signature.subarray(32))
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s])
}

function integer(bytes: Buffer): Buffer {
  let at = 0
  while (at < 31 && bytes[at] === 0) at++
  const padded = (bytes[at] as number) > 127 ? [0] : []
  return Buffer.concat([Buffer.from([2, bytes.length - at + padded.length, ...padded]), bytes.subarray(at)])
}
