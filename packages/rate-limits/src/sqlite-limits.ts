import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { checkOptions } from '@countersign/http'
import { RateLimiterSQLite } from 'rate-limiter-flexible'
import { COUNTS_ONLY, storeOver } from './library-limits.ts'
import type { LimitStore } from './limit-store.ts'
import { nameOf, timeoutOf } from './options.ts'

export interface SqliteLimitsOptions {
  /** 'countersign_limits'. Made where it is missing. */
  readonly table?: string
  /** Milliseconds that a call waits for other processes: 250. `node:sqlite` is synchronous, so this one waits as a whole. */
  readonly timeout?: number
}

const MAKER = 'sqliteLimits()'
const SWEPT_EVERY = 1_000

export interface SqliteLimits extends LimitStore {
  /** Closes the file that it opened; a `DatabaseSync` of yours stays open. */
  close(): void
}

/** Counts in a file of SQLite, for the processes of one machine; or in a `DatabaseSync` of yours, whose settings stay as they are. */
export function sqliteLimits(database: string | DatabaseSync, options: SqliteLimitsOptions = {}): SqliteLimits {
  checkOptions(MAKER, options, ['table', 'timeout'])
  const table = nameOf(MAKER, 'table', options.table ?? 'countersign_limits')
  if (table.includes('-')) throw new TypeError(`${MAKER}: table must be without -`)
  const timeout = timeoutOf(MAKER, options.timeout)
  const opened = typeof database === 'string' ? open(database, timeout) : database
  if (typeof opened?.prepare !== 'function')
    throw new TypeError(`${MAKER}: give it a path, such as 'limits.db', or a DatabaseSync of node:sqlite`)
  opened.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (key TEXT PRIMARY KEY, points INTEGER NOT NULL, expire INTEGER) STRICT, WITHOUT ROWID;
     CREATE INDEX IF NOT EXISTS ${table}_expire ON ${table} (expire)`,
  )
  const limiter = new RateLimiterSQLite({
    ...COUNTS_ONLY,
    storeClient: clientOver(opened),
    storeType: 'better-sqlite3',
    tableName: table,
    keyPrefix: '',
    tableCreated: true,
    clearExpiredByTimeout: false, // its timer rejects, and nobody hears it, once the database is busy or closed
  })
  const store = storeOver(limiter, timeout)
  const sweep = opened.prepare(`DELETE FROM ${table} WHERE expire < ?`)
  let added = 0
  return Object.freeze({
    ...store,
    close() {
      if (typeof database === 'string') opened.close()
    },
    add(key: string, cost: number, window: number) {
      if (++added % SWEPT_EVERY === 0) sweep.run(Date.now())
      return store.add(key, cost, window)
    },
  })
}

/** What the library uses of better-sqlite3. Its one statement is a transaction of its own. */
function clientOver(database: DatabaseSync) {
  const prepared = new Map<string, StatementSync>()
  return {
    prepare(sql: string): StatementSync {
      const statement = prepared.get(sql) ?? database.prepare(sql)
      prepared.set(sql, statement)
      return statement
    },
    transaction: <T>(work: () => T) => work,
  }
}

function open(file: string, timeout: number): DatabaseSync {
  if (file === '' || file.startsWith('file:'))
    throw new TypeError(`${MAKER}: file must be a path, such as 'limits.db' (or ':memory:')`)
  const database = new DatabaseSync(file, { timeout: 5_000 }) // to turn its journal over, processes that start together take turns
  // NORMAL: a power cut may forget the last counts, which then begin again.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
  database.exec(`PRAGMA busy_timeout = ${timeout}`)
  return database
}
