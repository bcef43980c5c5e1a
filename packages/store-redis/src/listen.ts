import type { Connection, Reply } from './connection.ts'

/** Milliseconds until a lost connection is tried again: doubling from the first to the last. */
const RETRY = [100, 1_000] as const
/** Milliseconds that Redis waits for a change before it answers that there was none. */
const BLOCK = 5_000

/** Waits at the end of the stream, on a connection of its own, for as long as somebody listens. It comes back by itself. */
export function listen(connection: Connection, stream: string) {
  const wakes = new Set<() => void>()
  let running = false
  let closed = false
  let pause: { end(): void } | undefined

  function wakeAll(): void {
    for (const wake of wakes) wake()
  }

  const isWanted = () => !closed && wakes.size > 0

  async function run(): Promise<void> {
    if (running) return
    running = true
    let wait: number = RETRY[0]
    while (isWanted()) {
      try {
        await follow(() => {
          wait = RETRY[0]
        })
      } catch {
        connection.reset()
        if (!isWanted()) break
        await sleep(wait)
        wait = Math.min(wait * 2, RETRY[1])
      }
    }
    running = false
    connection.reset()
  }

  async function follow(isUp: () => void): Promise<void> {
    let last = await newest()
    isUp()
    wakeAll() // what changed while nobody listened
    while (isWanted()) {
      if ((await answered(['XREAD', 'BLOCK', String(BLOCK), 'COUNT', '1', 'STREAMS', stream, last])) === null) continue
      last = await newest() // of a thousand changes, one wakes
      wakeAll()
    }
  }

  async function newest(): Promise<string> {
    const [first] = ((await answered(['XREVRANGE', stream, '+', '-', 'COUNT', '1'])) ?? []) as readonly [
      string,
      Reply,
    ][]
    return first?.[0] ?? '0-0'
  }

  /** A connection that is silent for longer than it was asked to be is given up. */
  async function answered(command: readonly string[]): Promise<Reply> {
    const watchdog = setTimeout(() => connection.reset(), BLOCK + 1_000).unref()
    try {
      return await connection.send(command)
    } finally {
      clearTimeout(watchdog)
    }
  }

  function sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds).unref()
      pause = {
        end() {
          clearTimeout(timer)
          resolve()
        },
      }
    })
  }

  return {
    listen(wake: () => void) {
      wakes.add(wake)
      void run()
      return {
        stop() {
          wakes.delete(wake)
          if (wakes.size === 0) halt()
        },
      }
    },
    reset: () => connection.reset(),
    close() {
      closed = true
      halt()
      connection.close()
    },
  }

  function halt(): void {
    pause?.end()
    connection.reset()
  }
}
