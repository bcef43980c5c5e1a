import { hash, timingSafeEqual } from 'node:crypto'
import type { Entry, Write } from '@countersign/store'

/** What is stored at `api-key:<id>`. Times are epoch seconds. */
export interface KeyRecord {
  readonly subject: string
  readonly name?: string
  readonly scopes: readonly string[]
  readonly roles?: readonly string[]
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  readonly lastUsedAt?: number
  /** Where the key stands in its subject's index. */
  readonly place: number
  /** The newest first; the others end at their `until`. */
  readonly secrets: readonly StoredSecret[]
}

export interface StoredSecret {
  readonly sha256: string
  readonly until?: number
}

/** A key of the store with its record and the version to expect when it is replaced. */
export interface StoredKey {
  readonly id: string
  readonly record: KeyRecord
  readonly version: string
}

/** What is known of a key, without its secrets. Times are epoch seconds. */
export interface ApiKeyInfo {
  readonly id: string
  readonly subject: string
  readonly name?: string
  readonly scopes: readonly string[]
  readonly roles?: readonly string[]
  readonly createdAt: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  /** Right to a minute. */
  readonly lastUsedAt?: number
}

/** A key that ended is kept for so long, so that lists and events can say that it did. */
const RETENTION = 30 * 24 * 60 * 60

/**
 * A plain SHA-256. A slow hash makes guesses dear where guessing can succeed: 190 random bits cannot be guessed at any
 * price, and a fast hash keeps `verify` at microseconds.
 */
export function sha256(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** The stored secret that this is, compared in constant time; every stored secret is looked at. */
export function findSecret(record: KeyRecord, secret: string): StoredSecret | undefined {
  const presented = Buffer.from(sha256(secret))
  let found: StoredSecret | undefined
  for (const stored of record.secrets) {
    const bytes = Buffer.from(stored.sha256)
    if (bytes.length === presented.length && timingSafeEqual(bytes, presented)) found = stored
  }
  return found
}

export function recordKey(id: string): string {
  return `api-key:${id}`
}

/** One write of the record. The store forgets it when its retention ends. */
export function writeRecord(id: string, record: KeyRecord, expected: string | null): Write {
  return { key: recordKey(id), value: JSON.stringify(record), expected, ...endOf(record) }
}

/** When the store may forget what belongs to this record: epoch milliseconds, or nothing while the key is good. */
export function endOf(record: KeyRecord): { readonly expiresAt?: number } {
  const end = Math.min(record.expiresAt ?? Infinity, record.revokedAt ?? Infinity)
  return end === Infinity ? {} : { expiresAt: (end + RETENTION) * 1000 }
}

export function readRecord(id: string, entry: Entry): StoredKey {
  try {
    return { id, record: JSON.parse(entry.value) as KeyRecord, version: entry.version }
  } catch {
    // Not as `cause`: a SyntaxError quotes what it read.
    throw new Error(`The stored API key ${id} is not readable. Delete ${recordKey(id)} and make a new one.`)
  }
}

/** True while the key could be presented with success. */
export function isLive({ revokedAt, expiresAt }: KeyRecord, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || now < expiresAt)
}

export function infoOf({ id, record }: Pick<StoredKey, 'id' | 'record'>): ApiKeyInfo {
  const { secrets: _, place: __, ...info } = record
  return Object.freeze({ id, ...info })
}
