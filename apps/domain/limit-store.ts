import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type LimitStore, memoryLimits, postgresLimits, redisLimits, sqliteLimits } from '@countersign/rate-limits'
import { createClient } from '@redis/client'
import { Pool } from 'pg'
import { sqliteFile } from './settings.ts'

/** Where failed logins are counted: beside what STORE names, so that several hosts count together. */
export interface OpenLimits {
  readonly store: LimitStore
  close(): Promise<unknown>
}

export function openLimits(location: string): OpenLimits {
  if (location === 'memory:') return { store: memoryLimits(), close: async () => {} }
  if (/^postgres(ql)?:/.test(location)) {
    const pool = new Pool({ connectionString: location, max: 4, connectionTimeoutMillis: 250 })
    pool.on('error', () => {}) // an idle connection that broke: the next call says what is down
    return { store: postgresLimits(pool), close: () => pool.end() }
  }
  if (/^rediss?:/.test(location)) {
    const url = new URL(location)
    const prefix = url.searchParams.get('prefix') ?? 'sample'
    url.search = ''
    const client = createClient({ url: url.href, disableOfflineQueue: true })
    client.on('error', () => {}) // it connects again by itself
    client.connect().catch(() => {})
    return { store: redisLimits(client, { prefix: `${prefix}-limits` }), close: async () => client.destroy() }
  }
  const file = sqliteFile(location)
  mkdirSync(dirname(file), { recursive: true })
  const store = sqliteLimits(file)
  return { store, close: async () => store.close() }
}
