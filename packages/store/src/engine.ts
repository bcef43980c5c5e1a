import type { Entry, Write } from './store.ts'

/** A stored entry or the deletion of one, as an engine tells it: `value: undefined` is a deletion. */
export interface Row {
  readonly key: string
  readonly value: string | undefined
  /** Digits; another one at each write of a key. */
  readonly version: string
  readonly expiresAt?: number
}

/** Changes since a cursor, in order per key. */
export interface Changes {
  readonly cursor: string
  readonly rows: readonly Row[]
  /** There are more: ask again from this cursor. */
  readonly more?: boolean
}

/**
 * A database elsewhere, as `engineStore` drives it. Each method is one atomic round trip, gets arguments that were checked
 * (times are whole epoch milliseconds, versions are digits), and rejects when the database does not answer. What ends at
 * `now` or before is not there.
 */
export interface Engine {
  /** In messages: `Redis`, `PostgreSQL`. Nothing secret. */
  readonly name: string
  /** Called before the first call, and again after the guard gave the database up: whether tables are there. A TypeError says what must be changed. */
  prepared(): Promise<boolean>
  /** Makes the tables; several processes may do so at once. */
  migrate(): Promise<void>
  get(key: string, now: number): Promise<Entry | undefined>
  commit(writes: readonly Write[], now: number): Promise<boolean>
  getAndDelete(key: string, now: number): Promise<string | undefined>
  /** Entries whose key is at least `prefix`, above `after` and below `end`, in order of key. */
  scan(range: Range, now: number): Promise<readonly Row[]>
  /** What changed after `cursor`; without one only where the changes are now. `undefined`: some are no longer kept. */
  changes(cursor?: string): Promise<Changes | undefined>
  /** Calls `wake` when something changed, as soon as the database tells, until `stop`. It may miss some: a watch also asks. */
  listen(wake: () => void): { stop(): void }
  /** Whether an error is an answer of the database to one call, and no sign that it is down. */
  isAnswer(error: unknown): boolean
  /** Gives up connections that do not answer; the next call makes new ones. */
  reset(): void
  close(): Promise<void>
}

export interface Range {
  readonly prefix: string
  readonly after: string
  readonly end: string | undefined
  readonly limit: number
}
