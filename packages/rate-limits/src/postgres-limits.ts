import { checkOptions } from '@countersign/http'
import { RateLimiterPostgres } from 'rate-limiter-flexible'
import { COUNTS_ONLY, storeOver } from './library-limits.ts'
import type { LimitStore } from './limit-store.ts'
import { nameOf, timeoutOf } from './options.ts'

/** What is used of a pool of `pg`. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface PostgresLimitsOptions {
  /** 'countersign_limits'. Made at first use where it is missing and may be made. */
  readonly table?: string
  /** Milliseconds until the store counts as down: 250. */
  readonly timeout?: number
}

const MAKER = 'postgresLimits()'

/** Two that make the table at once: one is told so. */
const MADE_MEANWHILE: readonly unknown[] = ['23505', '42P07', '42710']

/**
 * Counts in PostgreSQL 13 or newer, through a pool of yours, which stays yours to close. Windows end by the clocks of the
 * machines that count; rows that ended an hour ago are deleted every five minutes.
 */
export function postgresLimits(pool: PostgresPool, options: PostgresLimitsOptions = {}): LimitStore {
  checkOptions(MAKER, options, ['table', 'timeout'])
  if (typeof pool?.query !== 'function') throw new TypeError(`${MAKER}: give it a Pool of pg`)
  const table = nameOf(MAKER, 'table', options.table ?? 'countersign_limits')
  const limiter = new RateLimiterPostgres({
    ...COUNTS_ONLY,
    storeClient: pool,
    storeType: 'pool',
    tableName: table,
    keyPrefix: '',
    tableCreated: true, // by this package: the library tries once, and is down for good where that failed
  })

  async function makeTable(): Promise<void> {
    // Asked first: whoever may not create anything may still count in a table that is there.
    const { rows } = await pool.query('SELECT to_regclass($1) IS NOT NULL AS found', [`"${table}"`])
    if ((rows[0] as { found: boolean }).found) return
    // The library would make `points` an integer, which an expensive request overflows after a while.
    const statements = [
      `CREATE TABLE IF NOT EXISTS "${table}" (key text PRIMARY KEY, points bigint NOT NULL DEFAULT 0, expire bigint)`,
      `CREATE INDEX IF NOT EXISTS "${table}_expire" ON "${table}" (expire)`,
    ]
    for (const statement of statements) {
      await pool.query(statement).catch((error: { code?: unknown }) => {
        if (!MADE_MEANWHILE.includes(error.code)) throw error
      })
    }
  }

  let making: Promise<void> | undefined
  const ready = () => {
    making ??= makeTable().catch((error) => {
      making = undefined // the next call tries again
      throw error
    })
    return making
  }
  return storeOver(limiter, timeoutOf(MAKER, options.timeout), ready)
}
