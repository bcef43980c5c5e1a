import { Pool } from 'pg'
import type { PostgresClient, PostgresPool } from './pool.ts'

/** The connections of a store. */
export interface Connections {
  connect(): Promise<PostgresClient>
  /** The rows of one statement. Rejects when they are not there in so many milliseconds, the wait for a connection included. */
  ask<Row>(text: string, values?: readonly unknown[], within?: number): Promise<readonly Row[]>
  /** Gives up connections that may not answer. */
  reset(): void
  close(): Promise<void>
}

/** Those of a pool that somebody else keeps, or of one that `make` makes. Both are asked for `timeout` milliseconds. */
export function connectionsOf(given: PostgresPool | (() => Pool), timeout: number): Connections {
  const make = typeof given === 'function' ? given : undefined
  let pool: PostgresPool = typeof given === 'function' ? given() : given
  let closed = false

  async function ask<Row>(text: string, values: readonly unknown[] = [], within = timeout) {
    const until = performance.now() + within
    const client = await pool.connect()
    const left = Math.ceil(until - performance.now())
    if (left <= 0) {
      client.release()
      throw new Error('no connection became free in time') // nobody waits for the answer any more
    }
    client.on('error', ignore) // the query rejects with it
    let failed: Error | undefined
    try {
      return (await client.query({ text, values: [...values], query_timeout: left })).rows as Row[]
    } catch (error) {
      failed = error as Error
      throw error
    } finally {
      client.removeListener('error', ignore)
      client.release(failed && !isAnswer(failed) ? failed : undefined)
    }
  }

  function renew(): void {
    if (!make || closed) return
    const old = pool as Pool
    pool = make()
    old.end().catch(() => {})
  }

  return {
    connect: () => pool.connect(),
    ask,
    reset: renew,
    async close() {
      closed = true
      if (make) await (pool as Pool).end()
    },
  }
}

function ignore(): void {}

/** Waited too long for another's lock, or was one of two that waited for each other: PostgreSQL is there. */
export function isAnswer(error: unknown): boolean {
  return ['55P03', '40P01', '40001'].includes((error as { code?: string } | undefined)?.code ?? '')
}

/** A pool for an address that was checked. */
export function poolFor(connectionString: string, max: number, timeout: number): Pool {
  const pool = new Pool({
    connectionString,
    max,
    connectionTimeoutMillis: timeout,
    keepAlive: true,
    application_name: 'countersign',
    allowExitOnIdle: true,
  })
  pool.on('error', () => {}) // an idle connection that broke: the next call makes another, or says why not
  return pool
}
