import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import type { Store } from '@countersign/store'
import { storeContract } from '@countersign/store/contract'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { clear, hasRedis, keysOf, newPrefix, REDIS, redis } from '../test/redis.ts'
import { connect } from './connection.ts'
import { type RedisStoreOptions, redisStore } from './index.ts'
import { redisEngine } from './redis-engine.ts'

describe.skipIf(!hasRedis)('the Redis store keeps the contract', () => {
  for (const { name, run } of storeContract) {
    test(name, async () => {
      const prefix = newPrefix()
      try {
        await run((clock) => redisStore(REDIS, { prefix, clock }))
      } finally {
        await clear(prefix)
      }
    })
  }
})

describe.skipIf(!hasRedis)('the Redis store', () => {
  test('takes the options of a client, and holds five keys of one hash tag', async () => {
    const prefix = newPrefix()
    const { hostname: host, port } = new URL(REDIS)
    const store = redisStore({ socket: { host, port: Number(port) } }, { prefix })
    await store.commit([
      { key: 'a', value: '1', expiresAt: Date.now() + 60_000 },
      { key: 'b', value: '{x}' },
    ])
    const keys = ((await redis(['KEYS', `*${prefix}*`])) as string[]).toSorted()
    expect(keys).toEqual(keysOf(prefix).toSorted())
    await store.close()
    await clear(prefix)
  })

  test('two prefixes share nothing', async () => {
    const prefixes = [newPrefix(), newPrefix()]
    const [one, other] = prefixes.map((prefix) => redisStore(REDIS, { prefix })) as [Store, Store]
    await one.commit([{ key: 'a', value: '1' }])
    expect(await other.get('a')).toBeUndefined()
    await Promise.all([one.close(), other.close(), ...prefixes.map((prefix) => clear(prefix))])
  })

  test('follows no cursor of another server: it may lack the newest changes', async () => {
    const prefix = newPrefix()
    const [caller, listener] = [connect({ url: REDIS }, 250), connect({ url: REDIS }, 250)]
    const engine = redisEngine(caller, listener, prefix)
    const { cursor } = (await engine.changes())!
    expect(await engine.changes(cursor)).toEqual({ cursor, rows: [], more: false })
    const [, version] = cursor.split(' ')
    expect(await engine.changes(`another ${version}`)).toBeUndefined()
    await engine.close()
    await clear(prefix)
  })

  test('is no reason for a process to stay', async () => {
    const prefix = newPrefix()
    const leaver = fileURLToPath(new URL('../../store/test/leaver.ts', import.meta.url))
    await promisify(execFile)(process.execPath, [leaver, `${REDIS}#${prefix}`], { timeout: 10_000 })
    const store = redisStore(REDIS, { prefix })
    expect((await store.get('left'))?.value).toBe('1')
    await store.close()
    await clear(prefix)
  })

  test('is asked in vain when nobody listens there: Unavailable, and closed all the same', async () => {
    const store = redisStore('redis://127.0.0.1:1')
    await expect(store.get('a')).rejects.toMatchObject({
      name: 'Unavailable',
      message: 'the Redis store does not answer',
    })
    await expect(store.watch('', () => {})).rejects.toMatchObject({ name: 'Unavailable' })
    await store.close()
  })
})

test('options that make no sense are refused when it is made', () => {
  const make = (server: unknown, options?: object) => () => redisStore(server as string, options)
  expect(make('localhost:6379')).toThrow('the address must be like redis://HOST:PORT')
  expect(make(undefined)).toThrow(/redisStore: give it 'redis:/)
  expect(make('redis://x', { prefix: 'a{b}' })).toThrow(
    'redisStore: prefix must be 1 to 100 characters, without braces',
  )
  expect(make('redis://x', { timeout: -1 })).toThrow('redisStore: timeout must be whole milliseconds')
  expect(make('redis://x', { connections: 2 })).toThrow('redisStore has no option "connections"')
})

test('a store shows no password', () => {
  const store = redisStore('redis://user:canary@127.0.0.1:1')
  expect(inspect(store, { depth: 9, showHidden: true })).not.toContain('canary')
})

test('its type', () => {
  expectTypeOf(redisStore).returns.toEqualTypeOf<Store>()
  expectTypeOf<RedisStoreOptions>().toHaveProperty('timeout')
  expectTypeOf(redisStore).parameter(0).exclude<string>().toHaveProperty('socket')
})
