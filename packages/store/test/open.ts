// Opens a store by its address, in any process: `sqlite:FILE`, `redis://…#PREFIX`, `postgres://…`.
import { postgresStore } from '../../store-postgres/src/index.ts'
import { redisStore } from '../../store-redis/src/index.ts'
import { type Store, sqliteStore } from '../src/index.ts'

interface OpenOptions {
  readonly timeout?: number
  readonly clock?: () => number
  readonly pending?: number
  /** Of PostgreSQL. */
  readonly connections?: number
}

export function openStore(address: string, { connections = 4, ...options }: OpenOptions = {}): Store {
  if (address.startsWith('sqlite:')) return sqliteStore(address.slice('sqlite:'.length), options)
  if (address.startsWith('postgres:')) return postgresStore(address, { ...options, connections })
  const [url, prefix] = address.split('#') as [string, string]
  return redisStore(url, { ...options, prefix })
}
