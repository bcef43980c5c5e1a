import { type AuthError, authError, checkOptions, type Maybe, Refused, Unavailable } from '@countersign/http'
import type { Store } from '@countersign/store'
import { publishKey } from './event.ts'
import {
  type ApiKeyInfo,
  infoOf,
  isLive,
  type KeyRecord,
  readRecord,
  recordKey,
  type StoredKey,
  sha256,
  writeRecord,
} from './key-record.ts'
import { checkNewKey, checkOverlap, checkOwner, checkSubject, type NewApiKey } from './key-request.ts'
import { checkPrefix, isKeyId, newKeyId, newSecret, writeKey } from './key-text.ts'
import { lastUse } from './last-use.ts'
import { freePlace, placesOf, writePlace } from './subject-index.ts'
import { type ApiKeyPrincipal, keyVerifier } from './verify-key.ts'

export interface ApiKeysOptions {
  /** Stands before every key, so that people and scanners see whose it is: `acme`, `acme_live`. At most 32 characters. */
  readonly prefix: string
  readonly store: Store
  /** Epoch milliseconds: `Date.now`. */
  readonly clock?: () => number
  /** `false`: the last use of a key is not written. */
  readonly lastUsed?: boolean
}

/** A key just made. `key` is shown this once: only its SHA-256 is kept. */
export interface CreatedApiKey extends ApiKeyInfo {
  readonly key: string
}

/** Someone else's key is as if it were not there. Checked in the same atomic step as the change. */
export interface OwnedBy {
  readonly subject?: string
}

export interface ApiKeys {
  /**
   * The principal, frozen; or `invalid_token` (401), whose private reason is `api-key.format` (the store was not
   * asked), `.unknown`, `.secret`, `.revoked` or `.expired`. Synchronous when the store is. Rejects with `Unavailable`
   * when the store does.
   */
  verify(key: string): Maybe<ApiKeyPrincipal | AuthError>
  /** Resolves to the new key. Rejects with `Refused` `conflict` (409) when the subject has 100 live keys. */
  create(key: NewApiKey): Promise<CreatedApiKey>
  /** The subject's keys, the oldest first, at most 100; those that ended stay up to 30 days, while there is room. */
  list(subject: string): Promise<readonly ApiKeyInfo[]>
  get(id: string, owner?: OwnedBy): Promise<ApiKeyInfo | undefined>
  /**
   * Resolves to a new key text under the same id, or undefined when there is no live key of that id. The text before it
   * works for `overlap` more seconds: 3600 by default, 0 ends it at once. Texts before that one end no later. Of concurrent
   * rotations one wins; the others reject with `Refused` `conflict` (409), as does a fourth within one overlap.
   */
  rotate(id: string, options?: OwnedBy & { readonly overlap?: number }): Promise<CreatedApiKey | undefined>
  /** Resolves to true when this call ended the key; false when there is no live key of that id. Ends every text of it. */
  revoke(id: string, owner?: OwnedBy): Promise<boolean>
}

/** Secrets of one key that may be good at the same time. */
const MAX_SECRETS = 4
/** Tries before a change gives up: each lost try means that another change of the same key succeeded. */
const MAX_TRIES = 100

const FULL = authError('conflict', 'api-key.too-many', {
  detail: 'This owner has as many API keys as there may be. Revoke one first.',
})
const ROTATED = authError('conflict', 'api-key.rotated', {
  detail: 'This API key was rotated by someone else, or too often within the overlap.',
})

/** API keys of one prefix, in a store. Throws a TypeError when an option is wrong. */
export function apiKeys(options: ApiKeysOptions): ApiKeys {
  checkApiKeys(options)
  const { prefix, store, clock = () => Date.now() } = options
  const now = () => Math.floor(clock() / 1000)
  const used = options.lastUsed === false ? () => {} : lastUse(store, now)

  async function find(id: string, { subject }: OwnedBy): Promise<StoredKey | undefined> {
    if (!isKeyId(id)) return undefined
    const entry = await store.get(recordKey(id))
    const key = entry && readRecord(id, entry)
    return key && (subject === undefined || key.record.subject === subject) ? key : undefined
  }

  /** Replaces a live key's record in one commit, again when someone else was first. Undefined: no live key. */
  async function change(id: string, owner: OwnedBy, next: (record: KeyRecord) => KeyRecord) {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const key = await find(id, owner)
      if (!key || !isLive(key.record, now())) return undefined
      const record = next(key.record)
      if (await store.commit([writeRecord(id, record, key.version), writePlace(id, record)])) return { id, record }
    }
    throw new Unavailable('The API key store')
  }

  async function create(request: NewApiKey): Promise<CreatedApiKey> {
    const wanted = checkNewKey(request, now())
    const secret = newSecret()
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const place = await freePlace(store, wanted.subject, now())
      if (!place) throw new Refused(FULL)
      const id = newKeyId()
      const record = { ...wanted, createdAt: now(), place: place.number, secrets: [{ sha256: sha256(secret) }] }
      const index = { ...writePlace(id, record), expected: place.expected }
      const writes = [writeRecord(id, record, null), index, ...place.replaced]
      if (await store.commit(writes)) {
        publishKey('api_key_created', id, record.subject)
        return Object.freeze({ ...infoOf({ id, record }), key: writeKey(prefix, { id, secret }) })
      }
    }
    throw new Unavailable('The API key store')
  }

  async function rotate(id: string, options: OwnedBy & { readonly overlap?: number } = {}) {
    checkOptions('rotate', options, ['overlap', 'subject'])
    checkOwner('rotate', options)
    const { overlap = 3600 } = options
    checkOverlap(overlap)
    const secret = newSecret()
    let current: string | undefined
    const changed = await change(id, options, (record) => {
      const newest = record.secrets[0]?.sha256
      // Another rotation was first: its caller holds the newest text, and this one must not end it.
      if (current !== undefined && current !== newest) throw new Refused(ROTATED)
      current = newest
      const time = now()
      const until = time + overlap
      const kept = record.secrets
        .map((stored) => ({ ...stored, until: Math.min(stored.until ?? until, until) }))
        .filter((stored) => stored.until > time)
      if (kept.length >= MAX_SECRETS) throw new Refused(ROTATED)
      return { ...record, secrets: [{ sha256: sha256(secret) }, ...kept] }
    })
    if (!changed) return undefined
    publishKey('api_key_rotated', id, changed.record.subject)
    return Object.freeze({ ...infoOf(changed), key: writeKey(prefix, { id, secret }) })
  }

  return {
    verify: keyVerifier({ prefix, store, now, used }),
    create,
    list: async (subject) => {
      checkSubject(subject)
      const keys = await Promise.all((await placesOf(store, subject)).map(({ id }) => find(id, { subject })))
      return keys
        .filter((key) => key !== undefined)
        .sort((a, b) => a.record.createdAt - b.record.createdAt || (a.id < b.id ? -1 : 1))
        .map(infoOf)
    },
    get: async (id, owner = {}) => {
      checkOptions('get', owner, ['subject'])
      checkOwner('get', owner)
      const key = await find(id, owner)
      return key && infoOf(key)
    },
    rotate,
    revoke: async (id, owner = {}) => {
      checkOptions('revoke', owner, ['subject'])
      checkOwner('revoke', owner)
      const changed = await change(id, owner, (record) => ({ ...record, revokedAt: now() }))
      if (changed) publishKey('api_key_revoked', id, changed.record.subject)
      return changed !== undefined
    },
  }
}

function checkApiKeys(options: ApiKeysOptions): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('apiKeys takes { prefix, store }.')
  checkOptions('apiKeys', options, ['prefix', 'store', 'clock', 'lastUsed'])
  const { prefix, store, clock, lastUsed } = options
  checkPrefix(prefix)
  const holds = (['get', 'commit', 'scan'] as const).every((verb) => typeof store?.[verb] === 'function')
  if (!holds)
    throw new TypeError("apiKeys: `store` must be a store. Pass sqliteStore('keys.db') of @countersign/store.")
  if (clock !== undefined && typeof clock !== 'function') {
    throw new TypeError('apiKeys: `clock` must be a function returning epoch milliseconds. Leave it out for Date.now.')
  }
  if (lastUsed !== undefined && typeof lastUsed !== 'boolean') {
    throw new TypeError('apiKeys: `lastUsed` must be true or false. Leave it out to write the last use of each key.')
  }
}
