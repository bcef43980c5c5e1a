import { hash } from 'node:crypto'
import type { RequestView } from '@countersign/http'
import { type AuthError, authError, type Code, type Headers, type Maybe, type Principal } from '@countersign/http'
import { isThenable } from './checked-store.ts'
import { limitHeaders, refusedHeaders } from './limit-headers.ts'
import type { Count } from './limit-store.ts'
import { type RateLimitOptions, rateLimitOptions } from './rate-limit-options.ts'

/** A `Condition` of `@countersign/policy`, by shape: a policy takes it among its `conditions`. */
export interface RateLimit {
  readonly name: string
  readonly refuses: readonly Code[]
  before?(request: RequestView, asking: { readonly dry: boolean }): Maybe<Limited>
  after?(request: RequestView, caller: Principal | undefined, asking: { readonly dry: boolean }): Maybe<Limited>
}

/** `undefined`: this limit has nothing to say. An error refuses; headers go with the answer. */
export type Limited = AuthError | { readonly status?: undefined; readonly headers: Headers } | undefined

/**
 * At most `limit` requests in `window` seconds, by whom: refused beyond with `too_many_requests` (429), reason
 * `limit.reached`, and `Retry-After`. The first request opens the window; those that are refused count, and do not lengthen
 * it. `address` and `secret` are judged before any credential is looked at, the others once the caller is known. Two limits
 * of one name on one store count together. Throws a TypeError for wrong options.
 */
export function rateLimit(options: RateLimitOptions): RateLimit {
  const { name, phase, bucketsOf, limitOf, costOf, window, store, refuses } = rateLimitOptions(options)

  function judge(request: RequestView, caller: Principal | undefined, { dry }: { readonly dry: boolean }) {
    const buckets = bucketsOf(request, caller)
    const cost = buckets.length === 0 ? 0 : costOf(request, caller)
    if (cost === 0) return undefined
    const counts = buckets.map((bucket): Maybe<Count | undefined> => {
      // Hashed: a store never learns who it was, and no key is long.
      const key = hash('sha256', JSON.stringify([name, ...bucket]), 'base64url')
      return dry ? store.peek(key) : store.add(key, cost, window)
    })
    const limit = limitOf(caller)
    const ruled = (known: readonly (Count | undefined)[]) => rule(dry ? known.map(withThis(cost)) : known, limit)
    return counts.some(isThenable) ? Promise.all(counts).then(ruled) : ruled(counts as (Count | undefined)[])
  }

  /** What it would be with this request. */
  const withThis = (cost: number) => (count: Count | undefined) => ({
    used: (count?.used ?? 0) + cost,
    endsIn: count?.endsIn ?? window * 1000,
  })

  /** The fullest bucket decides. None: the store is down, and this passes. */
  function rule(counts: readonly (Count | undefined)[], limit: number): Limited {
    const [fullest] = counts.filter((count) => count !== undefined).sort((a, b) => b.used - a.used)
    if (!fullest) return undefined
    const { used, endsIn } = fullest
    if (used <= limit) return { headers: limitHeaders(name, limit, window, used, endsIn) }
    return authError('too_many_requests', 'limit.reached', {
      headers: refusedHeaders(name, limit, window, endsIn),
      expected: `at most ${limit} in ${window} s`,
      got: `${used}`,
    })
  }

  return Object.freeze({
    name,
    refuses,
    ...(phase === 'before'
      ? { before: (request: RequestView, asking: { readonly dry: boolean }) => judge(request, undefined, asking) }
      : { after: judge }),
  })
}
