import { checkOptions, Unavailable } from '@countersign/http'
import { compareKeys, endOf } from './key.ts'
import { type MemoryWatch, watchMemory } from './memory-watch.ts'
import { checkWrites, clockOf, pageSize } from './request.ts'
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
  let order: string[] = [] // the keys of `entries`, sorted
  let lastVersion = 0
  let swept = 0 // where in `order` the sweep goes on
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
      order = []
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
    if (!entries.has(key)) order.splice(placeOf(key), 0, key)
    entries.set(key, entry)
    earliest = Math.min(earliest, expiresAt ?? earliest)
    return entry
  }

  function remove(key: string): boolean {
    if (!entries.delete(key)) return false
    order.splice(placeOf(key), 1)
    return true
  }

  /** Where `key` is in `order`, or belongs. */
  function placeOf(key: string): number {
    let low = 0
    let high = order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(order[middle]!, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  function* range(prefix: string, after?: string): Generator<[string, WatchedEntry]> {
    const end = endOf(prefix)
    let place = placeOf(prefix)
    if (after !== undefined && compareKeys(after, prefix) >= 0) {
      place = placeOf(after)
      if (order[place] === after) place++
    }
    const stop = end === undefined ? order.length : placeOf(end)
    for (; place < stop; place++) {
      const entry = live(order[place]!)
      if (entry) yield [order[place]!, entry]
    }
  }

  /** Forgets what expired among the next few entries, so that a commit costs the same whatever is in here. */
  function sweep(): void {
    for (let step = 0; step < SWEEP && order.length > 0; step++) {
      if (swept >= order.length) swept = 0
      const key = order[swept]!
      if (isLive(entries.get(key)!)) swept++
      else remove(key)
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
      if (!isLive(entry)) entries.delete(key)
      else earliest = Math.min(earliest, entry.expiresAt ?? earliest)
    }
    order = order.filter((key) => entries.has(key))
  }

  function announce(changes: readonly (readonly [string, WatchedEntry | undefined])[]): void {
    for (const watch of watches) watch.add(changes)
    for (const watch of watches) watch.deliver()
  }
}
