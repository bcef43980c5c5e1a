import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isUnavailable } from '@countersign/http'
import { afterAll, describe, expect, test } from 'vitest'
import { storeContract } from './contract.ts'
import { sqliteStore } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-store-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = () => join(folder, `${++files}.db`)

describe('the SQLite store keeps the contract', () => {
  for (const { name, run } of storeContract) {
    test(name, () => {
      const file = newFile()
      return run((clock) => sqliteStore(file, { clock }))
    })
  }
})

describe('the SQLite store on a connection of the app keeps the contract', () => {
  for (const { name, run } of storeContract) {
    test(name, async () => {
      const database = new DatabaseSync(newFile())
      await run((clock) => sqliteStore(database, { clock }))
      database.close()
    })
  }
})

describe('the SQLite store', () => {
  test('makes the file for its owner alone', () => {
    const file = newFile()
    const store = sqliteStore(file)
    store.commit([{ key: 'a', value: '1' }])
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600)
    store.close()
  })

  test('keeps its data, and never uses a version again, after it was opened anew', () => {
    const file = newFile()
    const first = sqliteStore(file)
    first.commit([{ key: 'a', value: '1' }])
    const version = first.get('a')!.version
    first.commit([{ key: 'a', value: undefined }])
    first.close()
    const second = sqliteStore(file)
    second.commit([{ key: 'a', value: '1' }])
    expect(Number(second.get('a')!.version)).toBeGreaterThan(Number(version))
    second.close()
  })

  test('syncs each commit to the disk', () => {
    const database = new DatabaseSync(newFile())
    sqliteStore(database)
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  })

  test('leaves a connection that it was given open', () => {
    const database = new DatabaseSync(newFile())
    sqliteStore(database).close()
    expect(database.isOpen).toBe(true)
  })

  test('is Unavailable when the app closed the connection', () => {
    const database = new DatabaseSync(newFile())
    const store = sqliteStore(database)
    database.close()
    expect(() => store.get('a')).toThrow(expect.toSatisfy(isUnavailable))
  })

  test('is Unavailable after its timeout while another holds the lock; reading goes on', () => {
    const file = newFile()
    const store = sqliteStore(file, { timeout: 50 })
    store.commit([{ key: 'a', value: '1' }])
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const since = performance.now()
    expect(() => store.commit([{ key: 'a', value: '2' }])).toThrow(expect.toSatisfy(isUnavailable))
    expect(performance.now() - since).toBeGreaterThan(40)
    expect(performance.now() - since).toBeLessThan(1_000)
    expect(() => store.getAndDelete('a')).toThrow(expect.toSatisfy(isUnavailable))
    expect(store.get('a')?.value).toBe('1')
    expect(store.getAndDelete('a guess')).toBeUndefined()
    other.exec('ROLLBACK')
    expect(store.commit([{ key: 'a', value: '2' }])).toBe(true)
    other.close()
    store.close()
  })

  test('F10: on a file that can only be read, reads answer and writes are Unavailable', () => {
    const file = newFile()
    const writable = sqliteStore(file)
    writable.commit([{ key: 'a', value: '1' }])
    const store = sqliteStore(new DatabaseSync(file, { readOnly: true }))
    expect(store.get('a')?.value).toBe('1')
    expect(() => store.commit([{ key: 'a', value: '2' }])).toThrow(expect.toSatisfy(isUnavailable))
    expect(() => store.getAndDelete('a')).toThrow(expect.toSatisfy(isUnavailable))
    expect(store.get('a')?.value).toBe('1')
    writable.close()
  })

  test('F10: on a full disk a commit is Unavailable, nothing of it is written, and it recovers', () => {
    const database = new DatabaseSync(newFile())
    const store = sqliteStore(database)
    store.commit([{ key: 'a', value: '1' }])
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number }
    database.exec(`PRAGMA max_page_count = ${pages}`)
    const writes = ['a', 'b', 'c'].map((key) => ({ key, value: 'x'.repeat(20_000) }))
    expect(() => store.commit(writes)).toThrow(expect.toSatisfy(isUnavailable))
    expect(database.isTransaction).toBe(false)
    expect(store.scan('').map(([key, { value }]) => key + value)).toEqual(['a1'])
    database.exec('PRAGMA max_page_count = 100000')
    expect(store.commit(writes)).toBe(true)
  })

  test('a transaction that the app left open is its bug, not an outage', () => {
    const database = new DatabaseSync(newFile())
    const store = sqliteStore(database)
    database.exec('BEGIN')
    expect(() => store.commit([{ key: 'a', value: '1' }])).toThrow(expect.not.toSatisfy(isUnavailable))
    expect(database.isTransaction).toBe(true)
    database.exec('COMMIT')
    expect(store.commit([{ key: 'a', value: '1' }])).toBe(true)
  })

  test('forgets what expired, and old changes, a bounded number at a time', () => {
    let now = 1
    const database = new DatabaseSync(newFile())
    const store = sqliteStore(database, { clock: () => now })
    database.exec('PRAGMA synchronous = OFF')
    const eight = (round: number) =>
      Array.from({ length: 8 }, (_, i) => ({ key: `k${round}.${i}`, value: 'v', expiresAt: now + 10 }))
    for (; now <= 2_000; now++) store.commit(eight(now))
    const rows = (table: string) =>
      (database.prepare(`SELECT count(*) AS n FROM countersign_${table}`).get() as { n: number }).n
    expect(rows('entries')).toBeLessThan(100)
    expect(rows('changes')).toBeLessThanOrEqual(10_000)
  })

  test('never uses a version again, even when somebody empties the table of changes', () => {
    const database = new DatabaseSync(newFile())
    const store = sqliteStore(database)
    store.commit([{ key: 'a', value: '1' }])
    const { version } = store.get('a')!
    database.exec('DELETE FROM countersign_changes')
    store.commit([{ key: 'a', value: '2' }])
    expect(store.get('a')?.version).not.toBe(version)
  })

  test('one catchUp tells everything, however much it is', () => {
    const file = newFile()
    const [store, other] = [sqliteStore(file), sqliteStore(file)]
    const told = new Set<string>()
    const watch = store.watch('', (key) => told.add(key))
    for (let i = 0; i < 400; i++) {
      other.commit(Array.from({ length: 8 }, (_, j) => ({ key: `${i}.${j}`, value: '1' })))
    }
    watch.catchUp()
    expect(told.size).toBe(3_200)
    store.close()
    other.close()
  })

  test('a watcher that slept through more changes than are kept is told where things stand', () => {
    const file = newFile()
    const store = sqliteStore(file)
    const other = new DatabaseSync(file)
    const busy = sqliteStore(other)
    other.exec('PRAGMA synchronous = OFF')
    const state = new Map<string, string>()
    busy.commit([{ key: 'w:gone', value: '1' }])
    busy.commit([{ key: 'w:stays', value: '1' }])
    const watch = store.watch('w:', (key, entry) => void (entry ? state.set(key, entry.value) : state.delete(key)))
    let calls = 0
    const closing = store.watch('w:', () => {
      calls++
      if (calls === 3) closing.close() // the first of what it is told again
    })
    busy.commit([{ key: 'w:gone', value: undefined }])
    busy.commit([{ key: 'w:stays', value: '2' }])
    busy.commit([{ key: 'w:new', value: '1' }])
    for (let i = 0; i < 10_010; i += 8) {
      busy.commit(Array.from({ length: 8 }, (_, j) => ({ key: `x${j}`, value: String(i) })))
    }
    watch.catchUp()
    closing.catchUp()
    expect(calls).toBe(3)
    expect(Object.fromEntries(state)).toEqual({ 'w:stays': '2', 'w:new': '1' })
    store.close()
    other.close()
  })

  test('looks for changes by others only while something is watched, and holds no process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const store = sqliteStore(newFile())
    const watch = store.watch('', () => {})
    expect(timers()).toBe(before) // unref'd timers are not listed
    watch.close()
    store.close()
  })

  test('options that make no sense are refused when it is made, with the remedy', () => {
    expect(() => sqliteStore(join(folder, 'none', 'auth.db'))).toThrow(
      /must lie in a folder that exists; make .*none first/,
    )
    expect(() => sqliteStore(folder)).toThrow('file must not be a folder')
    expect(() => sqliteStore('')).toThrow('file must be a path')
    expect(() => sqliteStore('file:auth.db')).toThrow('file must be a path')
    expect(() => sqliteStore(7 as never)).toThrow('give it the path of a file')
    expect(() => sqliteStore(':memory:', { timeout: -1 })).toThrow('timeout must be whole milliseconds')
    expect(() => sqliteStore(':memory:', { clock: 5 as never })).toThrow('clock must be a function')
  })

  test('a file that is no database is Unavailable, and left as it is', () => {
    const file = newFile()
    writeFileSync(file, 'not a database, and longer than the header of one, which is a hundred bytes. '.repeat(3))
    expect(() => sqliteStore(file)).toThrow(expect.toSatisfy(isUnavailable))
  })
})

test('an option that there is not is a TypeError', () => {
  expect(() => sqliteStore(':memory:', { timeOut: 5 } as never)).toThrow('sqliteStore has no option "timeOut"')
})
