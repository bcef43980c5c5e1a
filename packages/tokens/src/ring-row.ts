import type { KeyInfo } from './issuer.ts'
import type { Jwk } from './key.ts'
import type { PlacedKey, RingTimes } from './key-ring.ts'
import type { SigningAlgorithm } from './signing-keys.ts'

/** A key as it is stored: the whole, sealed where there is a secret for that. */
export interface StoredKey extends RingTimes {
  readonly algorithm: SigningAlgorithm
  readonly jwk: Jwk | string
}

/** What may be told of it. */
export function infoOf({ key, state, signsUntil, goneAt }: PlacedKey<StoredKey>): KeyInfo {
  const { kid, algorithm, publishedAt, signsFrom } = key
  return {
    kid,
    algorithm,
    state,
    publishedAt,
    signsFrom,
    ...(signsUntil !== undefined && { signsUntil }),
    ...(goneAt !== undefined && { goneAt }),
  }
}

/** The ring as it is stored. No word of the parser's in an error: it would quote a key. */
export function ringOf(value: string): readonly StoredKey[] {
  try {
    const { keys } = JSON.parse(value) as { readonly keys: readonly StoredKey[] }
    if (Array.isArray(keys) && keys.length > 0 && keys.every(isStored)) return keys
  } catch {}
  throw new Error('localIssuer: the keys in the store cannot be read; restore the entry, or delete it for a new key')
}

function isStored(key: Partial<StoredKey> | null): boolean {
  return typeof key?.kid === 'string' && Number.isSafeInteger(key.signsFrom) && Number.isSafeInteger(key.publishedAt)
}
