import { closeSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Unavailable } from '@countersign/http'

/** SQLite's own words for a mistake in the statement, not a fault of the engine: ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE. */
const MISTAKES: ReadonlySet<number> = new Set([1, 19, 20, 21, 25])
const BUSY = 5
/** Milliseconds that opening waits for other processes that are opening the same file. */
const OPENING = 5_000

interface SqliteError extends Error {
  readonly code?: string
  readonly errcode?: number
}

/** What to throw for what `node:sqlite` threw: `Unavailable` for a busy, full, read-only, broken or closed database. */
export function unavailableFor(error: unknown): unknown {
  const { code, errcode } = error as SqliteError
  const isEngine = code === 'ERR_SQLITE_ERROR' && errcode !== undefined && !MISTAKES.has(errcode & 0xff)
  return isEngine || code === 'ERR_INVALID_STATE' ? new Unavailable('the SQLite store', { cause: error }) : error
}

/** Opens a file, made with mode 0600 if there is none. Its folder must exist. */
export function openFile(file: string): DatabaseSync {
  if (file === '' || file.startsWith('file:')) {
    throw new TypeError('sqliteStore: file must be a path, such as "auth.db" (or ":memory:")')
  }
  if (file !== ':memory:') createFile(resolve(file))
  return new DatabaseSync(file)
}

function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600))
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new TypeError(`sqliteStore: file must lie in a folder that exists; make ${dirname(path)} first`, {
        cause: error,
      })
    }
    if (code === 'EISDIR')
      throw new TypeError(`sqliteStore: file must not be a folder, as ${path} is`, { cause: error })
    if (code !== 'EACCES' && code !== 'EROFS') throw error // read-only: reading may still work
  }
}

/**
 * Makes the tables. WAL lets others read while one writes; FULL syncs the log before a commit is acknowledged, so that
 * it outlives a power cut. Processes that start together take turns.
 */
export function prepareTables(database: DatabaseSync, timeout: number): void {
  const until = performance.now() + OPENING
  for (;;) {
    try {
      database.exec(`
        PRAGMA busy_timeout = ${timeout};
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS countersign_entries (
          key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL, expires_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS countersign_expiry ON countersign_entries (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE IF NOT EXISTS countersign_changes (
          version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, value TEXT, expires_at INTEGER
        ) STRICT;
      `)
      return
    } catch (error) {
      const isBusy = ((error as SqliteError).errcode ?? 0) % 256 === BUSY
      if (!isBusy || performance.now() > until) throw unavailableFor(error)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}
