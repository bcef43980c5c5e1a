// Nothing is missed: whatever happens to the connection that listens, every change is told, in order per key.
import { performance } from 'node:perf_hooks'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { Client, postgres } from '../../store-postgres/test/postgres.ts'
import { keysOf, redis } from '../../store-redis/test/redis.ts'
import type { Store } from '../src/index.ts'
import { ENGINES } from './engines.ts'
import { openStore } from './open.ts'
import { finish, killAll, start } from './processes.ts'

const [, redisEngine, postgresEngine] = ENGINES as [unknown, (typeof ENGINES)[number], (typeof ENGINES)[number]]
const opened: Store[] = []
const open = (address: string) => {
  const store = openStore(address, { timeout: 2_000 })
  opened.push(store)
  return store
}
afterEach(async () => {
  killAll()
  for (const store of opened.splice(0)) await store.close()
})

/** Ends the connections that listen, and no others. */
const CUTS = {
  Redis: async () => {
    const clients = String(await redis(['CLIENT', 'LIST'])).split('\n')
    const listening = clients.filter((line) => / cmd=xread /.test(line)).map((line) => /\bid=(\d+)/.exec(line)![1]!)
    for (const id of listening) await redis(['CLIENT', 'KILL', 'ID', id])
    return listening.length
  },
  PostgreSQL: async () => {
    const ended = await postgres(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN countersign' AND application_name = 'countersign'`,
    )
    return ended.length
  },
} as const

for (const engine of [redisEngine, postgresEngine]) {
  describe.skipIf(!engine.isThere)(`a watch of ${engine.name}`, { timeout: 60_000 }, () => {
    afterAll(() => engine.clean())

    test('tells 4 × 1,000 writes, in order per key, while its connection is cut again and again', async () => {
      const address = await engine.fresh()
      const store = open(address)
      const told = new Map<string, number[]>()
      const watch = await store.watch('s:', (key, entry) => {
        told.set(key, [...(told.get(key) ?? []), Number(entry!.value)])
      })
      const writers = finish(await start(4, address, 'sequence', 1_000))
      let [writing, cuts] = [true, 0]
      void writers
        .catch(() => {})
        .finally(() => {
          writing = false
        })
      while (writing) {
        cuts += await CUTS[engine.name as keyof typeof CUTS]()
        await new Promise((done) => setTimeout(done, 20))
      }
      expect(await writers).toHaveLength(4_000)
      await watch.catchUp()
      expect(cuts, 'connections that were cut').toBeGreaterThan(0)
      console.log(`${engine.name}: cut ${cuts} times`)
      expect(told.size).toBe(12)
      for (const [key, values] of told) {
        const first = Number(key.at(-1))
        const all = Array.from({ length: Math.ceil((1_000 - first) / 3) }, (_, at) => first + 3 * at)
        expect(values, key).toEqual(all)
      }
    })

    test('tells a write of another handle as soon as it is done, long before the heartbeat', async () => {
      const address = await engine.fresh()
      const [writer, reader] = [open(address), open(address)]
      let arrived: ((key: string) => void) | undefined
      await reader.watch('k', (key, entry) => arrived?.(`${key}=${entry?.value}`))
      const took: number[] = []
      for (let round = 0; round < 100; round++) {
        const told = new Promise<string>((resolve) => (arrived = resolve))
        const begun = performance.now()
        await writer.commit([{ key: 'k', value: `${round}` }])
        expect(await told).toBe(`k=${round}`)
        took.push(performance.now() - begun)
      }
      took.sort((a, b) => a - b)
      console.log(`${engine.name}: write begun → told, ms: p50 ${took[50]!.toFixed(2)}, p99 ${took[98]!.toFixed(2)}`)
      expect(took[90]).toBeLessThan(200)
    })

    test('forgets old changes and what expired, as it goes', async () => {
      const address = await engine.fresh()
      let now = Date.now()
      const store = openStore(address, { timeout: 2_000, clock: () => now })
      opened.push(store)
      for (let round = 0; round < 300; round++) {
        now += 1_000
        await store.commit(
          Array.from({ length: 8 }, (_, at) => ({ key: `${round}:${at}`, value: 'x', expiresAt: now + 1_500 })),
        )
      }
      expect(await held(address)).toBeLessThan(50)
    })
  })
}

/** Entries that the database holds, expired ones too. */
async function held(address: string): Promise<number> {
  if (address.startsWith('postgres:'))
    return Number((await postgres('SELECT count(*) FROM countersign_entries', [], address))[0]!.count)
  return Number(await redis(['HLEN', keysOf(address.split('#')[1]!)[0]!]))
}

describe.skipIf(!redisEngine.isThere)('a watch of Redis', { timeout: 60_000 }, () => {
  afterAll(() => redisEngine.clean())

  test('that slept while the stream was trimmed is told what is there, and what is gone', async () => {
    const address = await redisEngine.fresh()
    const [writer, reader] = [open(address), open(address)]
    const told: string[] = []
    await writer.commit([
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
    ])
    const watch = await reader.watch('', (key, entry) => told.push(entry ? `${key}=${entry.value}` : `-${key}`))
    told.length = 0
    const stream = keysOf(address.split('#')[1]!)[3]!
    // in one step, so that no wake comes between
    await redis([
      'EVAL',
      `redis.call('HSET', KEYS[1], 'a', ARGV[1]) redis.call('HDEL', KEYS[1], 'b') redis.call('ZREM', KEYS[3], 'b')
       redis.call('INCRBY', KEYS[4], 7) redis.call('XTRIM', KEYS[2], 'MAXLEN', 0)`,
      '4',
      keysOf(address.split('#')[1]!)[0]!,
      stream,
      keysOf(address.split('#')[1]!)[1]!,
      keysOf(address.split('#')[1]!)[4]!,
      `${'9'.repeat(16)}||2`,
    ])
    await watch.catchUp()
    expect(told).toEqual(['a=2', '-b'])
  })

  test('a trimmed stream is exactly 10,000 changes long or a little more', async () => {
    const address = await redisEngine.fresh()
    const store = open(address)
    for (let at = 0; at < 12_000; at += 800) {
      await Promise.all(
        Array.from({ length: 100 }, (_, commit) =>
          store.commit(Array.from({ length: 8 }, (_, key) => ({ key: `${commit}:${key}`, value: `${at}` }))),
        ),
      )
    }
    const length = Number(await redis(['XLEN', keysOf(address.split('#')[1]!)[3]!]))
    expect(length).toBeGreaterThanOrEqual(10_000)
    expect(length).toBeLessThan(10_200)
  })

  test('whose data was lost is told that all is gone, and then what is new; no version comes back', async () => {
    const address = await redisEngine.fresh()
    const [writer, reader] = [open(address), open(address)]
    const told: string[] = []
    await writer.commit([{ key: 'a', value: '1' }])
    const { version } = (await writer.get('a'))!
    const watch = await reader.watch('', (key, entry) => told.push(entry ? `${key}=${entry.value}` : `-${key}`))
    await redis(['DEL', ...keysOf(address.split('#')[1]!)])
    await watch.catchUp()
    expect(told).toEqual(['a=1', '-a'])
    await writer.commit([{ key: 'a', value: '2' }])
    expect(await writer.commit([{ key: 'a', value: '3', expected: version }])).toBe(false)
    await writer.commit([{ key: 'b', value: '1' }])
    await watch.catchUp()
    expect(told.slice(0, 2)).toEqual(['a=1', '-a'])
    expect(told.slice(2).toSorted()).toEqual(['a=2', 'b=1'])
  })

  test('whose script cache was emptied goes on', async () => {
    const store = open(await redisEngine.fresh())
    expect(await store.commit([{ key: 'a', value: '1' }])).toBe(true)
    await redis(['SCRIPT', 'FLUSH'])
    expect((await store.get('a'))?.value).toBe('1')
  })
})

describe.skipIf(!postgresEngine.isThere)('a watch of PostgreSQL', { timeout: 60_000 }, () => {
  afterAll(() => postgresEngine.clean())

  test('is told of a transaction that began before another one and ended after it', async () => {
    const address = await postgresEngine.fresh()
    const store = open(address)
    const told: string[] = []
    const watch = await store.watch('', (key, entry) => told.push(entry ? `${key}=${entry.value}` : `-${key}`))

    const slow = new Client({ connectionString: address })
    await slow.connect()
    await slow.query('BEGIN')
    await slow.query(`SELECT countersign_commit('[{"key":"slow","value":"1"}]', 0, 1000)`)
    await store.commit([{ key: 'quick', value: '1' }])
    await watch.catchUp()
    await store.commit([{ key: 'quick', value: '2' }])
    await watch.catchUp()
    expect(told).toEqual(['quick=1', 'quick=2'])
    await slow.query('COMMIT')
    await watch.catchUp()
    expect(told).toEqual(['quick=1', 'quick=2', 'slow=1'])
    await slow.end()
  })

  test('a key that a transaction of somebody holds is Unavailable, others are not', async () => {
    const address = await postgresEngine.fresh()
    const store = openStore(address)
    opened.push(store)
    await store.commit([{ key: 'a', value: '1' }])

    const slow = new Client({ connectionString: address })
    await slow.connect()
    await slow.query('BEGIN')
    await slow.query(`SELECT countersign_commit('[{"key":"a","value":"2"}]', 0, 1000)`)
    for (let round = 0; round < 5; round++)
      await expect(store.commit([{ key: 'a', value: '3' }])).rejects.toMatchObject({ name: 'Unavailable' })
    expect(await store.commit([{ key: 'b', value: '1' }]), 'no breaker opened').toBe(true)
    expect(
      await postgres(
        `SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE 'SELECT countersign_commit%'`,
      ),
      'nobody is left to wait there',
    ).toEqual([])
    await slow.query('ROLLBACK')
    await slow.end()
    expect(await store.commit([{ key: 'a', value: '3' }])).toBe(true)
    expect((await store.get('a'))?.value).toBe('3')
  })

  test('changes older than ten minutes are forgotten, and a cursor of more than one is not followed', async () => {
    const address = await postgresEngine.fresh()
    const store = open(address)
    for (let round = 0; round < 40; round++) await store.commit([{ key: `${round}`, value: '1' }])
    await postgres(`UPDATE countersign_changes SET at = at - interval '11 minutes'`, [], address)
    for (let round = 0; round < 4; round++) await store.commit([{ key: 'now', value: `${round}` }])
    expect(await postgres('SELECT count(*)::int FROM countersign_changes', [], address)).toEqual([{ count: 4 }])
  })
})
