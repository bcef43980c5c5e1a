import type { Algorithm } from './algorithm.ts'
import { type Jwk, type JwkSet, type KeySource, readKey, type VerificationKey } from './key.ts'

/** Keys in memory. `find` never waits; `holds` says whether a key found before is still one of them. */
export interface KeySet extends KeySource {
  readonly keys: readonly VerificationKey[]
  find(header: { readonly kid?: string; readonly alg: Algorithm }): VerificationKey | undefined
  holds(key: VerificationKey): boolean
}

/** Keys under their names. A header without `kid` finds a key only when exactly one fits its algorithm. */
export function keySet(keys: readonly VerificationKey[]): KeySet {
  const known = new Set(keys)
  return Object.freeze({
    keys: Object.freeze([...keys]),
    holds: (key: VerificationKey) => known.has(key),
    find({ kid, alg }: { readonly kid?: string; readonly alg: Algorithm }) {
      let found: VerificationKey | undefined
      for (const key of keys) {
        if (!key.algorithms.includes(alg) || (kid !== undefined && key.kid !== kid)) continue
        if (found) return undefined
        found = key
      }
      return found
    },
  })
}

/** One refused key of a set: which, and why. */
export interface RefusedKey {
  readonly index: number
  readonly kid?: string
  readonly reason: string
}

/** Reads a JWK Set: the keys that the policy lets in, and the others with the reason. A string when it is no set. */
export function readKeySet(
  set: unknown,
): { readonly keys: readonly VerificationKey[]; readonly refused: readonly RefusedKey[] } | string {
  const listed = (set as JwkSet | null | undefined)?.keys
  if (typeof set !== 'object' || !Array.isArray(listed)) return 'it has no array "keys"'
  if (listed.length > 100) return `it has ${listed.length} keys, and 100 is the most`
  const secrets = listed.filter((jwk) => (jwk as Jwk | null)?.kty === 'oct').length
  if (secrets > 0 && secrets < listed.length) return 'it mixes secrets with public keys'
  const keys: VerificationKey[] = []
  const refused: RefusedKey[] = []
  for (const [index, jwk] of listed.entries()) {
    const key = readKey(jwk)
    if (typeof key !== 'string') keys.push(key)
    else {
      const kid = (jwk as Jwk | null)?.kid
      refused.push({ index, ...(typeof kid === 'string' && { kid }), reason: key })
    }
  }
  return { keys, refused }
}

/**
 * Keys to verify with, from a JWK or a JWK Set (private ones too: their public half is taken). Throws a TypeError with
 * the reason for the first key that the key policy refuses, for a set of more than 100 keys, and for one that mixes
 * secrets with public keys. RFC 7517; the policy is `readKey`'s.
 */
export function importKeys(keys: Jwk | JwkSet): KeySet {
  const read = readKeySet(keys !== null && typeof keys === 'object' && 'keys' in keys ? keys : { keys: [keys] })
  if (typeof read === 'string') throw new TypeError(`importKeys: the JWK Set is refused: ${read}`)
  const [refused] = read.refused
  if (refused) throw new TypeError(`importKeys: key ${refused.kid ?? refused.index} is refused: ${refused.reason}`)
  if (read.keys.length === 0) throw new TypeError('importKeys: the JWK Set is empty')
  return keySet(read.keys)
}
