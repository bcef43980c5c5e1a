// The Redis and PostgreSQL of the tests: this machine's, or those at REDIS_URL and DATABASE_URL.
import { createClient } from '@redis/client'
import { Pool } from 'pg'

export const REDIS = process.env.REDIS_URL || 'redis://127.0.0.1:6379'
export const POSTGRES = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/test'

export async function redisClient() {
  const client = createClient({ url: REDIS, socket: { reconnectStrategy: false, connectTimeout: 1_000 } })
  client.on('error', () => {})
  await client.connect()
  return client
}

export function postgresPool(): Pool {
  const pool = new Pool({ connectionString: POSTGRES, max: 4, connectionTimeoutMillis: 2_000 })
  pool.on('error', () => {})
  return pool
}

const missing = (what: string) => (error: Error) => {
  console.error(
    `\n*** LEFT OUT: what needs ${what}. None answers (${error.message}). To have it: docker compose up -d\n`,
  )
  return false
}

export const hasRedis = await redisClient().then((client) => {
  client.destroy()
  return true
}, missing('Redis'))

export const hasPostgres = await (async () => {
  const pool = postgresPool()
  const found = await pool.query('SELECT 1').then(() => true, missing('PostgreSQL'))
  await pool.end()
  return found
})()
