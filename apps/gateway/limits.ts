import type { Condition } from '@countersign/policy'
import { rateLimit } from '@countersign/rate-limits'

/**
 * What bounds guesses at the gate: requests of one address in a minute, and those that show one credential, right or wrong, from
 * wherever. Both are asked before any credential is read; each process counts by itself, in memory that is bounded.
 */
export function gateLimits(perAddress: number, perSecret: number): readonly Condition[] {
  return [
    rateLimit({ name: 'address', by: 'address', limit: perAddress, window: 60 }),
    rateLimit({ name: 'secret', by: 'secret', limit: perSecret, window: 60 }),
  ]
}
