import { type AuthError, authError, type Maybe, type Principal } from '@countersign/http'
import type { Entry, Store } from '@countersign/store'
import { findSecret, type KeyRecord, readRecord, recordKey, type StoredKey } from './key-record.ts'
import { readKey } from './key-text.ts'

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

/** Makes `verify`: synchronous when the store is. */
export function keyVerifier({ prefix, store, now, used }: VerifyOptions) {
  function decide(id: string, secret: string, entry: Entry | undefined): ApiKeyPrincipal | AuthError {
    if (!entry) return UNKNOWN
    const key = readRecord(id, entry)
    const { record } = key
    const matching = findSecret(record, secret)
    // First the secret: the id is public, and alone earns nothing, not even an event about its key.
    if (!matching) return SECRET
    if (record.revokedAt !== undefined) return REVOKED
    const end = Math.min(record.expiresAt ?? Infinity, matching.until ?? Infinity)
    if (now() >= end) return EXPIRED
    used(key)
    return principalOf(id, record, end)
  }

  return function verify(key: string): Maybe<ApiKeyPrincipal | AuthError> {
    const text = readKey(prefix, key)
    if (!text) return FORMAT
    const entry = store.get(recordKey(text.id))
    if (entry !== undefined && 'then' in entry) return entry.then((found) => decide(text.id, text.secret, found))
    return decide(text.id, text.secret, entry)
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
