// What both servers of ours limit by, README of rate-limits, and how far the limits are: the same for the peers.
import { bearer, policy, publicRoute } from '@countersign/policy'
import { rateLimit } from '@countersign/rate-limits'
import { SCOPE, type Settings } from '../settings.ts'
import { tokensOf } from './own.ts'

/** Requests in a window of 60 s: nobody gets there. */
export const FAR = 1_000_000
/** One, for a day. */
export const DAY = 86_400

export async function limits(settings: Settings) {
  const accept = bearer(await tokensOf(settings))
  return {
    address: publicRoute({ conditions: [rateLimit({ name: 'address', by: 'address', limit: FAR, window: 60 })] }),
    spent: publicRoute({ conditions: [rateLimit({ name: 'spent', by: 'address', limit: 1, window: DAY })] }),
    caller: policy({
      accept,
      scopes: [SCOPE],
      conditions: [rateLimit({ name: 'caller', by: 'caller', limit: FAR, window: 60 })],
    }),
    /** Without a limit: the peers' comes behind it. */
    plain: policy({ accept, scopes: [SCOPE] }),
  }
}
