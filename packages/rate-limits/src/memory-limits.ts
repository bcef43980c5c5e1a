import { checkOptions } from '@countersign/http'
import type { Count, LimitStore } from './limit-store.ts'
import { clockOf, wholeOf } from './options.ts'

export interface MemoryLimitsOptions {
  /** Windows held at once: 100,000. */
  readonly entries?: number
  /** Epoch milliseconds: `Date.now`. */
  readonly clock?: () => number
}

interface Window {
  used: number
  readonly until: number
}

/** How many of the oldest are looked at to make room. */
const LOOKED_AT = 8
const MAKER = 'memoryLimits()'

/**
 * Counts in this process. Holds at most `entries` windows: where a new one finds no room, of the eight that were looked at
 * least recently one that ended is forgotten, else the one of which least was used. So many new addresses push each other
 * out before they push out one that is near its limit. Nothing it does is a promise, and it holds no timer.
 */
export function memoryLimits(options: MemoryLimitsOptions = {}): LimitStore {
  checkOptions(MAKER, options, ['entries', 'clock'])
  const entries = wholeOf(MAKER, 'entries', options.entries ?? 100_000, 1, 10_000_000)
  const clock = clockOf(MAKER, options.clock)
  const windows = new Map<string, Window>()

  function current(key: string, now: number): Window | undefined {
    const window = windows.get(key)
    if (window === undefined || window.until > now) return window
    windows.delete(key)
    return undefined
  }

  function makeRoom(now: number): void {
    let least: readonly [string, Window] | undefined
    const spared: (readonly [string, Window])[] = []
    for (const one of windows) {
      if (one[1].until <= now) {
        windows.delete(one[0])
        return
      }
      if (least === undefined || one[1].used < least[1].used) least = one
      if (spared.push(one) === LOOKED_AT) break
    }
    for (const [key, window] of spared) {
      windows.delete(key)
      if (key !== least?.[0]) windows.set(key, window) // at the end: others are looked at next
    }
  }

  return Object.freeze({
    shared: false,
    add(key: string, cost: number, seconds: number): Count {
      const now = clock()
      let window = current(key, now)
      if (window === undefined) {
        if (windows.size >= entries) makeRoom(now)
        window = { used: 0, until: now + seconds * 1000 }
        windows.set(key, window)
      }
      window.used += cost
      return { used: window.used, endsIn: window.until - now }
    },
    peek(key: string): Count | undefined {
      const now = clock()
      const window = current(key, now)
      return window && { used: window.used, endsIn: window.until - now }
    },
    delete: (key: string) => windows.delete(key),
  })
}
