import { isKey, isText } from './key.ts'
import type { Write } from './store.ts'

/** Writes that one commit may have. */
const WRITES = 8

/** Throws a TypeError for writes that no store takes: a mistake of the caller, found before anything is written. */
export function checkWrites(writes: readonly Write[]): void {
  if (!Array.isArray(writes)) throw new TypeError('commit: writes must be an array of { key, value }')
  if (writes.length > WRITES) {
    throw new TypeError(`commit: at most ${WRITES} writes are one commit, got ${writes.length}; split them`)
  }
  const keys = new Set<string>()
  for (const { key, value, expected, expiresAt } of writes) {
    if (typeof key !== 'string' || !isKey(key)) {
      throw new TypeError('commit: key must be text of 1 to 1024 characters, without U+0000; hash what is longer')
    }
    if (keys.has(key)) throw new TypeError('commit: each key may be written once in a commit; merge the writes')
    keys.add(key)
    if (value !== undefined && (typeof value !== 'string' || !isText(value))) {
      throw new TypeError('commit: value must be text without U+0000, or undefined to delete; use JSON or base64url')
    }
    if (expected !== undefined && expected !== null && typeof expected !== 'string') {
      throw new TypeError('commit: expected must be a version from get, or null for "must not exist"')
    }
    if (expiresAt !== undefined && !Number.isFinite(expiresAt)) {
      throw new TypeError('commit: expiresAt must be epoch milliseconds; leave it out for an entry that stays')
    }
  }
}

/** The number of entries a scan returns: 100 unless told, 1000 at most. */
export function pageSize(limit: number | undefined): number {
  if (limit === undefined) return 100
  if (!Number.isInteger(limit) || limit < 1) throw new TypeError('scan: limit must be a whole number from 1 to 1000')
  return Math.min(limit, 1000)
}

/** The clock of the options, or the machine's. */
export function clockOf(maker: string, clock: (() => number) | undefined): () => number {
  if (clock === undefined) return () => Date.now()
  if (typeof clock !== 'function') throw new TypeError(`${maker}: clock must be a function to epoch milliseconds`)
  return clock
}

/** A time as databases keep it: whole milliseconds, not before 1970 and not beyond what a number counts exactly. */
export function wholeTime(milliseconds: number): number {
  return Math.min(Math.max(Math.floor(milliseconds), 0), Number.MAX_SAFE_INTEGER)
}
