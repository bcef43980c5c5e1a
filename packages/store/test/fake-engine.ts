// An engine in memory that can be made to hang, to fail, to forget its changes, and to be written while it is read.
import type { Changes, Engine, Row } from '../src/engine.ts'
import { compareKeys } from '../src/key.ts'

export interface FakeEngine extends Engine {
  /** Calls that reached it, by name. */
  readonly calls: string[]
  /** What each call does first: answers by default. */
  behave: (call: string) => Promise<void> | void
  /** Changes that are kept. */
  readonly log: Row[]
  readonly rows: Map<string, Row>
  resets: number
  wake: () => void
  put(key: string, value: string | undefined, expiresAt?: number): void
}

export const hang = () => new Promise<never>(() => {})

export function fakeEngine(options: { readonly page?: number } = {}): FakeEngine {
  const rows = new Map<string, Row>()
  const log: Row[] = []
  let version = 100
  const wakes = new Set<() => void>()
  const live = (key: string, now: number) => {
    const row = rows.get(key)
    return row && (row.expiresAt === undefined || row.expiresAt > now) ? row : undefined
  }
  const engine: FakeEngine = {
    name: 'Fake',
    calls: [],
    behave: () => {},
    log,
    rows,
    resets: 0,
    wake: () => {
      for (const wake of wakes) wake()
    },
    put(key, value, expiresAt) {
      const row = { key, value, version: String(++version), ...(expiresAt !== undefined && { expiresAt }) }
      log.push(row)
      if (value === undefined) rows.delete(key)
      else rows.set(key, row)
    },
    prepared: () => act('prepared', () => true),
    migrate: () => act('migrate', () => {}),
    get: (key, now) => act('get', () => live(key, now) as never),
    commit: (writes) =>
      act('commit', () => {
        for (const { key, value, expiresAt } of writes) engine.put(key, value, expiresAt)
        return true
      }),
    getAndDelete: (key, now) =>
      act('getAndDelete', () => {
        const row = live(key, now)
        if (row) engine.put(key, undefined)
        return row?.value
      }),
    scan: ({ prefix, after, limit }, now) =>
      act('scan', () =>
        [...rows.values()]
          .filter(({ key }) => key.startsWith(prefix) && compareKeys(key, after) > 0 && live(key, now))
          .sort((a, b) => compareKeys(a.key, b.key))
          .slice(0, limit),
      ),
    changes: (cursor) =>
      act('changes', (): Changes | undefined => {
        if (cursor === undefined) return { cursor: String(version), rows: [] }
        const found = log.filter((row) => Number(row.version) > Number(cursor))
        if (Number(cursor) < version && found[0]?.version !== String(Number(cursor) + 1)) return undefined
        const page = found.slice(0, options.page)
        return { cursor: page.at(-1)?.version ?? cursor, rows: page, more: page.length < found.length }
      }),
    listen(wake) {
      wakes.add(wake)
      return { stop: () => void wakes.delete(wake) }
    },
    isAnswer: (error) => (error as Error).message === 'an answer',
    reset: () => void engine.resets++,
    close: async () => {},
  }
  async function act<T>(call: string, answer: () => T): Promise<T> {
    engine.calls.push(call)
    await engine.behave(call)
    return answer()
  }
  return engine
}
