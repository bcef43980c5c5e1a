import { DatabaseSync } from 'node:sqlite'
import { checkOptions, Unavailable } from '@countersign/http'
import { END, endOf, isKey } from './key.ts'
import { checkWrites, clockOf, pageSize, wholeTime } from './request.ts'
import { openFile, prepareTables, unavailableFor } from './sqlite-file.ts'
import { type SqliteWatch, watchSqlite } from './sqlite-watch.ts'
import type { Entry, Store, Watch, WatchedEntry, WatchOptions, Write } from './store.ts'

export interface SqliteStoreOptions {
  /** Epoch milliseconds; the machine's clock unless told otherwise. */
  readonly clock?: () => number
  /** Milliseconds to wait for another process that writes, before `Unavailable`: 250. The event loop waits too. */
  readonly timeout?: number
}

/** A SQLite store answers in the same tick: no verb returns a promise. */
export interface SqliteStore extends Store {
  get(key: string): Entry | undefined
  commit(writes: readonly Write[]): boolean
  getAndDelete(key: string): string | undefined
  scan(prefix: string, after?: string, limit?: number): readonly (readonly [key: string, entry: Entry])[]
  watch(prefix: string, changed: (key: string, entry: WatchedEntry | undefined) => void, options?: WatchOptions): Watch
  close(): void
}

interface Row {
  readonly key: string
  readonly value: string
  readonly version: number
}

/** Changes that are kept for watchers of other processes. One that slept through more replays what is there. */
const CHANGES_KEPT = 10_000
/** Milliseconds between two looks for changes by other processes, while something is watched. */
const POLL = 100

/**
 * Returns a store in a SQLite file (made, mode 0600, if there is none) or on a connection of yours, which is set to WAL
 * and FULL and not closed by `close`. Synchronous. Every commit it acknowledged survives `kill -9` and power cuts.
 * Throws `Unavailable` when the file is locked for `timeout`, full, read-only or broken, and after `close`.
 */
export function sqliteStore(file: string | DatabaseSync, options: SqliteStoreOptions = {}): SqliteStore {
  checkOptions('sqliteStore', options, ['clock', 'timeout'])
  const clock = clockOf('sqliteStore', options.clock)
  const timeout = options.timeout ?? 250
  if (!Number.isInteger(timeout) || timeout < 0 || timeout > 60_000) {
    throw new TypeError('sqliteStore: timeout must be whole milliseconds from 0 to 60000')
  }
  if (typeof file !== 'string' && !(file instanceof DatabaseSync)) {
    throw new TypeError('sqliteStore: give it the path of a file, or a DatabaseSync of node:sqlite')
  }
  const database = open(file, timeout)
  const selectEntry = database.prepare(
    'SELECT value, version FROM countersign_entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)',
  )
  const selectRange = database.prepare(
    `SELECT key, value, version FROM countersign_entries WHERE key >= ? AND key > ? AND key < ?
     AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?`,
  )
  const replaceEntry = database.prepare(
    `INSERT INTO countersign_entries (key, value, version, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`,
  )
  const deleteEntry = database.prepare('DELETE FROM countersign_entries WHERE key = ?')
  const insertChange = database.prepare('INSERT INTO countersign_changes (key, value, expires_at) VALUES (?, ?, ?)')
  const pruneChanges = database.prepare('DELETE FROM countersign_changes WHERE version <= ?')
  const pruneEntries = database.prepare(
    `DELETE FROM countersign_entries WHERE key IN
     (SELECT key FROM countersign_entries WHERE expires_at <= ? ORDER BY expires_at LIMIT 16)`,
  )
  const watches = new Set<SqliteWatch>()
  let poll: NodeJS.Timeout | undefined
  let closed = false

  return {
    get: (key) => ask(() => read(key)),

    commit(writes) {
      checkWrites(writes)
      if (writes.length === 0) return ask(() => true)
      const done = transact(() => {
        for (const { key, expected } of writes) {
          if (expected !== undefined && expected !== (read(key)?.version ?? null)) return false
        }
        for (const write of writes) apply(write)
        pruneEntries.run(wholeTime(clock()))
        return true
      })
      if (done) deliver()
      return done
    },

    getAndDelete(key) {
      if (ask(() => read(key)) === undefined) return undefined // a guess must not cost the lock
      const entry = transact(() => {
        const found = read(key)
        if (found) apply({ key, value: undefined })
        return found
      })
      if (entry) deliver()
      return entry?.value
    },

    scan(prefix, after = '', limit) {
      const size = pageSize(limit)
      return ask(() => {
        const rows = selectRange.all(prefix, after, endOf(prefix) ?? END, wholeTime(clock()), size)
        return (rows as unknown as Row[]).map(({ key, value, version }) => [key, { value, version: `${version}` }])
      })
    },

    watch(prefix, changed, options) {
      const watch = ask(() => watchSqlite({ database, clock, prefix, changed, ...options, stop: () => forget(watch) }))
      watches.add(watch)
      poll ??= setInterval(deliver, POLL).unref()
      try {
        watch.catchUp()
      } catch (error) {
        watch.close()
        throw error
      }
      return watch
    },

    close() {
      if (closed) return
      closed = true
      for (const watch of watches) watch.end(closedError())
      if (typeof file === 'string') database.close()
    },
  }

  /** Runs what only reads. */
  function ask<T>(read: () => T): T {
    if (closed) throw closedError()
    try {
      return read()
    } catch (error) {
      throw unavailableFor(error)
    }
  }

  /** Runs `work` as the only writer, all or nothing. */
  function transact<T>(work: () => T): T {
    return ask(() => {
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    })
  }

  function read(key: string): Entry | undefined {
    if (!isKey(key)) return undefined
    const row = selectEntry.get(key, wholeTime(clock())) as unknown as Row | undefined
    return row && { value: row.value, version: `${row.version}` }
  }

  function apply({ key, value, expiresAt }: Write): void {
    if (value === undefined && deleteEntry.run(key).changes === 0) return
    const ends = expiresAt === undefined ? null : wholeTime(expiresAt)
    const version = Number(insertChange.run(key, value ?? null, ends).lastInsertRowid)
    if (value !== undefined) replaceEntry.run(key, value, version, ends)
    pruneChanges.run(version - CHANGES_KEPT)
  }

  /** Tells the watchers what is new. A fault stays with the watch, whose `freshAt` then stands still. */
  function deliver(): void {
    for (const watch of watches) watch.deliver()
  }

  function forget(watch: SqliteWatch): void {
    watches.delete(watch)
    if (watches.size > 0) return
    clearInterval(poll)
    poll = undefined
  }
}

function open(file: string | DatabaseSync, timeout: number): DatabaseSync {
  try {
    const database = typeof file === 'string' ? openFile(file) : file
    prepareTables(database, timeout)
    return database
  } catch (error) {
    throw unavailableFor(error)
  }
}

function closedError(): Unavailable {
  return new Unavailable('the SQLite store', { cause: new Error('it was closed') })
}
