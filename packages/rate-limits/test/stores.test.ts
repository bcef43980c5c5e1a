import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { Pool } from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresLimits, type RateLimit, rateLimit, redisLimits, sqliteLimits } from '../src/index.ts'
import { hasPostgres, hasRedis, postgresPool, REDIS } from './databases.ts'
import { openLimits } from './open-store.ts'
import { requestFrom } from './request.ts'

const folder = mkdtempSync(join(tmpdir(), 'limits-'))
afterAll(() => rmSync(folder, { recursive: true }))
const id = randomBytes(6).toString('hex')
const STORES = [
  { name: 'memory', address: 'memory', isThere: true },
  { name: 'SQLite', address: `sqlite:${join(folder, 'limits.db')}`, isThere: true },
  { name: 'Redis', address: `redis:limits-test-${id}`, isThere: hasRedis },
  { name: 'PostgreSQL', address: `postgres:limits_test_${id}`, isThere: hasPostgres },
]

for (const { name, address, isThere } of STORES) {
  describe.skipIf(!isThere)(`a store of limits in ${name}`, () => {
    it('counts, ends, gives back and forgets', async () => {
      const { store, close, clear } = await openLimits(address)
      try {
        expect(await store.peek('a')).toBeUndefined()
        const first = await store.add('a', 3, 60)
        expect(first.used).toBe(3)
        expect(first.endsIn).toBeGreaterThan(58_000)
        expect(first.endsIn).toBeLessThanOrEqual(60_000)
        expect((await store.add('a', -1, 60)).used).toBe(2)
        expect((await store.peek('a'))?.used).toBe(2)
        expect((await store.add('b', 1, 60)).used).toBe(1)
        await store.delete('a')
        expect(await store.peek('a')).toBeUndefined()
        // Beyond what 32 bits hold.
        await store.add('dear', 2_000_000_000, 60)
        expect((await store.add('dear', 2_000_000_000, 60)).used).toBe(4_000_000_000)
        await store.add('short', 1, 1)
        await sleep(1_050)
        expect(await store.peek('short')).toBeUndefined()
        expect((await store.add('short', 1, 1)).used).toBe(1)
      } finally {
        await clear()
        await close()
      }
    })

    it.skipIf(name === 'memory').each([['requests'], ['logins']])(
      'lets exactly as many %s pass as the limit says, over four processes',
      async (job) => {
        const { close, clear } = await openLimits(address)
        try {
          const children = await Promise.all(Array.from({ length: 4 }, () => startWorker(address, job, 100, 60)))
          const passed = await Promise.all(children.map(answerOf))
          expect(
            passed.reduce((sum, one) => sum + one, 0),
            `of 240, ${passed.join(' + ')} passed`,
          ).toBe(100)
        } finally {
          await clear()
          await close()
        }
      },
    )
  })
}

async function startWorker(address: string, job: string, limit: number, tries: number): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [address, job, `${limit}`, `${tries}`], { execArgv: [] })
  await once(child, 'message')
  return child
}

async function answerOf(child: ChildProcess): Promise<number> {
  child.send('go')
  const [passed] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('a worker ended without an answer'))),
  ])) as [number]
  return passed
}

describe.skipIf(!hasPostgres)('the table in PostgreSQL', () => {
  it('is made by the first call that can, even where earlier ones could not, and by many at once', async () => {
    const table = `limits_late_${id}`
    const pool = postgresPool()
    let isDown = true
    const flaky = {
      query: (...given: unknown[]) =>
        isDown
          ? Promise.reject(new Error('down'))
          : (pool.query as (...all: unknown[]) => Promise<{ rows: unknown[] }>).apply(pool, given),
    }
    try {
      const store = postgresLimits(flaky, { table })
      await expect(store.add('a', 1, 60)).rejects.toThrow('down')
      isDown = false
      const others = Array.from({ length: 4 }, () => postgresLimits(pool, { table }))
      const counts = await Promise.all([store, ...others].map((one) => one.add('a', 1, 60)))
      expect(counts.map(({ used }) => used).sort()).toEqual([1, 2, 3, 4, 5])
    } finally {
      await pool.query(`DROP TABLE IF EXISTS "${table}"`)
      await pool.end()
    }
  })
})

describe('a file of SQLite', () => {
  it('is opened by its path, and deletes what ended', async () => {
    const file = join(folder, 'own.db')
    const store = sqliteLimits(file)
    await store.add('gone', 1, 1)
    await sleep(1_050)
    for (let at = 0; at < 1_000; at++) await store.add('a', 1, 60)
    expect((await store.peek('a'))?.used).toBe(1_000)
    const look = new DatabaseSync(file)
    expect(look.prepare('SELECT key FROM countersign_limits').all()).toEqual([{ key: 'a' }])
    look.close()
  })

  it('that is locked by another for longer than its timeout is down', async () => {
    const file = join(folder, 'locked.db')
    const store = sqliteLimits(file, { timeout: 50 })
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.add('a', 1, 60)).rejects.toThrow(/locked/)
    other.exec('ROLLBACK')
    expect((await store.add('a', 1, 60)).used).toBe(1)
    other.close()
  })

  it('refuses what is no file and no database', () => {
    expect(() => sqliteLimits('')).toThrow(/file must be a path/)
    expect(() => sqliteLimits({} as never)).toThrow(/give it a path/)
    expect(() => sqliteLimits(':memory:', { table: 'a-b' })).toThrow(/without -/)
    expect(() => sqliteLimits(':memory:', { table: 'a; DROP' })).toThrow(/table must be/)
  })
})

describe.skipIf(!hasRedis)('a client of Redis', () => {
  it('that lost its connection and looks for another is down at once; nothing is kept to be counted later', async () => {
    const { hostname, port } = new URL(REDIS)
    const pipes = new Set<Socket>()
    const proxy = createServer((near) => {
      const far = connect(Number(port), hostname)
      for (const one of [near, far]) pipes.add(one.on('error', () => {}))
      near.pipe(far).pipe(near)
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const client = createClient({
      url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      socket: { reconnectStrategy: 50 },
    })
    client.on('error', () => {})
    await client.connect()
    const store = redisLimits(client, { prefix: `limits-gone-${id}` })
    const limit = rateLimit({ name: 'x', by: 'address', limit: 1, window: 60, store, whenDown: 'refuse' })
    const lost = new Promise((resolve) => client.once('reconnecting', resolve as () => void))
    proxy.close()
    for (const pipe of pipes) pipe.destroy()
    await lost
    const start = performance.now()
    const asked = limit.before?.(requestFrom('192.0.2.1'), { dry: false })
    await expect(asked).rejects.toThrow('the store of limits does not answer')
    expect(performance.now() - start).toBeLessThan(100)
    client.destroy()
  })

  it('is refused when it is something else', () => {
    expect(() => redisLimits('redis://127.0.0.1' as never)).toThrow(/give it a connected client/)
    expect(() => postgresLimits('postgres://127.0.0.1' as never)).toThrow(/give it a Pool of pg/)
  })
})

describe('a pool of PostgreSQL without a server', () => {
  it('is down: 503, or each process counts by itself, as declared', async () => {
    const pool = new Pool({ host: '127.0.0.1', port: 9, max: 1 })
    pool.on('error', () => {})
    const store = postgresLimits(pool)
    const one = { name: 'x', by: 'address', limit: 1, window: 60, store } as const
    const ask = async (limit: RateLimit) => limit.before?.(requestFrom('192.0.2.1'), { dry: false })
    await expect(ask(rateLimit({ ...one, whenDown: 'refuse' }))).rejects.toMatchObject({ name: 'Unavailable' })
    const own = rateLimit(one)
    expect([await ask(own), await ask(own)]).toMatchObject([{ headers: {} }, { reason: 'limit.reached' }])
    await pool.end()
  })
})
