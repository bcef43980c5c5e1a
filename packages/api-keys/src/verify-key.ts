import { type AuthError, authError, type Maybe, type Principal } from '@countersign/http'
import type { Entry, Store } from '@countersign/store'
import { digestsOf, findSecret, type KeyRecord, readRecord, recordKey, type StoredKey } from './key-record.ts'
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

/** A key as it was last read, and what it yields for each of its secrets: a record that stays is parsed once. */
interface KnownKey {
  readonly key: StoredKey
  readonly digests: readonly Buffer[]
  readonly yields: readonly { readonly principal: ApiKeyPrincipal; readonly end: number }[]
}

/** Keys that this process remembers. */
const MAX_KNOWN = 10_000

/** Makes `verify`: synchronous when the store is. */
export function keyVerifier({ prefix, store, now, used }: VerifyOptions) {
  const known = new Map<string, KnownKey>()

  function know(id: string, entry: Entry): KnownKey {
    const before = known.get(id)
    if (before?.key.version === entry.version) return before // a version never comes back
    const key = readRecord(id, entry)
    const { record } = key
    const yields = record.secrets.map(({ until }) => {
      const end = Math.min(record.expiresAt ?? Infinity, until ?? Infinity)
      return { principal: principalOf(id, record, end), end }
    })
    const found = { key, digests: digestsOf(record), yields }
    known.delete(id)
    known.set(id, found)
    if (known.size > MAX_KNOWN) known.delete(known.keys().next().value as string)
    return found
  }

  function decide(id: string, secret: string, entry: Entry | undefined): ApiKeyPrincipal | AuthError {
    if (!entry) return UNKNOWN
    const { key, digests, yields } = know(id, entry)
    const yielded = yields[findSecret(digests, secret)]
    // First the secret: the id is public, and alone earns nothing, not even an event about its key.
    if (!yielded) return SECRET
    if (key.record.revokedAt !== undefined) return REVOKED
    if (now() >= yielded.end) return EXPIRED
    used(key)
    return yielded.principal
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
