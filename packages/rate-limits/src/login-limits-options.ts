import { checkOptions } from '@countersign/http'
import type { WhenDown } from './checked-store.ts'
import type { LimitStore } from './limit-store.ts'
import { memoryLimits } from './memory-limits.ts'
import { wholeOf, windowOf } from './options.ts'
import { checkStore, prefixOf, whenDownOf } from './rate-limit-options.ts'
import { levelledName } from './username.ts'

export interface Budget {
  /** Failed logins, 1 to 1,000,000. */
  readonly limit: number
  /** Seconds from the first of them, to 31 days. */
  readonly window: number
}

export interface LoginDelay {
  /** Failures of a user within the window of `perUserAndAddress`, at whatever address, after which attempts begin to wait: 10. */
  readonly after?: number
  /** Seconds of the longest wait: 5. The first is 0.1 s, each one after it twice as long. */
  readonly most?: number
  /** Attempts that may wait for one user: 10. */
  readonly waiting?: number
  /** Attempts that may wait in all: 1,000. */
  readonly waitingInAll?: number
  /**
   * Attempts of one user that go on each second, over all processes, though as many wait as may: from addresses that never failed
   * for that user. 2: as many as go on after having waited (10 in 5 s), so a flood of new addresses at most doubles the guesses.
   */
  readonly newcomers?: number
}

export interface LoginLimitsOptions {
  /** `memoryLimits()`. Processes that share a store share the budgets. */
  readonly store?: LimitStore
  /** Of one user at one address: 10 in 900 seconds. */
  readonly perUserAndAddress?: Budget
  /** Of one address, whoever it names: 100 in 900 seconds. */
  readonly perAddress?: Budget
  readonly delay?: LoginDelay
  /** `refuse` (503): nobody guesses while nobody counts. */
  readonly whenDown?: WhenDown
  /** Bits of an IPv6 address that count, 32 to 128: 64. */
  readonly ipv6Prefix?: number
  /** What spellings of a user name are one bucket, where `find` takes more for the same than case, accents and compatibility forms. */
  readonly canonical?: (username: string) => string
}

const MAKER = 'loginLimits()'

export function loginLimitsOptions(options: LoginLimitsOptions) {
  checkOptions(MAKER, options, [
    'store',
    'perUserAndAddress',
    'perAddress',
    'delay',
    'whenDown',
    'ipv6Prefix',
    'canonical',
  ])
  const { store = memoryLimits(), canonical = levelledName } = options
  checkStore(MAKER, store)
  if (typeof canonical !== 'function')
    throw new TypeError(`${MAKER}: canonical must be a function (username) => string; leave it out for the usual`)
  return {
    store,
    canonical,
    pair: budgetOf('perUserAndAddress', options.perUserAndAddress ?? { limit: 10, window: 900 }),
    perAddress: budgetOf('perAddress', options.perAddress ?? { limit: 100, window: 900 }),
    delay: delayOf(options.delay),
    whenDown: whenDownOf(MAKER, options.whenDown ?? 'refuse'),
    prefix: prefixOf(MAKER, options.ipv6Prefix),
  }
}

function budgetOf(name: string, budget: Budget): Budget {
  checkOptions(`${MAKER}: ${name}`, budget, ['limit', 'window'])
  return {
    limit: wholeOf(MAKER, `${name}.limit`, budget.limit, 1, 1_000_000),
    window: windowOf(MAKER, `${name}.window`, budget.window),
  }
}

function delayOf(delay: LoginDelay | undefined) {
  checkOptions(`${MAKER}: delay`, delay, ['after', 'most', 'waiting', 'waitingInAll', 'newcomers'])
  const free = wholeOf(MAKER, 'delay.after', delay?.after ?? 10, 1, 1_000_000)
  const most = 1000 * wholeOf(MAKER, 'delay.most (seconds)', delay?.most ?? 5, 1, 60)
  return {
    /** Milliseconds to wait after so many failures. */
    after: (failures: number) => (failures < free ? 0 : Math.min(most, 100 * 2 ** Math.min(20, failures - free))),
    places: wholeOf(MAKER, 'delay.waiting', delay?.waiting ?? 10, 1, 10_000),
    placesInAll: wholeOf(MAKER, 'delay.waitingInAll', delay?.waitingInAll ?? 1_000, 1, 1_000_000),
    newcomers: wholeOf(MAKER, 'delay.newcomers', delay?.newcomers ?? 2, 0, 1_000),
  }
}
