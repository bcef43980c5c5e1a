import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import type { Store } from '@countersign/store'
import { storeContract } from '@countersign/store/contract'
import { Pool } from 'pg'
import { afterAll, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { drop, hasPostgres, newSchema, postgres, schemaOf } from '../test/postgres.ts'
import { migration, postgresStore } from './index.ts'

describe.skipIf(!hasPostgres)('the PostgreSQL store keeps the contract', () => {
  for (const { name, run } of storeContract) {
    test(name, async () => {
      const url = await newSchema()
      try {
        await run((clock) => postgresStore(url, { clock }))
      } finally {
        await drop(url)
      }
    })
  }
})

describe.skipIf(!hasPostgres)('the PostgreSQL store', () => {
  const schemas: string[] = []
  const fresh = async () => {
    const url = await newSchema()
    schemas.push(url)
    return url
  }
  afterAll(async () => {
    for (const url of schemas) await drop(url)
  })

  test('works on a pool of the application, gives back what it borrows, and does not close it', async () => {
    const pool = new Pool({ connectionString: await fresh(), max: 2 })
    const store = postgresStore(pool)
    const watch = await store.watch('', () => {})
    await Promise.all(Array.from({ length: 50 }, (_, at) => store.commit([{ key: `k${at}`, value: '1' }])))
    expect(await store.scan('k')).toHaveLength(50)
    watch.close()
    await store.close()
    await vi.waitFor(() => expect([pool.waitingCount, pool.idleCount]).toEqual([0, pool.totalCount]))
    expect((await pool.query('SELECT count(*)::int AS n FROM countersign_entries')).rows).toEqual([{ n: 50 }])
    await pool.end()
  })

  test('a pool whose connections are all taken: Unavailable in time, and not done later', async () => {
    const pool = new Pool({ connectionString: await fresh(), max: 2 })
    const store = postgresStore(pool)
    await store.commit([{ key: 'a', value: '1' }])
    const taken = await Promise.all([pool.connect(), pool.connect()])
    const begun = performance.now()
    await expect(store.commit([{ key: 'a', value: '2' }])).rejects.toMatchObject({ name: 'Unavailable' })
    expect(performance.now() - begun).toBeLessThan(350)
    for (const client of taken) client.release()
    await new Promise((done) => setTimeout(done, 50))
    expect((await store.get('a'))?.value).toBe('1')
    await store.close()
    await pool.end()
  })

  test('its migration may run any number of times, from several at once, and keeps what is there', async () => {
    const url = await fresh()
    await Promise.all(Array.from({ length: 8 }, () => postgres(migration, undefined, url)))
    const store = postgresStore(url)
    await store.commit([{ key: 'a', value: '1' }])
    await postgres(migration, undefined, url)
    expect((await store.get('a'))?.value).toBe('1')
    await store.close()
  })

  test('a role that may not make tables works where they are made', async () => {
    const url = await fresh()
    const role = `countersign_test_${randomBytes(4).toString('hex')}`
    const schema = schemaOf(url)
    const asRole = new URL(url)
    asRole.username = role
    await postgres(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role}`)
    try {
      const early = postgresStore(asRole.href)
      await expect(early.get('a')).rejects.toMatchObject({
        name: 'Unavailable',
        cause: { message: `permission denied for schema ${schema}` },
      })
      await postgres(migration, undefined, url)
      await postgres(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`,
      )
      expect(await early.commit([{ key: 'a', value: '1' }])).toBe(true)
      expect(await early.getAndDelete('a')).toBe('1')
      await early.close()
    } finally {
      await postgres(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  test('transactions that do not see what others wrote meanwhile are refused', async () => {
    const url = new URL(await fresh())
    url.searchParams.set('options', `${url.searchParams.get('options')} -cdefault_transaction_isolation=serializable`)
    const store = postgresStore(url.href)
    await expect(store.get('a')).rejects.toThrow(/must be "read committed" by default, not "serializable"/)
    await store.close()
  })

  test('is no reason for a process to stay', async () => {
    const url = await fresh()
    const leaver = fileURLToPath(new URL('../../store/test/leaver.ts', import.meta.url))
    await promisify(execFile)(process.execPath, [leaver, url], { timeout: 10_000 })
    const store = postgresStore(url)
    expect((await store.get('left'))?.value).toBe('1')
    await store.close()
  })

  test('tables that were dropped under it are made again', async () => {
    const url = await fresh()
    const store = postgresStore(url)
    await store.commit([{ key: 'a', value: '1' }])
    await postgres(`DROP SCHEMA ${schemaOf(url)} CASCADE; CREATE SCHEMA ${schemaOf(url)}`)
    for (let call = 0; call < 3; call++) await expect(store.get('a')).rejects.toMatchObject({ name: 'Unavailable' })
    await new Promise((done) => setTimeout(done, 550))
    expect(await store.get('a')).toBeUndefined()
    await store.close()
  })
})

test('options that make no sense are refused when it is made', () => {
  const make = (database: unknown, options?: object) => () => postgresStore(database as string, options)
  expect(make('localhost')).toThrow('the address must be like postgres://HOST/DATABASE')
  expect(make({})).toThrow(/postgresStore: give it 'postgres:/)
  expect(make('postgres://x', { connections: 1 })).toThrow('connections must be a whole number of 2 or more')
  expect(make('postgres://x', { timeout: 0 })).toThrow('postgresStore: timeout must be whole milliseconds')
  expect(make('postgres://x', { schema: 'a' })).toThrow('postgresStore has no option "schema"')
  expect(make(new Pool({ max: 1 }))).toThrow('the pool must have 2 connections or more')
  expect(make(new Pool(), { connections: 3 })).toThrow('connections is for the pool that the store makes')
})

test('a store shows no password', () => {
  const store = postgresStore('postgres://user:canary@127.0.0.1:1/x')
  expect(inspect(store, { depth: 9, showHidden: true })).not.toContain('canary')
})

test('its type', () => {
  expectTypeOf(postgresStore).returns.toEqualTypeOf<Store>()
  expectTypeOf(postgresStore).toBeCallableWith(new Pool())
  expectTypeOf(migration).toEqualTypeOf<string>()
})
