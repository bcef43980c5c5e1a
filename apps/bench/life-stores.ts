// The stores that answer on this machine, each with a place of its own for a run.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type Store, sqliteStore } from '@countersign/store'
import { postgresStore } from '@countersign/store-postgres'
import { redisStore } from '@countersign/store-redis'
import { createClient } from '@redis/client'
import { Client } from 'pg'

const REDIS = process.env.REDIS_URL || 'redis://127.0.0.1:6379'
const POSTGRES = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/test'

export interface Places {
  /** The address of each, by its name. */
  readonly stores: Readonly<Record<string, string>>
  /** Names of those that do not answer. */
  readonly missing: readonly string[]
  /** Takes away what was written. */
  clear(): Promise<void>
}

/** Asks each store whether it is there. */
export async function storePlaces(): Promise<Places> {
  const name = `countersign_bench_${randomBytes(6).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const postgres = new URL(POSTGRES)
  postgres.searchParams.set('options', `-csearch_path=${name}`)
  const remote = {
    Redis: { address: `${REDIS}#${name}`, begin: () => redis(['PING']) },
    PostgreSQL: { address: postgres.href, begin: () => sql(`CREATE SCHEMA ${name}`) },
  }
  const stores: Record<string, string> = { memory: 'memory:', SQLite: `sqlite:${join(folder, 'bench.db')}` }
  const missing: string[] = []
  for (const [store, { address, begin }] of Object.entries(remote)) {
    const answers = await begin().then(
      () => true,
      () => false,
    )
    if (answers) stores[store] = address
    else missing.push(store)
  }
  return {
    stores,
    missing,
    async clear() {
      rmSync(folder, { recursive: true })
      const keys = ['entries', 'order', 'ends', 'changes', 'version'].map((key) => `{${name}}:${key}`)
      if (stores.Redis) await redis(['DEL', ...keys])
      if (stores.PostgreSQL) await sql(`DROP SCHEMA ${name} CASCADE`)
    },
  }
}

export function openStore(address: string): Store {
  const { protocol, pathname, hash } = new URL(address)
  if (protocol === 'memory:') return memoryStore({ limit: 1_000_000 })
  if (protocol === 'sqlite:') return sqliteStore(pathname)
  if (protocol === 'redis:' || protocol === 'rediss:')
    return redisStore(address.slice(0, -hash.length), { prefix: hash.slice(1) })
  return postgresStore(address)
}

async function redis(command: string[]): Promise<void> {
  const client = createClient({ url: REDIS, RESP: 2, socket: { reconnectStrategy: false, connectTimeout: 1_000 } })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.sendCommand(command)
  } finally {
    client.destroy()
  }
}

async function sql(text: string): Promise<void> {
  const client = new Client({ connectionString: POSTGRES, connectionTimeoutMillis: 1_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
