import { setTimeout as wait } from 'node:timers/promises'
import { debuglog } from 'node:util'
import { errorName } from '@countersign/http'
import type { AuditEvent, Writer } from './event.ts'
import type { AuditSink } from './sink.ts'

/** Events that one write takes: what is turned into text without a pause stays short. */
const BATCH = 256
const FIRST_PAUSE = 50
const LONGEST_PAUSE = 2_000

const debug = debuglog('countersign')

export interface BufferedOptions {
  readonly sink: AuditSink
  readonly writer: Writer
  /** Events held at most, those that are being written included. */
  readonly limit: number
  /** Milliseconds after which a write counts as hanging. */
  readonly patience: number
  /** The event that tells how many were lost. */
  lost(count: number): AuditEvent
}

export interface Buffered {
  /** False: there is no room, and the event is gone but counted. */
  add(event: AuditEvent): boolean
  /** The sink fails or hangs, or there is no room. */
  isBehind(): boolean
  readonly counts: { readonly buffered: number; readonly dropped: number; readonly written: number }
  /** Why the last attempt failed, by its code or class; `undefined` while it works. */
  readonly failing: string | undefined
  /** Once all that was added by now is written; rejects when that takes longer than so many milliseconds. */
  flush(within: number): Promise<void>
  /** No more is taken, and what is not written yet never will be. */
  stop(): void
}

/** Holds events until the sink has them: in order, in batches, each until it was taken, and never more than `limit`. */
export function buffered({ sink, writer, limit, patience, lost }: BufferedOptions): Buffered {
  let queue: AuditEvent[] = []
  let underway = 0
  let added = 0
  let settled = 0
  let dropped = 0
  let untold = 0
  let written = 0
  let isOpen = sink.open === undefined
  let isRunning = false
  let isStopped = false
  let failing: string | undefined
  /** When the attempt that is under way began. */
  let since: number | undefined
  let waiting: { readonly upTo: number; done(): void }[] = []

  function wake(): void {
    if (isRunning || isStopped) return
    isRunning = true
    setImmediate(() => void run())
  }

  async function run(): Promise<void> {
    if (!isOpen) await attempt(() => sink.open?.(writer))
    isOpen = true
    tellWaiting()
    while (queue.length > 0 && !isStopped) {
      const batch = queue.splice(0, BATCH)
      underway = batch.length
      const lines = batch.map((event) => ({ event, text: JSON.stringify(event) }))
      await attempt(() => sink.write(lines))
      if (isStopped) break
      written += batch.length
      settled += batch.length
      underway = 0
      tellLost()
      tellWaiting()
    }
    isRunning = false
  }

  function tellWaiting(): void {
    const ready = waiting.filter(({ upTo }) => upTo <= settled)
    waiting = waiting.filter(({ upTo }) => upTo > settled)
    for (const { done } of ready) done()
  }

  /** After all that was held, before all that comes now: the place in the order where the lost ones were. */
  function tellLost(): void {
    if (untold === 0) return
    queue.push(lost(untold))
    added++
    untold = 0
  }

  /** Until it works or the log is stopped. */
  async function attempt(once: () => void | Promise<void>): Promise<void> {
    for (let pause = FIRST_PAUSE; !isStopped; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      since = performance.now()
      try {
        await once()
        failing = undefined
        since = undefined
        return
      } catch (error) {
        failing = errorName(error)
        if (debug.enabled) debug('audit log: the sink fails with %s; %d events wait', failing, queue.length + underway)
      }
      // A process that has nothing else to do may end.
      await wait(pause, undefined, { ref: false })
    }
  }

  wake()
  return {
    add(event) {
      if (isStopped || queue.length + underway >= limit) {
        dropped++
        untold++
        return false
      }
      queue.push(event)
      added++
      wake()
      return true
    },
    isBehind() {
      if (isStopped || failing !== undefined || queue.length + underway >= limit) return true
      return since !== undefined && performance.now() - since > patience
    },
    get counts() {
      return { buffered: queue.length + underway, dropped, written }
    },
    get failing() {
      return failing
    },
    async flush(within) {
      if (untold > 0) throw new Error(`audit log: ${untold} events were dropped, and the sink does not know yet`)
      const upTo = added
      if (settled >= upTo && isOpen) return
      const done = Promise.withResolvers<void>()
      // Not unref'd: somebody waits for what it guards.
      const late = setTimeout(() => {
        const why = failing === undefined ? 'the sink does not answer' : `the sink fails with ${failing}`
        done.reject(
          new Error(`audit log: ${queue.length + underway} events are not written after ${within} ms: ${why}`),
        )
      }, within)
      const entry = { upTo, done: done.resolve }
      waiting.push(entry)
      await done.promise.finally(() => {
        clearTimeout(late)
        waiting = waiting.filter((one) => one !== entry)
      })
    },
    stop() {
      isStopped = true
      queue = []
      waiting = []
    },
  }
}
