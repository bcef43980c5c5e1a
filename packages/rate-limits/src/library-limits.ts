import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible'
import type { Count, LimitStore } from './limit-store.ts'

/**
 * What every limiter of the library is made with here. It only counts: whether that is too much is asked of each limit, whose
 * plans differ by caller, so `points` says nothing. Each call brings its own window.
 */
export const COUNTS_ONLY = { points: Number.MAX_SAFE_INTEGER, duration: 60 } as const

/** A limiter of rate-limiter-flexible as a store. `ready` is waited for before each call. */
export function storeOver(limiter: RateLimiterAbstract, timeout: number, ready?: () => Promise<void>): LimitStore {
  return Object.freeze({
    timeout,
    shared: true,
    async add(key: string, cost: number, window: number): Promise<Count> {
      await ready?.()
      const [verb, points] = cost < 0 ? (['reward', -cost] as const) : (['penalty', cost] as const)
      return countOf(await limiter[verb](key, points, { customDuration: window }))
    },
    async peek(key: string): Promise<Count | undefined> {
      await ready?.()
      const found = await limiter.get(key)
      return found ? countOf(found) : undefined
    },
    async delete(key: string): Promise<boolean> {
      await ready?.()
      return limiter.delete(key)
    },
  })
}

function countOf({ consumedPoints, msBeforeNext }: RateLimiterRes): Count {
  // From a database a large number may come as text.
  return { used: Number(consumedPoints), endsIn: Math.max(0, Number(msBeforeNext)) }
}
