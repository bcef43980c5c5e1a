import type { Changes, Row } from './engine.ts'
import type { Watch, WatchedEntry, WatchOptions } from './store.ts'

export interface EngineWatch extends Watch {
  catchUp(): Promise<void>
  /** `catchUp` that never rejects: `freshAt` then stands still. */
  deliver(): void
  end(fault: Error): void
}

/** Entries that are read at once in a replay. */
const PAGE = 1_000

/**
 * One watcher of an engine. Replays the entries under `prefix`, then follows the changes from where they were before. A
 * `changed` that throws ends it: `freshAt` stands still and `catchUp` rejects with that error from then on, so that
 * whoever relies on it fails closed.
 */
export function watchEngine(options: {
  /** As of the engine, in bounded time. */
  readonly changes: (cursor?: string) => Promise<Changes | undefined>
  /** Entries under `prefix` with keys above `after`, in order of key. */
  readonly page: (after: string, limit: number) => Promise<readonly Row[]>
  readonly clock: () => number
  readonly prefix: string
  readonly changed: (key: string, entry: WatchedEntry | undefined) => void
  readonly deletions: NonNullable<WatchOptions['deletions']>
  readonly stop: () => void
}): EngineWatch {
  const { changes, page, clock, prefix, changed, deletions, stop } = options
  const known = new Map<string, number | undefined>() // key → when it expires; kept where deletions are told
  let sweepAt = 1_000
  let cursor: string | undefined
  let freshAt = Number.NEGATIVE_INFINITY
  let following: Promise<void> | undefined
  let again: Promise<void> | undefined
  let telling = false
  let ended = false
  let fault: Error | undefined

  return {
    get freshAt() {
      return freshAt
    },
    catchUp,
    deliver: () => void catchUp().catch(() => {}), // `freshAt` stood still; `catchUp` says why
    end,
    close: () => end(),
  }

  function end(error?: Error): void {
    ended = true
    fault ??= error
    known.clear()
    stop()
  }

  /** What is under way may have asked before the call: a second one follows it, shared by all that come meanwhile. */
  function catchUp(): Promise<void> {
    if (fault) return Promise.reject(fault)
    if (ended || telling) return Promise.resolve() // `telling`: called by `changed`; waiting here would never end
    if (!following) return begin()
    again ??= following
      .finally(() => {
        again = undefined
      })
      // Where the question before it found nobody, this one would wait as long for the same.
      .then(() => {
        if (fault) throw fault
        return ended ? undefined : begin()
      })
    return again
  }

  function begin(): Promise<void> {
    following = follow().finally(() => {
      following = undefined
    })
    return following
  }

  async function follow(): Promise<void> {
    const asked = performance.now()
    if (cursor === undefined || !(await tellSince(cursor))) await replay()
    if (!ended) freshAt = asked
  }

  /** Tells what changed after `from`; false when some of it is no longer kept. */
  async function tellSince(from: string): Promise<boolean> {
    for (let at = from; ; ) {
      const found = await changes(at)
      if (ended) return true
      if (!found) return false
      tellAll(found.rows)
      at = found.cursor
      cursor = at
      if (!found.more) return true
    }
  }

  /** Tells what is there, of what was known that it is gone, and what changed meanwhile. */
  async function replay(): Promise<void> {
    cursor = undefined // until all is told: whatever fails in between, the next one begins anew
    const here = await changes()
    if (!here) throw new Error('an engine must say where its changes are')
    const gone = new Set(known.keys())
    for (let after = ''; ; ) {
      const rows = await page(after, PAGE)
      if (ended) return
      for (const { key } of rows) gone.delete(key)
      tellAll(rows)
      if (rows.length < PAGE) break
      after = rows.at(-1)!.key
    }
    const meanwhile = new Map<string, Row>() // the last of each key: what was told may be newer than the others
    let at = here.cursor
    for (let more = true; more; ) {
      const found = await changes(at)
      if (ended) return
      if (!found) return replay()
      for (const row of found.rows) meanwhile.set(row.key, row)
      at = found.cursor
      more = found.more === true
    }
    tellAll([...gone].map((key) => ({ key, value: undefined, version: '0' })))
    tellAll([...meanwhile.values()])
    cursor = at
  }

  function tellAll(rows: readonly Row[]): void {
    telling = true
    try {
      for (const row of rows) {
        if (ended) return
        tell(row)
      }
    } catch (error) {
      end(error as Error)
      throw error
    } finally {
      telling = false
    }
  }

  function tell({ key, value, version, expiresAt }: Row): void {
    if (!key.startsWith(prefix)) return
    const isLive = value !== undefined && (expiresAt === undefined || clock() < expiresAt)
    if (!isLive) {
      known.delete(key)
      if (deletions) changed(key, undefined)
      return
    }
    if (deletions) remember(key, expiresAt)
    changed(key, Object.freeze(expiresAt === undefined ? { value, version } : { value, version, expiresAt }))
  }

  /** Forgets the expired each time the known have doubled, so that they stay in proportion to what lives. */
  function remember(key: string, expiresAt: number | undefined): void {
    known.set(key, expiresAt)
    if (known.size < sweepAt) return
    const now = clock()
    for (const [each, ends] of known) if (ends !== undefined && ends <= now) known.delete(each)
    sweepAt = Math.max(1_000, known.size * 2)
  }
}
