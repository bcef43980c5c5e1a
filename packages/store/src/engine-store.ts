import { checkOptions, Unavailable } from '@countersign/http'
import type { Engine, Row } from './engine.ts'
import { type EngineWatch, watchEngine } from './engine-watch.ts'
import { guard, inTime } from './guard.ts'
import { endOf, isKey, isText } from './key.ts'
import { checkWrites, clockOf, pageSize, wholeTime } from './request.ts'
import type { Store, Write } from './store.ts'

export type { Changes, Engine, Range, Row } from './engine.ts'

export interface EngineOptions {
  /** Epoch milliseconds; the machine's clock unless told otherwise. Machines that share a store must agree on the time. */
  readonly clock?: () => number
  /** Milliseconds until `Unavailable`: 250. A commit that was given up may still have been done. */
  readonly timeout?: number
  /** Calls under way at once: 1000. Those beyond are `Unavailable` without waiting. */
  readonly pending?: number
}

/** The names of `EngineOptions`, for the makers of engines that take them among their own. */
export const ENGINE_OPTIONS = ['clock', 'timeout', 'pending'] as const

/** Milliseconds between two questions of a watch, beside those that the database gives cause for. */
const HEARTBEAT = 500
/** Milliseconds that making the tables may take. */
const MIGRATING = 5_000

/**
 * Returns a store on a database elsewhere: for those who make one, as `@countersign/store-redis` does. Adds what every
 * such store needs: checked arguments, a timeout, at most `pending` calls at once, half a second of rest after three
 * failures in a row, and `watch`. Throws a TypeError for wrong options, in the name of `maker`.
 */
export function engineStore(maker: string, engine: Engine, options: EngineOptions = {}): Store {
  checkOptions(maker, options, ENGINE_OPTIONS)
  const clock = clockOf(maker, options.clock)
  const timeout = timeoutOf(maker, options.timeout)
  const { pending = 1_000 } = options
  if (!Number.isInteger(pending) || pending < 1)
    throw new TypeError(`${maker}: pending must be a whole number of calls that may be under way at once`)
  let prepared = false
  let preparing: Promise<void> | undefined
  let closing: Promise<void> | undefined
  let heartbeat: NodeJS.Timeout | undefined
  let listening: { stop(): void } | undefined
  const watches = new Set<EngineWatch>()
  const guarded = guard({
    name: engine.name,
    pending,
    isAnswer: (error) => engine.isAnswer(error),
    opened() {
      prepared = false // what comes back may be another one
      engine.reset()
    },
  })

  return {
    get: (key) => run(async () => (isKey(key) ? engine.get(key, now()) : undefined)),

    async commit(writes) {
      checkWrites(writes)
      return run(
        async () => writes.every(isPossible) && (writes.length === 0 || engine.commit(writes.map(whole), now())),
      )
    },

    getAndDelete: (key) => run(async () => (isKey(key) ? engine.getAndDelete(key, now()) : undefined)),

    async scan(prefix, after, limit) {
      const rows = await run(() => page(prefix, after, pageSize(limit)))
      return rows.map(({ key, value, version }) => [key, { value: value as string, version }] as const)
    },

    async watch(prefix, changed, { deletions = true } = {}) {
      const watch = watchEngine({
        changes: (cursor) => run(() => engine.changes(cursor)),
        page: (after, limit) => run(() => page(prefix, after, limit)),
        clock,
        prefix,
        changed,
        deletions,
        stop: () => forget(watch),
      })
      watches.add(watch)
      listening ??= engine.listen(deliver)
      heartbeat ??= setInterval(deliver, HEARTBEAT).unref()
      try {
        await watch.catchUp()
      } catch (error) {
        watch.close()
        throw error
      }
      return watch
    },

    close() {
      closing ??= shut()
      return closing
    },
  }

  function run<T>(call: () => Promise<T>): Promise<T> {
    return guarded.run(async () => {
      if (!prepared) await prepare()
      return inTime(call(), timeout)
    })
  }

  function prepare(): Promise<void> {
    preparing ??= makeReady().finally(() => {
      preparing = undefined
    })
    return preparing
  }

  async function makeReady(): Promise<void> {
    if (!(await inTime(engine.prepared(), timeout))) await inTime(engine.migrate(), MIGRATING)
    prepared = true
  }

  async function page(prefix: string, after = '', limit: number): Promise<readonly Row[]> {
    if (!isText(prefix)) return [] // no key starts with that
    const [from = ''] = after.toWellFormed().split('\0') // no key is between the two
    return engine.scan({ prefix, after: from, end: endOf(prefix), limit }, now())
  }

  /** Whole milliseconds, as databases keep them. */
  function now(): number {
    return wholeTime(clock())
  }

  function deliver(): void {
    for (const watch of watches) watch.deliver()
  }

  function forget(watch: EngineWatch): void {
    watches.delete(watch)
    if (watches.size > 0) return
    clearInterval(heartbeat)
    listening?.stop()
    heartbeat = undefined
    listening = undefined
  }

  async function shut(): Promise<void> {
    const cause = new Error('it was closed')
    for (const watch of watches) watch.end(new Unavailable(`the ${engine.name} store`, { cause }))
    guarded.close()
    await engine.close()
  }
}

/** The milliseconds that a call may take: 250 unless told. Throws a TypeError, in the name of `maker`. */
export function timeoutOf(maker: string, timeout = 250): number {
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > 60_000)
    throw new TypeError(`${maker}: timeout must be whole milliseconds from 1 to 60000`)
  return timeout
}

/** Versions are digits: what else is expected is never there. */
function isPossible({ expected }: Write): boolean {
  return typeof expected !== 'string' || /^\d{1,20}$/.test(expected)
}

function whole(write: Write): Write {
  return write.expiresAt === undefined ? write : { ...write, expiresAt: wholeTime(write.expiresAt) }
}
