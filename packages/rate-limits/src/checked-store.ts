import { channel } from 'node:diagnostics_channel'
import { errorName, type Maybe, Unavailable } from '@countersign/http'
import type { Count, LimitStore } from './limit-store.ts'
import { memoryLimits } from './memory-limits.ts'

/**
 * What happens while the store does not answer. `refuse`: 503. `memory`: each process counts by itself. `pass`: nothing is
 * limited. Under the last two, each request is counted and told on `countersign:limit-unchecked`.
 */
export type WhenDown = 'refuse' | 'memory' | 'pass'

/** Published on `countersign:limit-unchecked`, at most once a second for each limit. */
export interface LimitUnchecked {
  readonly type: 'limit_unchecked'
  /** Epoch milliseconds. */
  readonly at: number
  /** The name of the limit. */
  readonly limit: string
  readonly whenDown: 'memory' | 'pass'
  /** How many calls the store did not answer since the last such event. */
  readonly count: number
  /** The error's `code` if it has one, else its name. */
  readonly reason: string
}

/** A store that answers in time, or is replaced as was declared. */
export interface CheckedStore {
  /** `undefined`: the store is down, and this passes. */
  add(key: string, cost: number, window: number): Maybe<Count | undefined>
  peek(key: string): Maybe<Count | undefined>
  delete(key: string): Maybe<unknown>
}

const unchecked = channel('countersign:limit-unchecked')
const SECOND = 1_000

/** A store that failed is left alone for a second: not each request waits for it, and none is left waiting behind another. `refuse` throws or rejects with `Unavailable`. */
export function checkedStore(limit: string, store: LimitStore, whenDown: WhenDown): CheckedStore {
  const instead = whenDown === 'memory' ? memoryLimits({ entries: 10_000 }) : undefined
  const tell = whenDown === 'refuse' ? undefined : teller(limit, whenDown)
  let leftAloneUntil = 0

  function call<T>(ask: (one: LimitStore) => Maybe<T>): Maybe<T | undefined> {
    if (performance.now() < leftAloneUntil) return tell ? replaced('waiting', ask) : left()
    try {
      const asked = ask(store)
      if (!isThenable(asked)) return asked
      return inTime(Promise.resolve(asked), store.timeout ?? 250).catch((error) => down(error, ask))
    } catch (error) {
      return down(error, ask)
    }
  }

  function down<T>(error: unknown, ask: (one: LimitStore) => Maybe<T>): Maybe<T | undefined> {
    leftAloneUntil = performance.now() + SECOND
    if (!tell) throw new Unavailable('the store of limits', { cause: error })
    return replaced(errorName(error), ask)
  }

  function left(): never {
    throw new Unavailable('the store of limits')
  }

  function replaced<T>(reason: string, ask: (one: LimitStore) => Maybe<T>): Maybe<T | undefined> {
    tell?.(reason)
    return instead && ask(instead)
  }

  return {
    add: (key, cost, window) => call((one) => one.add(key, cost, window)),
    peek: (key) => call((one) => one.peek(key)),
    delete: (key) => call((one) => one.delete(key)),
  }
}

/** Tells at once, then at most once a second, with how many there were. */
function teller(limit: string, whenDown: 'memory' | 'pass'): (reason: string) => void {
  let count = 0
  let isQuiet = false
  let last = 'waiting'
  const publish = () => {
    const event: LimitUnchecked = { type: 'limit_unchecked', at: Date.now(), limit, whenDown, count, reason: last }
    count = 0
    isQuiet = true
    unchecked.publish(Object.freeze(event))
    setTimeout(() => {
      isQuiet = false
      if (count > 0) publish()
    }, SECOND).unref()
  }
  return (reason) => {
    count++
    if (reason !== 'waiting') last = reason
    if (!isQuiet) publish()
  }
}

function inTime<T>(answer: Promise<T>, timeout: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(Object.assign(new Error(`no answer in ${timeout} ms`), { code: 'TIMEOUT' }))
    const timer = setTimeout(late, timeout)
    timer.unref()
    answer.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}

export function isThenable<T>(value: Maybe<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
