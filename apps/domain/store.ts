import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { memoryStore, type Store, sqliteStore } from '@countersign/store'
import { postgresStore } from '@countersign/store-postgres'
import { redisStore } from '@countersign/store-redis'
import { sqliteFile } from './settings.ts'

/** Opens what STORE names. `?prefix=` of a Redis address is the prefix of its keys. */
export function openStore(location: string): Store {
  if (location === 'memory:') return memoryStore()
  if (/^postgres(ql)?:/.test(location)) return postgresStore(location)
  if (/^rediss?:/.test(location)) {
    const url = new URL(location)
    const prefix = url.searchParams.get('prefix') ?? 'sample'
    url.search = ''
    return redisStore(url.href, { prefix })
  }
  const file = sqliteFile(location)
  mkdirSync(dirname(file), { recursive: true })
  return sqliteStore(file)
}
