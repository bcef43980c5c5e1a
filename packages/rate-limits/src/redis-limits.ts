import { checkOptions } from '@countersign/http'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { COUNTS_ONLY, storeOver } from './library-limits.ts'
import type { LimitStore } from './limit-store.ts'
import { nameOf, timeoutOf } from './options.ts'

/** What is used of a client of `@redis/client` (or `redis`). */
export interface RedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  multi(): unknown
  del(key: string): Promise<number>
}

export interface RedisLimitsOptions {
  /** Keys in Redis begin with `PREFIX:`: 'countersign-limits'. */
  readonly prefix?: string
  /** Milliseconds until the store counts as down: 250. */
  readonly timeout?: number
}

const MAKER = 'redisLimits()'

/** Counts in Redis or Valkey, through a connected client of yours, which stays yours to close. Keys end with their window. */
export function redisLimits(client: RedisClient, options: RedisLimitsOptions = {}): LimitStore {
  checkOptions(MAKER, options, ['prefix', 'timeout'])
  if (typeof client?.eval !== 'function' || typeof client.multi !== 'function')
    throw new TypeError(`${MAKER}: give it a connected client of @redis/client, made with createClient()`)
  const limiter = new RateLimiterRedis({
    ...COUNTS_ONLY,
    storeClient: client,
    useRedisPackage: true,
    rejectIfRedisNotReady: true, // at once, rather than in a queue that is sent when Redis is back
    keyPrefix: nameOf(MAKER, 'prefix', options.prefix ?? 'countersign-limits'),
  })
  return storeOver(limiter, timeoutOf(MAKER, options.timeout))
}
