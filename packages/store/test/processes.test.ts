import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'

const PROCESSES = 4
const ROUNDS = 250
const folder = mkdtempSync(join(tmpdir(), 'countersign-processes-'))
let files = 0
const newFile = () => join(folder, `${++files}.db`)
const running = new Set<ChildProcess>()

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts workers, lets them go at once, and returns them with the lines that each prints. */
async function start(count: number, file: string, job: string, rounds: number) {
  const workers = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = fork(join(import.meta.dirname, 'worker.ts'), [file, job, String(rounds)], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        execArgv: [],
      })
      running.add(child)
      const worker = { child, output: '' }
      child.stdout!.on('data', (chunk: Buffer) => (worker.output += chunk.toString()))
      await once(child, 'message')
      return worker
    }),
  )
  for (const { child } of workers) child.send('go')
  return workers
}

async function finish(workers: Awaited<ReturnType<typeof start>>): Promise<readonly string[]> {
  const codes = await Promise.all(
    workers.map(async ({ child }) => {
      const [code] = await once(child, 'close')
      running.delete(child)
      return code as number
    }),
  )
  expect(codes).toEqual(workers.map(() => 0))
  return workers.flatMap(({ output }) => output.split('\n').filter(Boolean))
}

const everyRoundOnce = Array.from({ length: ROUNDS }, (_, round) => String(round))
const inOrder = (lines: readonly string[]) => lines.toSorted((a, b) => Number(a) - Number(b))

describe(`${PROCESSES} processes on one file`, () => {
  test('getAndDelete: each code is redeemed by exactly one', async () => {
    const file = newFile()
    const store = sqliteStore(file)
    for (const round of everyRoundOnce) store.commit([{ key: `code:${round}`, value: 'secret' }])
    const workers = await start(PROCESSES, file, 'take', ROUNDS)
    expect(inOrder(await finish(workers))).toEqual(everyRoundOnce)
    expect(store.scan('code:')).toEqual([])
    store.close()
  })

  test('commit with expected: null: each claim is made by exactly one', async () => {
    const file = newFile()
    const workers = await start(PROCESSES, file, 'claim', ROUNDS)
    expect(inOrder(await finish(workers))).toEqual(everyRoundOnce)
  })

  test('commit with a version: no increment is lost', async () => {
    const file = newFile()
    await finish(await start(PROCESSES, file, 'count', ROUNDS))
    const store = sqliteStore(file)
    expect(store.get('count')?.value).toBe(String(PROCESSES * ROUNDS))
    store.close()
  })

  test('commit of two keys: the sum never changes', async () => {
    const file = newFile()
    const store = sqliteStore(file)
    store.commit([
      { key: 'from', value: '1000000' },
      { key: 'to', value: '0' },
    ])
    await finish(await start(PROCESSES, file, 'move', ROUNDS))
    const moved = (PROCESSES * ROUNDS * (ROUNDS - 1)) / 2
    expect(store.get('to')?.value).toBe(String(moved))
    expect(store.get('from')?.value).toBe(String(1_000_000 - moved))
    store.close()
  })

  test('watch: every write of every process is told, once caught up', async () => {
    const file = newFile()
    const store = sqliteStore(file)
    const told = new Set<string>()
    const watch = store.watch('w:', (key) => told.add(key))
    const lines = await finish(await start(PROCESSES, file, 'write', ROUNDS))
    await watch.catchUp()
    expect(lines).toHaveLength(PROCESSES * ROUNDS)
    expect(lines.filter((key) => !told.has(key))).toEqual([])
    store.close()
  })

  test('opening a new file at the same moment works for all', async () => {
    for (let round = 0; round < 3; round++) {
      const lines = await finish(await start(PROCESSES * 2, newFile(), 'count', 1))
      expect(lines).toHaveLength(PROCESSES * 2)
    }
  })
})

test('opening waits for another process that is setting the file up', async () => {
  const file = newFile()
  const child = fork(join(import.meta.dirname, 'holder.ts'), [file], { execArgv: [] })
  running.add(child)
  await once(child, 'message')
  const store = sqliteStore(file, { timeout: 20 })
  expect(store.commit([{ key: 'a', value: '1' }])).toBe(true)
  store.close()
})

describe('F09: kill -9 while writing', () => {
  test('the file opens, and every acknowledged write is there', async () => {
    const file = newFile()
    const acknowledged: string[] = []
    for (let round = 0; round < 4; round++) {
      const [worker] = await start(1, file, 'write', 1_000_000)
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
