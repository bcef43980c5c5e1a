import type { Maybe } from '@countersign/http'

/** What stands in a window: how much was used, and how long it still lasts. */
export interface Count {
  readonly used: number
  /** Milliseconds until the window ends. */
  readonly endsIn: number
}

/** Where limits count. `memoryLimits`, `redisLimits`, `postgresLimits` and `sqliteLimits` make one; any other of this shape fits. */
export interface LimitStore {
  /** Milliseconds that a call may take before the store counts as down: 250. */
  readonly timeout?: number
  /** Whether other processes count here too. */
  readonly shared?: boolean
  /**
   * Adds to what was used of the key's window, in one atomic step, and gives what stands there then. Where there is no window,
   * or it ended, a new one of that many seconds begins. `cost` is a whole number; a negative one gives back.
   */
  add(key: string, cost: number, window: number): Maybe<Count>
  /** What stands there; `undefined` without a window. Changes nothing. */
  peek(key: string): Maybe<Count | undefined>
  /** Ends the window. */
  delete(key: string): Maybe<unknown>
}
