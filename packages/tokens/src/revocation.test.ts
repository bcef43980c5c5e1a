import { Unavailable } from '@countersign/http'
import { memoryStore, sqliteStore } from '@countersign/store'
import { expect, test, vi } from 'vitest'
import { verifiedCache } from './cache.ts'
import { revocations } from './revocation.ts'

test('expired revocations are dropped: memory is bounded by what is in force', async () => {
  let now = 0
  const held = revocations(memoryStore({ clock: () => now }), 'revoked:', () => now)
  await held.start()
  for (let i = 0; i < 20_000; i++) {
    now = i
    held.apply([{ kind: 'jti', id: `${i}`, expiresAt: now + 100 }])
  }
  expect(held.size()).toBeLessThan(3000)
  expect(held.has('jti', '19999')).toBe(true)
  expect(held.has('sid', '19999')).toBe(false)
  now += 101
  expect(held.has('jti', '19999')).toBe(false)
})

test('a revocation is never cut short by a later one', async () => {
  const held = revocations(memoryStore(), 'revoked:', () => 50)
  held.apply([{ kind: 'sid', id: 's', expiresAt: 100 }])
  held.apply([{ kind: 'sid', id: 's', expiresAt: 10 }])
  expect(held.has('sid', 's')).toBe(true)
})

test('the cache holds what it may, and lets go of what has expired first', () => {
  const cache = verifiedCache<{ expiresAt: number }>(3, ({ expiresAt }) => expiresAt)
  for (const [name, expiresAt] of [
    ['a', 10],
    ['b', 100],
    ['c', 100],
    ['d', 100],
  ] as const)
    cache.set(name, { expiresAt }, 20)
  expect(['a', 'b', 'c', 'd'].map((name) => cache.get(name) !== undefined)).toEqual([false, true, true, true])
  cache.set('e', { expiresAt: 100 }, 20)
  expect(['b', 'c', 'd', 'e'].map((name) => cache.get(name) !== undefined)).toEqual([false, true, true, true])
  cache.delete('e')
  expect(cache.get('e')).toBeUndefined()
})

test('the cache is bounded in time too: each entry that comes takes two with it that have expired', () => {
  const cache = verifiedCache<{ expiresAt: number }>(1000, ({ expiresAt }) => expiresAt)
  for (let i = 0; i < 10; i++) cache.set(`old${i}`, { expiresAt: 100 }, 0)
  for (let i = 0; i < 5; i++) cache.set(`new${i}`, { expiresAt: 900 }, 200)
  for (let i = 0; i < 10; i++) expect(cache.get(`old${i}`)).toBeUndefined()
  for (let i = 0; i < 5; i++) expect(cache.get(`new${i}`)).toBeDefined()
})

test('a store that catches up in the same tick keeps everything synchronous', async () => {
  const store = sqliteStore(':memory:')
  const held = revocations(store, 'revoked:', Date.now)
  await held.start()
  const real = performance.now.bind(performance)
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => real() + 60_000)
  expect(held.ready()).toBeUndefined()
  spy.mockRestore()
  await store.close()
})

test('a feed that stands still, or throws, is a 503: whoever was revoked stays out', async () => {
  const ends = [
    () => {},
    async () => {},
    () => {
      throw new Unavailable('the store')
    },
  ]
  for (const catchUp of ends) {
    const held = revocations(
      { ...memoryStore(), watch: () => ({ freshAt: -1e9, catchUp, close() {} }) },
      'r:',
      Date.now,
    )
    await held.start()
    await expect(held.ready()).rejects.toBeInstanceOf(Unavailable)
  }
})

test('a revocation of a kind that a newer version wrote: nothing is judged, rather than let pass', async () => {
  const store = memoryStore()
  await store.commit([{ key: 'revoked:x', value: JSON.stringify('subject:ada'), expiresAt: Date.now() + 60_000 }])
  await expect(revocations(store, 'revoked:', Date.now).start()).rejects.toThrow(
    'the feed of revocations does not answer',
  )
})
