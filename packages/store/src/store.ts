import type { Maybe } from '@countersign/http'

/** What is stored under a key, and the version to expect when it is replaced. */
export interface Entry {
  readonly value: string
  readonly version: string
}

/** One write of a commit. `value: undefined` deletes. */
export interface Write {
  readonly key: string
  readonly value: string | undefined
  /** A version that must be there, or `null` for "must not exist". Left out: whatever is there is replaced. */
  readonly expected?: string | null
  /** Epoch milliseconds from which on the entry is never returned. Left out: it stays. */
  readonly expiresAt?: number
}

/** Where security state lives. Every verb is atomic; each throws `Unavailable` when the store does not answer in time. */
export interface Store {
  get(key: string): Maybe<Entry | undefined>
  /** All or none: false, and nothing written, when an `expected` does not hold. At most 8 writes, each key once. */
  commit(writes: readonly Write[]): Maybe<boolean>
  /** Reads and deletes in one step: of any number of callers, one gets the value. */
  getAndDelete(key: string): Maybe<string | undefined>
  /** Live entries whose key starts with `prefix`, in order of key, after key `after`, at most `limit` (100, cap 1000). */
  scan(prefix: string, after?: string, limit?: number): Maybe<readonly (readonly [key: string, entry: Entry])[]>
  /**
   * Follows the keys under `prefix`: replays what is there, then every change at least once, in order per key.
   * `changed` gets `undefined` for an entry that was deleted; expiry is not announced (`expiresAt` says when).
   */
  watch(
    prefix: string,
    changed: (key: string, entry: WatchedEntry | undefined) => void,
    options?: WatchOptions,
  ): Maybe<Watch>
  close(): Maybe<void>
}

/** A watched entry also says when it ends, so that a watcher can forget it by itself. */
export interface WatchedEntry extends Entry {
  readonly expiresAt?: number
}

export interface WatchOptions {
  /** false: deletions are not told, and the watch holds no list of the keys that it told. */
  readonly deletions?: boolean
}

export interface Watch {
  /** `performance.now()` milliseconds up to which every change is known to have been delivered. */
  readonly freshAt: number
  /** Delivers what is outstanding; `freshAt` is then the time of the call or later. */
  catchUp(): Maybe<void>
  close(): void
}
