import type { DatabaseSync } from 'node:sqlite'
import { END, endOf } from './key.ts'
import { unavailableFor } from './sqlite-file.ts'
import type { Watch, WatchedEntry } from './store.ts'

export interface SqliteWatch extends Watch {
  catchUp(): void
  /** `catchUp` that never throws: `freshAt` then stands still. */
  deliver(): void
  end(fault: Error): void
}

interface Row {
  readonly version: number
  readonly key: string
  readonly value: string | null
  readonly expires_at: number | null
}

/** Changes that are read at once. */
const BATCH = 1_000

/**
 * One watcher of a SQLite store. Replays the entries under `prefix`, then follows the table of changes from there; asking
 * for new ones takes 1 µs (`PRAGMA data_version` takes no less). A `changed` that throws ends it: `freshAt` stands still
 * and `catchUp` throws that error from then on, so that whoever relies on it fails closed.
 */
export function watchSqlite(options: {
  readonly database: DatabaseSync
  readonly clock: () => number
  readonly prefix: string
  readonly changed: (key: string, entry: WatchedEntry | undefined) => void
  /** false: deletions are not told. */
  readonly deletions?: boolean
  readonly stop: () => void
}): SqliteWatch {
  const { database, clock, prefix, changed, deletions = true, stop } = options
  const selectLast = database.prepare('SELECT coalesce(max(version), 0) AS version FROM countersign_changes')
  const selectEntries = database.prepare('SELECT * FROM countersign_entries WHERE key >= ? AND key < ? ORDER BY key')
  const selectChanges = database.prepare(
    `SELECT * FROM countersign_changes WHERE version > ? ORDER BY version LIMIT ${BATCH}`,
  )
  const known = new Map<string, number | null>() // key → when it expires; kept where deletions are told
  let sweepAt = 1_000
  let cursor = -1 // the last change that was delivered
  let freshAt = Number.NEGATIVE_INFINITY
  let delivering = false
  let ended = false
  let fault: Error | undefined

  return {
    get freshAt() {
      return freshAt
    },

    catchUp() {
      if (fault) throw fault
      if (ended || delivering) return // `changed` called: the outer call goes on
      delivering = true
      try {
        follow()
      } finally {
        delivering = false
      }
    },

    deliver() {
      try {
        this.catchUp()
      } catch {
        // `freshAt` stood still; `catchUp` says why
      }
    },

    end,
    close: () => end(),
  }

  function end(error?: Error): void {
    ended = true
    fault ??= error
    known.clear()
    stop()
  }

  function follow(): void {
    if (cursor === -1) replay()
    for (;;) {
      const asked = performance.now()
      const rows = readChanges()
      if (ended) return
      if (rows.length > 0 && rows[0]!.version > cursor + 1) {
        replay() // it slept through more changes than are kept
        continue
      }
      for (const row of rows) {
        if (ended) return
        tell(row)
        cursor = row.version
      }
      if (rows.length < BATCH) {
        freshAt = asked
        return
      }
    }
  }

  /** Tells what is there, and of what was known that it is gone. */
  function replay(): void {
    const { last, rows } = readEntries()
    const gone = new Set(known.keys())
    for (const row of rows) gone.delete(row.key)
    for (const key of gone) tell({ version: last, key, value: null, expires_at: null })
    for (const row of rows) tell(row)
    cursor = last
  }

  function tell({ version, key, value, expires_at }: Row): void {
    if (ended || !key.startsWith(prefix)) return
    const isLive = value !== null && (expires_at === null || clock() < expires_at)
    if (!isLive) {
      known.delete(key)
      if (!deletions) return
    } else if (deletions) remember(key, expires_at)
    const entry = isLive ? { value, version: `${version}` } : undefined
    try {
      changed(key, entry && Object.freeze(expires_at === null ? entry : { ...entry, expiresAt: expires_at }))
    } catch (error) {
      end(error as Error)
      throw error
    }
  }

  /** Forgets the expired each time the known have doubled, so that they stay in proportion to what lives. */
  function remember(key: string, expiresAt: number | null): void {
    known.set(key, expiresAt)
    if (known.size < sweepAt) return
    const now = clock()
    for (const [each, ends] of known) if (ends !== null && ends <= now) known.delete(each)
    sweepAt = Math.max(1_000, known.size * 2)
  }

  function readChanges(): readonly Row[] {
    try {
      return selectChanges.all(cursor) as unknown as Row[]
    } catch (error) {
      throw unavailableFor(error)
    }
  }

  /** All entries under the prefix and the last change that they show, of one moment. */
  function readEntries(): { readonly last: number; readonly rows: readonly Row[] } {
    try {
      database.exec('BEGIN')
      try {
        const last = (selectLast.get() as unknown as Row).version
        return { last, rows: selectEntries.all(prefix, endOf(prefix) ?? END) as unknown as Row[] }
      } finally {
        database.exec('COMMIT')
      }
    } catch (error) {
      throw unavailableFor(error)
    }
  }
}
