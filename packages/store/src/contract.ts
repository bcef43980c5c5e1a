import assert from 'node:assert/strict'
import { isUnavailable } from '@countersign/http'
import { NOON, type StoreCase, storeCase } from './contract-case.ts'
import { watchContract } from './contract-watch.ts'

export type { Open, StoreCase } from './contract-case.ts'

/** What every store promises (`Store`), as cases that any test runner can run: `test(name, () => run(open))`. */
export const storeContract: readonly StoreCase[] = [
  storeCase('a key that was never written is not there', async (store) => {
    assert.equal(await store.get('nothing'), undefined)
    assert.equal(await store.getAndDelete('nothing'), undefined)
  }),

  storeCase('what was committed is read back with a version', async (store) => {
    assert.equal(await store.commit([{ key: 'a', value: 'one' }]), true)
    const entry = await store.get('a')
    assert.equal(entry?.value, 'one')
    assert.equal(typeof entry?.version, 'string')
  }),

  storeCase('keys and values are exact: quotes, wildcards, case, empty values, all of Unicode', async (store) => {
    const texts = ["it's", '"q"', '%', '_', '\\', 'ключ', '鍵', '😀', '\u{10FFFF}', ' ', 'a\nb', 'é', 'e\u0301']
    for (const text of texts) await store.commit([{ key: text, value: `${text}!` }])
    await store.commit([{ key: 'K', value: '' }])
    for (const text of texts) assert.equal((await store.get(text))?.value, `${text}!`)
    assert.equal((await store.get('K'))?.value, '')
    assert.equal(await store.get('k'), undefined)
  }),

  storeCase('a key that cannot be stored is not there, rather than an error', async (store) => {
    for (const key of ['', 'a\0b', '\ud800', 'x'.repeat(1025)]) {
      assert.equal(await store.get(key), undefined)
      assert.equal(await store.getAndDelete(key), undefined)
      await assert.rejects(async () => store.commit([{ key, value: '1' }]), TypeError)
    }
    await store.commit([{ key: '\ufffd', value: 'what UTF-8 makes of a lone surrogate' }])
    assert.equal(await store.get('\ud800'), undefined)
    assert.equal(await store.getAndDelete('\ud800'), undefined)
    await assert.rejects(async () => store.commit([{ key: 'a', value: 'a\0b' }]), TypeError)
  }),

  storeCase('a version is new at each write, and never comes back after a delete', async (store) => {
    const versions = new Set<string>()
    for (let round = 0; round < 5; round++) {
      await store.commit([{ key: 'a', value: 'same' }])
      versions.add((await store.get('a'))!.version)
      await store.commit([{ key: 'a', value: 'same' }])
      versions.add((await store.get('a'))!.version)
      await store.commit([{ key: 'a', value: undefined }])
    }
    assert.equal(versions.size, 10)
  }),

  storeCase('expected: null writes only where nothing is', async (store) => {
    assert.equal(await store.commit([{ key: 'a', value: 'one', expected: null }]), true)
    assert.equal(await store.commit([{ key: 'a', value: 'two', expected: null }]), false)
    assert.equal((await store.get('a'))?.value, 'one')
  }),

  storeCase('an expected version writes, or deletes, only while it is there', async (store) => {
    await store.commit([{ key: 'a', value: 'one' }])
    const { version } = (await store.get('a'))!
    assert.equal(await store.commit([{ key: 'a', value: 'two', expected: version }]), true)
    assert.equal(await store.commit([{ key: 'a', value: 'three', expected: version }]), false)
    assert.equal(await store.commit([{ key: 'a', value: undefined, expected: version }]), false)
    assert.equal((await store.get('a'))?.value, 'two')
    assert.equal(await store.commit([{ key: 'b', value: 'one', expected: version }]), false)
    const second = (await store.get('a'))!.version
    assert.equal(await store.commit([{ key: 'a', value: undefined, expected: second }]), true)
    assert.equal(await store.get('a'), undefined)
  }),

  storeCase('an expected text that is no version is never there', async (store) => {
    await store.commit([{ key: 'a', value: 'one' }])
    for (const expected of ['', '*', '-', '0', '-1', ' 1', '1e3', 'null', '9'.repeat(30), 'a\0b', '\ud800']) {
      assert.equal(await store.commit([{ key: 'a', value: 'two', expected }]), false)
      assert.equal(await store.commit([{ key: 'b', value: 'two', expected }]), false)
    }
    assert.equal((await store.get('a'))?.value, 'one')
    assert.equal(await store.get('b'), undefined)
  }),

  storeCase('expiry may be any time, however far', async (store) => {
    await store.commit([{ key: 'a', value: '1', expiresAt: 1e300 }])
    await store.commit([{ key: 'b', value: '1', expiresAt: -5 }])
    await store.commit([{ key: 'c', value: '1', expiresAt: NOON + 0.5 + 1 }])
    assert.deepEqual(
      (await store.scan('')).map(([key]) => key),
      ['a', 'c'],
    )
  }),

  storeCase('a prefix that no key can have is a prefix of none', async (store) => {
    await store.commit([
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
    ])
    for (const prefix of ['a\0', '\ud800']) assert.deepEqual(await store.scan(prefix), [])
    assert.deepEqual(
      (await store.scan('', 'a\0b')).map(([key]) => key),
      ['b'],
    )
  }),

  storeCase('a commit writes all or nothing', async (store) => {
    await store.commit([{ key: 'c', value: 'there' }])
    const writes = [
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
      { key: 'c', value: '3', expected: null },
    ]
    assert.equal(await store.commit(writes), false)
    assert.deepEqual(
      (await store.scan('')).map(([key]) => key),
      ['c'],
    )
    assert.equal(await store.commit(writes.slice(0, 2)), true)
    assert.deepEqual(
      (await store.scan('')).map(([key, { value }]) => key + value),
      ['a1', 'b2', 'cthere'],
    )
  }),

  storeCase('a commit of none is true; of more than eight, or of one key twice, a TypeError', async (store) => {
    assert.equal(await store.commit([]), true)
    const nine = Array.from({ length: 9 }, (_, index) => ({ key: `k${index}`, value: 'v' }))
    await assert.rejects(async () => store.commit(nine), TypeError)
    const twice = [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ]
    await assert.rejects(async () => store.commit(twice), TypeError)
    await assert.rejects(async () => store.commit([{ key: 'a', value: '1', expiresAt: Number.NaN }]), TypeError)
    assert.deepEqual(await store.scan(''), [])
    assert.equal(await store.commit(nine.slice(1)), true)
  }),

  storeCase('an expired entry is nowhere, from its millisecond on', async (store, clock) => {
    await store.commit([{ key: 'a', value: '1', expiresAt: clock.now + 1000 }])
    await store.commit([{ key: 'b', value: '2' }])
    clock.now += 999
    assert.equal((await store.get('a'))?.value, '1')
    clock.now += 1
    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.getAndDelete('a'), undefined)
    assert.deepEqual(
      (await store.scan('')).map(([key]) => key),
      ['b'],
    )
  }),

  storeCase('an expired entry counts as absent for what a commit expects', async (store, clock) => {
    await store.commit([{ key: 'a', value: '1', expiresAt: clock.now + 1000 }])
    const { version } = (await store.get('a'))!
    clock.now += 1000
    assert.equal(await store.commit([{ key: 'a', value: '2', expected: version }]), false)
    assert.equal(await store.commit([{ key: 'a', value: '2', expected: null }]), true)
  }),

  storeCase('a new write brings its own expiry, or none', async (store, clock) => {
    await store.commit([{ key: 'a', value: '1', expiresAt: clock.now + 1000 }])
    await store.commit([{ key: 'a', value: '2' }])
    clock.now += 1_000_000
    assert.equal((await store.get('a'))?.value, '2')
  }),

  storeCase('getAndDelete gives the value to one caller', async (store) => {
    await store.commit([{ key: 'code', value: 'secret' }])
    const gets = await Promise.all(Array.from({ length: 20 }, async () => store.getAndDelete('code')))
    assert.deepEqual(
      gets.filter((value) => value !== undefined),
      ['secret'],
    )
    assert.equal(await store.get('code'), undefined)
  }),

  storeCase('of many commits that expect the same, one is done', async (store) => {
    await store.commit([{ key: 'a', value: '0' }])
    const expected = (await store.get('a'))!.version
    const attempts = Array.from({ length: 20 }, async (_, index) =>
      store.commit([{ key: 'a', value: String(index + 1), expected }]),
    )
    assert.equal((await Promise.all(attempts)).filter(Boolean).length, 1)
  }),

  storeCase('scan returns what starts with the prefix, wildcards taken as they are', async (store) => {
    for (const key of ['a%b', 'a%bc', 'a_b', 'axb', 'aXb', 'b', '%', 'ü1', 'ü2', 'u1']) {
      await store.commit([{ key, value: key }])
    }
    const keys = async (prefix: string) => (await store.scan(prefix)).map(([key]) => key)
    assert.deepEqual(await keys('a%'), ['a%b', 'a%bc'])
    assert.deepEqual(await keys('a_'), ['a_b'])
    assert.deepEqual(await keys('ü'), ['ü1', 'ü2'])
    assert.deepEqual(await keys('zz'), [])
    assert.equal((await keys('')).length, 10)
  }),

  storeCase('scan goes in the order of code points', async (store) => {
    const [last, beforeLast] = ['\u{10FFFF}', '\u{10FFFE}']
    const ordered = ['a', 'a\u0001', 'aa', 'b', 'é', '\ud7ff', '\uffee', '😀', '😀a', beforeLast, last, `${last}x`]
    for (const key of ordered.toReversed()) await store.commit([{ key, value: '1' }])
    const keys = async (...range: Parameters<typeof store.scan>) => (await store.scan(...range)).map(([key]) => key)
    assert.deepEqual(await keys(''), ordered)
    assert.deepEqual(await keys('\ud7ff'), ['\ud7ff'])
    assert.deepEqual(await keys(beforeLast), [beforeLast])
    assert.deepEqual(await keys(last), [last, `${last}x`])
    assert.deepEqual(await keys('', '\uffee', 2), ['😀', '😀a'])
  }),

  storeCase('scan pages: 100 unless told, 1000 at most, nothing twice, nothing left out', async (store) => {
    const all = Array.from({ length: 1_100 }, (_, index) => `p:${String(index).padStart(4, '0')}`)
    for (let at = 0; at < all.length; at += 8) {
      await store.commit(all.slice(at, at + 8).map((key) => ({ key, value: key })))
    }
    await store.commit([
      { key: 'o', value: '' },
      { key: 'p;', value: '' },
    ])
    assert.equal((await store.scan('p:')).length, 100)
    assert.equal((await store.scan('p:', undefined, 5_000)).length, 1_000)
    const seen: string[] = []
    for (let page = await store.scan('p:', undefined, 300); page.length > 0; ) {
      seen.push(...page.map(([key]) => key))
      page = await store.scan('p:', seen.at(-1), 300)
    }
    assert.deepEqual(seen, all)
    assert.deepEqual(
      (await store.scan('p:', 'a', 1)).map(([key]) => key),
      ['p:0000'],
    )
    assert.deepEqual(await store.scan('p:', 'q'), [])
  }),

  ...watchContract,

  {
    name: 'close may be called twice; whatever comes after it is Unavailable',
    async run(open) {
      const store = await open(() => NOON)
      await store.commit([{ key: 'a', value: '1' }])
      await store.close()
      await store.close()
      const verbs: (() => unknown)[] = [
        () => store.get('a'),
        () => store.commit([{ key: 'a', value: '2' }]),
        () => store.getAndDelete('a'),
        () => store.scan(''),
        () => store.watch('', () => {}),
      ]
      for (const verb of verbs) await assert.rejects(async () => verb(), isUnavailable)
    },
  },
]
