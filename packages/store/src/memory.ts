import { checkOptions, Unavailable } from '@countersign/http'
import { compareKeys } from './key.ts'
import { type MemoryWatch, watchMemory } from './memory-watch.ts'
import { checkWrites, clockOf, pageSize } from './request.ts'
import { sortedKeys } from './sorted-keys.ts'
import type { Entry, Store, Watch, WatchedEntry, WatchOptions, Write } from './store.ts'

export interface MemoryStoreOptions {
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly clock?: () => number
  /** Entries it holds: 100,000. Beyond them, once what expired is gone, commits throw `Unavailable`. */
  readonly limit?: number
}

/** A memory store answers in the same tick: no verb returns a promise. */
export interface MemoryStore extends Store {
  get(key: string): Entry | undefined
  commit(writes: readonly Write[]): boolean
  getAndDelete(key: string): string | undefined
  scan(prefix: string, after?: string, limit?: number): readonly (readonly [key: string, entry: Entry])[]
  watch(prefix: string, changed: (key: string, entry: WatchedEntry | undefined) => void, options?: WatchOptions): Watch
  close(): void
}

/** Entries looked at for expiry on each commit: more than a commit can add. */
const SWEEP = 32

/**
 * Returns a store that lives and ends with this process: for tests, and for state that may be forgotten. Bounded by
 * `limit`; synchronous throughout. Throws `Unavailable` when full and after `close`.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  checkOptions('memoryStore', options, ['clock', 'limit'])
  const clock = clockOf('memoryStore', options.clock)
  const limit = options.limit ?? 100_000
  if (!Number.isInteger(limit) || limit < 1) throw new TypeError('memoryStore: limit must be a whole number of entries')
  const entries = new Map<string, WatchedEntry>()
  const order = sortedKeys() // the keys of `entries`
  let lastVersion = 0
  let sweeping = entries.entries() // where the sweep goes on
  let earliest = Number.POSITIVE_INFINITY // no entry expires before
  let closed = false
  const watches = new Set<MemoryWatch>()

  return {
    get(key) {
      assertOpen()
      const entry = live(key)
      return entry && { value: entry.value, version: entry.version }
    },

    commit(writes) {
      assertOpen()
      checkWrites(writes)
      for (const { key, expected } of writes) {
        if (expected !== undefined && expected !== (live(key)?.version ?? null)) return false
      }
      sweep()
      makeRoom(writes)
      const changes = writes.flatMap(({ key, value, expiresAt }): [string, WatchedEntry | undefined][] => {
        if (value === undefined) return remove(key) ? [[key, undefined]] : []
        return [[key, put(key, value, expiresAt)]]
      })
      announce(changes)
      return true
    },

    getAndDelete(key) {
      assertOpen()
      const entry = live(key)
      if (!entry) return undefined
      remove(key)
      announce([[key, undefined]])
      return entry.value
    },

    scan(prefix, after, count) {
      assertOpen()
      const size = pageSize(count)
      const found: [string, Entry][] = []
      for (const [key, { value, version }] of range(prefix, after)) {
        found.push([key, { value, version }])
        if (found.length === size) break
      }
      return found
    },

    watch(prefix, changed, options) {
      assertOpen()
      const watch = watchMemory(prefix, changed, [...range(prefix)], () => watches.delete(watch), options)
      watches.add(watch)
      watch.deliver()
      watch.catchUp() // throws what `changed` threw
      return watch
    },

    close() {
      closed = true
      for (const watch of watches) watch.end(new Unavailable('the memory store', { cause: new Error('it was closed') }))
      watches.clear()
      entries.clear()
      order.clear()
    },
  }

  function assertOpen(): void {
    if (closed) throw new Unavailable('the memory store', { cause: new Error('it was closed') })
  }

  function live(key: string): WatchedEntry | undefined {
    const entry = entries.get(key)
    return entry && isLive(entry) ? entry : undefined
  }

  function isLive(entry: WatchedEntry): boolean {
    return entry.expiresAt === undefined || clock() < entry.expiresAt
  }

  function put(key: string, value: string, expiresAt: number | undefined): WatchedEntry {
    const version = String(++lastVersion)
    const entry = Object.freeze(expiresAt === undefined ? { value, version } : { value, version, expiresAt })
    if (!entries.has(key)) order.add(key)
    entries.set(key, entry)
    earliest = Math.min(earliest, expiresAt ?? earliest)
    return entry
  }

  function remove(key: string): boolean {
    if (!entries.delete(key)) return false
    order.remove(key)
    return true
  }

  function* range(prefix: string, after?: string): Generator<[string, WatchedEntry]> {
    const isBehind = after !== undefined && compareKeys(after, prefix) >= 0
    for (const key of order.from(isBehind ? after : prefix, isBehind)) {
      if (!key.startsWith(prefix)) return
      const entry = live(key)
      if (entry) yield [key, entry]
    }
  }

  /** Forgets what expired among the next few entries, so that a commit costs the same whatever is in here. */
  function sweep(): void {
    for (let step = 0; step < SWEEP; step++) {
      const next = sweeping.next()
      if (next.done) {
        sweeping = entries.entries()
        return
      }
      const [key, entry] = next.value
      if (!isLive(entry)) remove(key)
    }
  }

  function makeRoom(writes: readonly Write[]): void {
    const more = writes.filter(({ key, value }) => value !== undefined && !entries.has(key)).length
    if (entries.size + more <= limit || more === 0) return
    if (clock() >= earliest) forgetExpired()
    if (entries.size + more > limit) {
      throw new Unavailable('the memory store', { cause: new Error(`it is full: its limit is ${limit} entries`) })
    }
  }

  function forgetExpired(): void {
    earliest = Number.POSITIVE_INFINITY
    for (const [key, entry] of entries) {
      if (!isLive(entry)) remove(key)
      else earliest = Math.min(earliest, entry.expiresAt ?? earliest)
    }
  }

  function announce(changes: readonly (readonly [string, WatchedEntry | undefined])[]): void {
    for (const watch of watches) watch.add(changes)
    for (const watch of watches) watch.deliver()
  }
}
