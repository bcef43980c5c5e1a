import type { Watch, WatchedEntry, WatchOptions } from './store.ts'

type Change = readonly [key: string, entry: WatchedEntry | undefined]

export interface MemoryWatch extends Watch {
  add(changes: readonly Change[]): void
  /** Hands over what is outstanding. Never throws: a watcher's fault must not undo a commit that was done. */
  deliver(): void
  end(fault: Error): void
}

/**
 * One watcher of a memory store, starting with `replay`. A `changed` that throws ends it: `freshAt` stands still and
 * `catchUp` throws that error from then on, so that whoever relies on it fails closed.
 */
export function watchMemory(
  prefix: string,
  changed: (key: string, entry: WatchedEntry | undefined) => void,
  replay: readonly Change[],
  stop: () => void,
  { deletions = true }: WatchOptions = {},
): MemoryWatch {
  const queue = [...replay]
  let delivering = false
  let endedAt: number | undefined
  let fault: Error | undefined

  function end(error?: Error): void {
    endedAt ??= performance.now()
    fault ??= error
    queue.length = 0
    stop()
  }

  return {
    get freshAt() {
      return endedAt ?? performance.now()
    },

    add(changes) {
      for (const change of changes) {
        if (change[0].startsWith(prefix) && (deletions || change[1])) queue.push(change)
      }
    },

    deliver() {
      if (delivering) return // `changed` wrote: the outer call goes on with it, in order
      delivering = true
      try {
        for (let next = 0; next < queue.length; next++) changed(...queue[next]!)
      } catch (error) {
        end(error as Error)
      } finally {
        queue.length = 0
        delivering = false
      }
    },

    catchUp() {
      if (fault) throw fault
    },

    end,
    close: () => end(),
  }
}
