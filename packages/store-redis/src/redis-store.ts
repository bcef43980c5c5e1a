import { checkOptions } from '@countersign/http'
import type { Store } from '@countersign/store'
import { ENGINE_OPTIONS, type EngineOptions, engineStore, timeoutOf } from '@countersign/store/engine'
import type { RedisClientOptions } from '@redis/client'
import { connect } from './connection.ts'
import { redisEngine } from './redis-engine.ts'

export interface RedisStoreOptions extends EngineOptions {
  /** Every key in Redis starts with `{PREFIX}:`: 'countersign'. Stores of one prefix share what they hold. */
  readonly prefix?: string
}

const MAKER = 'redisStore'

/**
 * Returns a store in Redis 7 or newer, or Valkey: `redis://…`, `rediss://…`, or the options of a client of
 * `@redis/client`. It makes two connections (the second one listens for changes) and makes them again when they break.
 * Each verb is `Unavailable` after `timeout`. A Redis that throws away keys when it is full (`maxmemory-policy
 * allkeys-*`) is refused with a TypeError by the first call. Throws a TypeError for wrong options.
 */
export function redisStore(server: string | RedisClientOptions, options: RedisStoreOptions = {}): Store {
  checkOptions(MAKER, options, [...ENGINE_OPTIONS, 'prefix'])
  const { prefix = 'countersign', ...rest } = options
  if (typeof prefix !== 'string' || !/^[^{}\s]{1,100}$/.test(prefix))
    throw new TypeError(`${MAKER}: prefix must be 1 to 100 characters, without braces and white space`)
  const timeout = timeoutOf(MAKER, rest.timeout)
  const client = typeof server === 'string' ? { url: addressOf(server) } : server
  if (typeof client !== 'object' || client === null)
    throw new TypeError(
      `${MAKER}: give it 'redis://USER:PASSWORD@HOST:PORT', or the options of a client of @redis/client`,
    )
  const [caller, listener] = [connect(client, timeout), connect(client, timeout)]
  return engineStore(MAKER, redisEngine(caller, listener, prefix), rest)
}

function addressOf(text: string): string {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text))
    throw new TypeError(
      `${MAKER}: the address must be like redis://HOST:PORT or rediss://… (it is not shown: it may hold a password)`,
    )
  return text
}
