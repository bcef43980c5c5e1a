import { expect, test } from 'vitest'
import { verifiedCache } from './cache.ts'

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
