import type { Connections } from './connections.ts'
import type { PostgresClient } from './pool.ts'

/** Milliseconds until a lost connection is tried again: doubling from the first to the last. */
const RETRY = [100, 1_000] as const

/** One connection of the pool that is told of changes, for as long as somebody listens. It comes back by itself. */
export function listen(connections: Connections) {
  const wakes = new Set<() => void>()
  let client: PostgresClient | undefined
  let connecting = false
  let closed = false
  let wait: number = RETRY[0]
  let timer: NodeJS.Timeout | undefined

  const wakeAll = () => {
    for (const wake of wakes) wake()
  }

  async function connect(): Promise<void> {
    if (client || connecting || closed || wakes.size === 0) return
    connecting = true
    let made: PostgresClient | undefined
    try {
      made = await connections.connect()
      made.on('notification', wakeAll)
      made.on('error', lose)
      made.on('end', lose)
      await made.query({ text: 'LISTEN countersign', query_timeout: 1_000 })
      made.unref?.() // who waits for changes is no reason to stay
      client = made
      wait = RETRY[0]
    } catch {
      release(made)
      later()
    } finally {
      connecting = false
    }
    if (closed || wakes.size === 0) lose()
    else wakeAll() // what changed while nobody listened
  }

  function later(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void connect(), wait).unref()
    wait = Math.min(wait * 2, RETRY[1])
  }

  function lose(): void {
    const lost = client
    client = undefined
    release(lost)
    if (!closed && wakes.size > 0) later()
  }

  /** Never back to the pool: it still listens. */
  function release(lost: PostgresClient | undefined): void {
    if (!lost) return
    lost.removeListener('notification', wakeAll)
    lost.removeListener('error', lose)
    lost.removeListener('end', lose)
    lost.on('error', () => {})
    lost.release(true)
  }

  return {
    listen(wake: () => void) {
      wakes.add(wake)
      void connect()
      return {
        stop() {
          wakes.delete(wake)
          if (wakes.size === 0) lose()
        },
      }
    },
    reset: lose,
    close() {
      closed = true
      clearTimeout(timer)
      lose()
    },
  }
}
