// A store of limits by its address, and what closes it.
import { DatabaseSync } from 'node:sqlite'
import { type LimitStore, memoryLimits, postgresLimits, redisLimits, sqliteLimits } from '../src/index.ts'
import { postgresPool, redisClient } from './databases.ts'

export interface Opened {
  readonly store: LimitStore
  close(): unknown
  /** Takes away what the test left. */
  clear(): Promise<unknown> | unknown
}

/** `memory`, `sqlite:FILE`, `redis:PREFIX` or `postgres:TABLE`. */
export async function openLimits(address: string, timeout = 10_000): Promise<Opened> {
  const [kind, rest = ''] = address.split(/:(.*)/s)
  if (kind === 'redis') {
    const client = await redisClient()
    const clear = async () => client.del(await client.keys(`${rest}:*`).then((keys) => [...keys, 'none']))
    return { store: redisLimits(client, { prefix: rest, timeout }), close: () => client.destroy(), clear }
  }
  if (kind === 'postgres') {
    const pool = postgresPool()
    const clear = () => pool.query(`DROP TABLE IF EXISTS "${rest}"`)
    return { store: postgresLimits(pool, { table: rest, timeout }), close: () => pool.end(), clear }
  }
  if (kind === 'sqlite') {
    const database = new DatabaseSync(rest, { timeout })
    database.exec('PRAGMA journal_mode = WAL')
    return { store: sqliteLimits(database, { timeout }), close: () => database.close(), clear: () => {} }
  }
  return { store: memoryLimits(), close: () => {}, clear: () => {} }
}
