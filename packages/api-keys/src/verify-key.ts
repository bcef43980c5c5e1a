import { type AuthError, authError, type Maybe, type Principal } from '@countersign/http'
import type { Entry, Store } from '@countersign/store'
import { findSecret, type KeyRecord, readRecord, recordKey, type StoredKey, sha256 } from './key-record.ts'
import { type KeyText, MAX_KEY, readKey } from './key-text.ts'

/** Who a key speaks for. `expiresAt` is the end of the key or of a rotation's overlap, whichever is sooner. */
export interface ApiKeyPrincipal extends Principal {
  readonly scopes: readonly string[]
  /** The public id of the key, also in `credential.id`. */
  readonly keyId: string
  readonly name?: string
  readonly credential: { readonly id: string }
}

const FORMAT = authError('invalid_token', 'api-key.format')
const UNKNOWN = authError('invalid_token', 'api-key.unknown')
const SECRET = authError('invalid_token', 'api-key.secret')
const REVOKED = authError('invalid_token', 'api-key.revoked')
const EXPIRED = authError('invalid_token', 'api-key.expired')

export interface VerifyOptions {
  readonly prefix: string
  readonly store: Pick<Store, 'get'>
  /** Epoch seconds. */
  readonly now: () => number
  /** Told of every success; must neither throw nor wait. */
  readonly used: (key: StoredKey) => void
}

/** A key that was right, for as long as its record stays as it is. */
interface RightKey {
  readonly name: string
  readonly version: string
  readonly key: StoredKey
  readonly principal: ApiKeyPrincipal
  readonly end: number
}

/** Keys that this process remembers. */
const MAX_RIGHT = 10_000

/** Makes `verify`: synchronous when the store is. */
export function keyVerifier({ prefix, store, now, used }: VerifyOptions) {
  // By the SHA-256 of the whole key: no secret lies here.
  const right = new Map<string, RightKey>()

  function decide(text: KeyText, digest: string, entry: Entry | undefined): ApiKeyPrincipal | AuthError {
    if (!entry) return UNKNOWN
    const key = readRecord(text.id, entry)
    const { record } = key
    const matching = findSecret(record, text.secret)
    // First the secret: the id is public, and alone earns nothing, not even an event about its key.
    if (!matching) return SECRET
    if (record.revokedAt !== undefined) return REVOKED
    const end = Math.min(record.expiresAt ?? Infinity, matching.until ?? Infinity)
    if (now() >= end) return EXPIRED
    const principal = principalOf(text.id, record, end)
    if (right.size === MAX_RIGHT) right.delete(right.keys().next().value as string)
    right.set(digest, { name: recordKey(text.id), version: entry.version, key, principal, end })
    used(key)
    return principal
  }

  /** Its record is asked for each time; what has not changed is not judged again: a version never comes back. */
  function again(
    known: RightKey,
    whole: string,
    digest: string,
    entry: Entry | undefined,
  ): ApiKeyPrincipal | AuthError {
    if (entry?.version !== known.version) {
      right.delete(digest)
      return decide(readKey(prefix, whole) as KeyText, digest, entry)
    }
    if (now() >= known.end) return EXPIRED
    used(known.key)
    return known.principal
  }

  return function verify(key: string): Maybe<ApiKeyPrincipal | AuthError> {
    if (typeof key !== 'string' || key.length > MAX_KEY) return FORMAT
    const digest = sha256(key)
    const known = right.get(digest)
    if (known) {
      const entry = store.get(known.name)
      if (entry !== undefined && 'then' in entry) return entry.then((found) => again(known, key, digest, found))
      return again(known, key, digest, entry)
    }
    const text = readKey(prefix, key)
    if (!text) return FORMAT
    const entry = store.get(recordKey(text.id))
    if (entry !== undefined && 'then' in entry) return entry.then((found) => decide(text, digest, found))
    return decide(text, digest, entry)
  }
}

function principalOf(id: string, { subject, scopes, roles, name }: KeyRecord, end: number): ApiKeyPrincipal {
  return Object.freeze({
    subject,
    scopes: Object.freeze(scopes),
    ...(roles && { roles: Object.freeze(roles) }),
    ...(name !== undefined && { name }),
    ...(end !== Infinity && { expiresAt: end }),
    keyId: id,
    credential: Object.freeze({ id }),
  })
}
