import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { memoryStore, type Store, sqliteStore } from '../src/index.ts'
import { ENGINES } from './engines.ts'
import { openStore } from './open.ts'
import { finish, killAll, start } from './processes.ts'

const PROCESSES = 4
const ROUNDS = 1_000
const folder = mkdtempSync(join(tmpdir(), 'countersign-processes-'))
let files = 0
const newFile = () => join(folder, `${++files}.db`)

afterEach(killAll)
afterAll(() => rmSync(folder, { recursive: true }))

const rounds = (count: number) => Array.from({ length: count }, (_, round) => String(round))
const inOrder = (lines: readonly string[]) => lines.toSorted((a, b) => Number(a) - Number(b))

/** Writes `${name}:0` and so on, a few at a time. */
async function fill(store: Store, name: string): Promise<void> {
  for (let at = 0; at < ROUNDS; at += 8) {
    const keys = rounds(ROUNDS).slice(at, at + 8)
    await store.commit(keys.map((round) => ({ key: `${name}:${round}`, value: 'secret' })))
  }
}

for (const engine of ENGINES) {
  describe.skipIf(!engine.isThere)(
    `${PROCESSES} processes on one store in ${engine.name}`,
    { timeout: 120_000 },
    () => {
      afterAll(() => engine.clean())

      test(`getAndDelete: each of ${ROUNDS} codes is redeemed by exactly one`, async () => {
        const address = await engine.fresh()
        const store = openStore(address)
        await fill(store, 'code')
        expect(inOrder(await finish(await start(PROCESSES, address, 'take', ROUNDS)))).toEqual(rounds(ROUNDS))
        expect(await store.scan('code:')).toEqual([])
        await store.close()
      })

      test(`commit with expected: null: each of ${ROUNDS} claims is made by exactly one`, async () => {
        const workers = await start(PROCESSES, await engine.fresh(), 'claim', ROUNDS)
        expect(inOrder(await finish(workers))).toEqual(rounds(ROUNDS))
      })

      test(`commit with a version: each of ${ROUNDS} rows is replaced by exactly one`, async () => {
        const address = await engine.fresh()
        const store = openStore(address)
        await fill(store, 'row')
        expect(inOrder(await finish(await start(PROCESSES, address, 'replace', ROUNDS)))).toEqual(rounds(ROUNDS))
        await store.close()
      })

      test('commit with a version, again until it is done: no increment is lost', async () => {
        const address = await engine.fresh()
        await finish(await start(PROCESSES, address, 'count', 250))
        const store = openStore(address)
        expect((await store.get('count'))?.value).toBe(String(PROCESSES * 250))
        await store.close()
      })

      test('commit of two keys: the sum never changes', async () => {
        const address = await engine.fresh()
        const store = openStore(address)
        await store.commit([
          { key: 'from', value: '1000000' },
          { key: 'to', value: '0' },
        ])
        await finish(await start(PROCESSES, address, 'move', 250))
        const moved = (PROCESSES * 250 * 249) / 2
        expect((await store.get('to'))?.value).toBe(String(moved))
        expect((await store.get('from'))?.value).toBe(String(1_000_000 - moved))
        await store.close()
      })

      test('watch: every write of every process is told, once caught up', async () => {
        const address = await engine.fresh()
        const store = openStore(address)
        const told = new Set<string>()
        const watch = await store.watch('w:', (key) => told.add(key))
        const lines = await finish(await start(PROCESSES, address, 'write', ROUNDS))
        await watch.catchUp()
        expect(lines).toHaveLength(PROCESSES * ROUNDS)
        expect(lines.filter((key) => !told.has(key))).toEqual([])
        await store.close()
      })

      test('opening a new one at the same moment works for all', async () => {
        for (let round = 0; round < 2; round++) {
          const lines = await finish(await start(PROCESSES * 2, await engine.fresh(), 'count', 1))
          expect(lines).toHaveLength(PROCESSES * 2)
        }
      })
    },
  )
}

// A memory store is of one process: many callers at once are all that can race.
describe('20 callers at once on one memory store', () => {
  test(`getAndDelete and commit: exactly one wins, in each of ${ROUNDS} rounds`, async () => {
    const store = memoryStore()
    await fill(store, 'row')
    const winners = async (attempt: () => boolean) =>
      (await Promise.all(Array.from({ length: 20 }, async () => attempt()))).filter(Boolean).length
    for (const round of rounds(ROUNDS)) {
      const { version } = store.get(`row:${round}`)!
      const key = `row:${round}`
      expect(await winners(() => store.commit([{ key, value: '2', expected: version }]))).toBe(1)
      expect(await winners(() => store.commit([{ key: `claim:${round}`, value: '1', expected: null }]))).toBe(1)
      expect(await winners(() => store.getAndDelete(key) !== undefined)).toBe(1)
    }
  })
})

test('opening waits for another process that is setting the file up', async () => {
  const file = newFile()
  const child = fork(join(import.meta.dirname, 'holder.ts'), [file], { execArgv: [] })
  await once(child, 'message')
  const store = sqliteStore(file, { timeout: 20 })
  expect(store.commit([{ key: 'a', value: '1' }])).toBe(true)
  store.close()
  child.kill()
})

describe('F09: kill -9 while writing', () => {
  test('the file opens, and every acknowledged write is there', async () => {
    const file = newFile()
    const acknowledged: string[] = []
    for (let round = 0; round < 4; round++) {
      const [worker] = await start(1, `sqlite:${file}`, 'write', 1_000_000)
      while (worker!.output.length < 2_000) await new Promise((done) => setTimeout(done, 5))
      worker!.child.kill('SIGKILL')
      await once(worker!.child, 'close')
      // the last line may be cut: its write was done, but not told
      acknowledged.push(...worker!.output.slice(0, worker!.output.lastIndexOf('\n')).split('\n'))
      if (round % 2 === 1) appendFileSync(`${file}-wal`, Buffer.alloc(1_234, 0xa5)) // a write that the crash cut short
      const store = sqliteStore(file)
      expect(acknowledged.filter((key) => store.get(key) === undefined)).toEqual([])
      expect(store.commit([{ key: 'after', value: String(round) }])).toBe(true)
      store.close()
    }
    expect(acknowledged.length).toBeGreaterThan(100)
  })
})
