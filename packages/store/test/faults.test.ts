// F01 and F02: a database that is killed, cut off, refuses, or does not answer, under calls.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isUnavailable } from '@countersign/http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { postgresStore } from '../../store-postgres/src/index.ts'
import { redisStore } from '../../store-redis/src/index.ts'
import { REDIS, redis } from '../../store-redis/test/redis.ts'
import type { Store } from '../src/index.ts'
import { ENGINES } from './engines.ts'
import { openStore } from './open.ts'
import { type FaultyProxy, proxy } from './proxy.ts'

/** What a store may take to answer while its database is down, whatever the fault: 250 ms and what the event loop takes. */
const BOUND = 300
/** Milliseconds until it works again. */
const RECOVERY = 2_000

interface Call {
  readonly took: number
  readonly error: unknown
}

async function timed(call: () => unknown): Promise<Call> {
  const begun = performance.now()
  try {
    await call()
    return { took: performance.now() - begun, error: undefined }
  } catch (error) {
    return { took: performance.now() - begun, error }
  }
}

/** 20 callers, one call after the other, until `signal`. */
async function load(store: Store, signal: AbortSignal): Promise<readonly Call[]> {
  const calls: Call[] = []
  const caller = async (id: number) => {
    while (!signal.aborted) {
      calls.push(
        await timed(() => store.get(`k${id}`)),
        await timed(() => store.commit([{ key: `k${id}`, value: '1' }])),
      )
      await sleep(5)
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, id) => caller(id)))
  return calls
}

const p99 = (calls: readonly Call[]) =>
  calls.map(({ took }) => took).toSorted((a, b) => a - b)[Math.floor(calls.length * 0.99)]!

const longest = (calls: readonly Call[]) => Math.max(...calls.map(({ took }) => took))

/** Milliseconds until a call succeeds. */
async function recovery(store: Store): Promise<number> {
  const begun = performance.now()
  for (;;) {
    const { error } = await timed(() => store.commit([{ key: 'recovered', value: '1' }]))
    if (!error) return performance.now() - begun
    if (performance.now() - begun > 10_000) throw error
    await sleep(10)
  }
}

for (const engine of ENGINES.slice(1)) {
  describe.skipIf(!engine.isThere)(`${engine.name} behind a proxy that fails`, { timeout: 60_000 }, () => {
    let address: string
    let between: FaultyProxy
    let store: Store
    const stores: Store[] = []
    const open = (options = {}) => {
      const url = new URL(address)
      url.hostname = '127.0.0.1'
      url.port = String(between.port)
      const opened = openStore(url.href, options)
      stores.push(opened)
      return opened
    }
    beforeEach(async () => {
      address = await engine.fresh()
      const { port, hostname } = new URL(address)
      between = await proxy(Number(port), hostname)
      store = open()
      await store.commit([{ key: 'a', value: '1' }])
    })
    afterEach(async () => {
      between.pass()
      for (const opened of stores.splice(0)) await opened.close()
      await between.close()
      await engine.clean()
    })

    for (const fault of ['blackHole', 'refuse'] as const) {
      test(`${fault}: each answer is in bounded time, and it recovers by itself`, async () => {
        let told = 0
        const watch = await store.watch('', () => void told++)
        const stop = new AbortController()
        const loading = load(store, stop.signal)
        await sleep(300)
        between[fault]()
        const stood = performance.now()
        await sleep(1_500)
        stop.abort()
        const calls = await loading
        const failed = calls.filter(({ error }) => error)
        console.log(
          `${engine.name}, ${fault}: ${calls.length} calls, ${failed.length} failed, p99 ${p99(failed).toFixed(0)} ms, the longest ${longest(failed).toFixed(0)} ms`,
        )
        expect(failed.length).toBeGreaterThan(20)
        expect(failed.filter(({ error }) => !isUnavailable(error))).toEqual([])
        expect(longest(failed)).toBeLessThan(BOUND + 100)
        expect(p99(failed)).toBeLessThan(BOUND)
        expect(watch.freshAt, 'nothing is known of the time after the fault').toBeLessThan(stood + 50)
        expect(between.open, 'connections').toBeLessThan(30)
        between.pass()
        const took = await recovery(store)
        console.log(`${engine.name}, ${fault}: recovered after ${took.toFixed(0)} ms`)
        expect(took).toBeLessThan(RECOVERY)
        await watch.catchUp()
        expect(watch.freshAt).toBeGreaterThan(stood + 1_500)
        const before = told
        await store.commit([{ key: 'new', value: '1' }])
        for (let wait = 0; told === before && wait < 100; wait++) await sleep(10)
        expect(told, 'the watch tells by itself again').toBeGreaterThan(before)
      })
    }

    test('connections that are silent for ever, while new ones work, are given up', async () => {
      const many = open({ connections: 10 })
      let told = 0
      await many.watch('', () => void told++)
      await Promise.all(Array.from({ length: 20 }, () => many.get('a'))) // as many connections as it makes
      between.forget()
      const took = await recovery(many)
      console.log(`${engine.name}, silent connections: recovered after ${took.toFixed(0)} ms`)
      expect(took).toBeLessThan(RECOVERY)
      for (let round = 0; round < 10; round++) await many.get('a') // none of the silent ones is left
      const before = told
      await sleep(600)
      await many.commit([{ key: 'new', value: '1' }])
      const begun = performance.now()
      while (told === before && performance.now() - begun < 2_000) await sleep(5)
      expect(performance.now() - begun, 'the watch has a new connection too').toBeLessThan(200)
    })

    test('connections that are cut cost at most the calls under way', async () => {
      for (let round = 0; round < 10; round++) {
        between.cut()
        await sleep(20)
        expect((await timed(() => store.get('a'))).error).toBeUndefined()
      }
    })

    test('beyond `pending`, calls are refused at once', async () => {
      const bounded = open({ pending: 50 })
      await bounded.get('a')
      between.blackHole()
      const calls = await Promise.all(Array.from({ length: 200 }, () => timed(() => bounded.get('a'))))
      expect(calls.every(({ error }) => isUnavailable(error))).toBe(true)
      expect(calls.filter(({ took }) => took < 100).length).toBe(150)
      expect(p99(calls)).toBeLessThan(BOUND)
    })

    test('slow answers are Unavailable, quicker ones are not', async () => {
      between.delay(400)
      expect(await timed(() => store.get('a'))).toMatchObject({ error: { name: 'Unavailable' } })
      between.delay(20)
      await recovery(store)
      expect((await store.get('a'))?.value).toBe('1')
    })

    test('a store that was made while the database was down works when it is up', async () => {
      between.refuse()
      const early = open()
      expect((await timed(() => early.get('a'))).error).toSatisfy(isUnavailable)
      between.pass()
      await recovery(early)
      expect((await early.get('a'))?.value).toBe('1')
    })
  })
}

function hasServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'])
    return true
  } catch {
    console.error('\n*** LEFT OUT: a Redis that is killed. There is no redis-server on the PATH.\n')
    return false
  }
}

describe.skipIf(!hasServer())('a Redis of our own that is killed', { timeout: 60_000 }, () => {
  test('and started again, empty: calls are Unavailable, then good; the watch is told that all is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-redis-'))
    const port = await freePort()
    let server = await startRedis(port, folder)
    const store = redisStore(`redis://127.0.0.1:${port}`)
    try {
      const told: string[] = []
      await store.commit([{ key: 'a', value: '1' }])
      const watch = await store.watch('', (key, entry) => told.push(entry ? `${key}=${entry.value}` : `-${key}`))
      const stop = new AbortController()
      const loading = load(store, stop.signal)
      await sleep(200)
      server.kill('SIGKILL')
      await sleep(1_000)
      stop.abort()
      const failed = (await loading).filter(({ error }) => error)
      expect(failed.filter(({ error }) => !isUnavailable(error))).toEqual([])
      expect(p99(failed)).toBeLessThan(BOUND)
      server = await startRedis(port, folder)
      const took = await recovery(store)
      console.log(`Redis, killed and started: recovered after ${took.toFixed(0)} ms`)
      expect(took).toBeLessThan(RECOVERY)
      await watch.catchUp()
      expect(told).toContain('-a')
      expect(told).toContain('recovered=1')
    } finally {
      await store.close()
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('that throws keys away, or is full, is refused or Unavailable: nothing is half written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-redis-'))
    const port = await freePort()
    const server = await startRedis(port, folder)
    const url = `redis://127.0.0.1:${port}`
    const store = redisStore(url)
    try {
      await redis(['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'], url)
      await expect(store.get('a')).rejects.toThrow(/maxmemory-policy allkeys-lru.*noeviction/)
      await redis(['CONFIG', 'SET', 'maxmemory-policy', 'noeviction'], url)
      expect(await store.commit([{ key: 'a', value: '1' }])).toBe(true)
      await redis(['CONFIG', 'SET', 'maxmemory', '1'], url)
      const writes = [
        { key: 'a', value: undefined },
        { key: 'b', value: '1' },
      ]
      await expect(store.commit([writes[1]!, writes[0]!])).rejects.toSatisfy(isUnavailable)
      expect((await store.get('a'))?.value).toBe('1')
      expect(await store.getAndDelete('a')).toBe('1')
      await redis(['CONFIG', 'SET', 'maxmemory', '0'], url)
      expect(await store.commit(writes)).toBe(true)
    } finally {
      await store.close()
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('that lets a user do what the README lists, and no more, is enough; without INFO too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-redis-'))
    const port = await freePort()
    const server = await startRedis(port, folder)
    const root = `redis://127.0.0.1:${port}`
    try {
      const page = readFileSync(new URL('../../store-redis/README.md', import.meta.url), 'utf8')
      const [, listed] = /needs `([^`]+)` on/.exec(page) as unknown as [string, string]
      const rights = listed.split(/\s+/)
      for (const wanted of [rights, rights.filter((right) => right !== '+info')]) {
        await redis(['ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~{acl}:*', ...wanted], root)
        const store = redisStore(`redis://app:secret@127.0.0.1:${port}`, { prefix: 'acl', timeout: 5_000 })
        const told: string[] = []
        await store.watch('', (key) => told.push(key))
        expect(await store.commit([{ key: 'a', value: '1', expiresAt: Date.now() + 60_000 }])).toBe(true)
        for (let wait = 0; told.length === 0 && wait < 40; wait++) await sleep(5)
        expect(told).toEqual(['a'])
        expect(await store.scan('')).toHaveLength(1)
        expect(await store.getAndDelete('a')).toBe('1')
        await store.close()
      }
    } finally {
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('that asks for a password does not get it told to others', async () => {
    const secret = 'canary-of-a-password'
    const wrong = redisStore(`redis://user:${secret}@${new URL(REDIS).host}`)
    const error = (await timed(() => wrong.get('a'))).error as Error
    expect(isUnavailable(error)).toBe(true)
    expect(inspectAll(error)).not.toContain(secret)
    await wrong.close()
    expect(() => postgresStore(`postgres://user:${secret}@host:notaport/x`)).toThrow(/not shown/)
    for (const make of [
      () => redisStore(`redis://user:${secret}@host:notaport`),
      () => redisStore(`http://${secret}`),
    ]) {
      expect(make).toThrow(/not shown/)
      expect(make).not.toThrow(secret)
    }
  })
})

function inspectAll(error: Error): string {
  return `${error.stack} ${(error.cause as Error | undefined)?.stack} ${JSON.stringify(error.cause)}`
}

async function startRedis(port: number, folder: string): Promise<ChildProcess> {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const server = spawn('redis-server', args, { stdio: 'ignore' })
  for (;;) {
    if (await redis(['PING'], `redis://127.0.0.1:${port}`).catch(() => undefined)) return server
    await sleep(10)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
