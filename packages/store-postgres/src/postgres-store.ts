import { checkOptions } from '@countersign/http'
import type { Store } from '@countersign/store'
import { ENGINE_OPTIONS, type EngineOptions, engineStore, timeoutOf } from '@countersign/store/engine'
import type { Pool } from 'pg'
import { connectionsOf, poolFor } from './connections.ts'
import type { PostgresPool } from './pool.ts'
import { postgresEngine } from './postgres-engine.ts'

export interface PostgresStoreOptions extends EngineOptions {
  /** Connections at once, where the store makes the pool: 10. */
  readonly connections?: number
}

const MAKER = 'postgresStore'

/**
 * Returns a store in PostgreSQL 13 or newer: `postgres://…`, or a `Pool` of yours, which `close` leaves open. It makes its
 * tables at first use (`migration` is their SQL). Changes reach other processes by LISTEN/NOTIFY; behind a pooler that
 * does not let it through (transaction mode), within half a second. Each verb is `Unavailable` after `timeout`.
 */
export function postgresStore(database: string | PostgresPool, options: PostgresStoreOptions = {}): Store {
  checkOptions(MAKER, options, [...ENGINE_OPTIONS, 'connections'])
  const { connections = 10, ...rest } = options
  if (!Number.isInteger(connections) || connections < 2)
    throw new TypeError(`${MAKER}: connections must be a whole number of 2 or more: one of them listens`)
  const timeout = timeoutOf(MAKER, rest.timeout)
  const pool = poolOf(database, options.connections, timeout)
  const lockTimeout = Math.max(1, Math.floor(timeout * 0.8)) // so that an answer comes in time
  return engineStore(MAKER, postgresEngine(connectionsOf(pool, timeout), lockTimeout), rest)
}

function poolOf(
  database: string | PostgresPool,
  given: number | undefined,
  timeout: number,
): PostgresPool | (() => Pool) {
  if (typeof database === 'string') {
    if (!/^postgres(ql)?:\/\//.test(database) || !URL.canParse(database))
      throw new TypeError(
        `${MAKER}: the address must be like postgres://HOST/DATABASE (it is not shown: it may hold a password)`,
      )
    return () => poolFor(database, given ?? 10, timeout)
  }
  if (typeof database?.connect !== 'function')
    throw new TypeError(`${MAKER}: give it 'postgres://USER:PASSWORD@HOST/DATABASE', or a Pool of pg`)
  if (given !== undefined)
    throw new TypeError(`${MAKER}: connections is for the pool that the store makes; set max on yours`)
  if ((database.options?.max ?? 10) < 2)
    throw new TypeError(`${MAKER}: the pool must have 2 connections or more (max): one of them listens`)
  return database
}
