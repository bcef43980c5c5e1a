import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { verifiedCache } from './cache.ts'

type Entry = { expiresAt: number }
const LATE = { expiresAt: 100 }

test('the cache holds what it may, and lets go of what has expired first', () => {
  const cache = verifiedCache<Entry>(3, ({ expiresAt }) => expiresAt)
  cache.set('a...', { expiresAt: 10 }, 0)
  for (const name of ['b...', 'c...', 'd...']) cache.set(name, LATE, 20)
  const held = () => ['a...', 'b...', 'c...', 'd...', 'e...'].filter((name) => cache.get(name) !== undefined)
  expect(held()).toEqual(['b...', 'c...', 'd...'])
  cache.set('e...', LATE, 20)
  expect(held(), 'what comes to a full cache for the first time is not let in').toEqual(['b...', 'c...', 'd...'])
  cache.set('e...', LATE, 20)
  expect(held(), 'the second time it is, and the oldest goes').toEqual(['c...', 'd...', 'e...'])
  cache.delete('e...')
  expect(cache.get('e...')).toBeUndefined()
  cache.set('f...', LATE, 20)
  expect(cache.get('f...'), 'there is room again').toBeDefined()
})

test('what is full of what has expired is not full', () => {
  const cache = verifiedCache<Entry>(3, ({ expiresAt }) => expiresAt)
  for (const name of ['a...', 'b...', 'c...']) cache.set(name, LATE, 20)
  cache.set('d...', { expiresAt: 900 }, 200)
  expect(cache.get('d...')).toBeDefined()
})

test('tokens that each come once drive nobody out, and those that come twice get their place', () => {
  const cache = verifiedCache<Entry>(1000, () => 100)
  const digest = (word: string) => hash('sha256', word, 'binary')
  const many = Array.from({ length: 1000 }, (_, number) => digest(`held ${number}`))
  for (const one of many) cache.set(one, LATE, 0)
  for (let number = 0; number < 20_000; number++) cache.set(digest(`once ${number}`), LATE, 0)
  // Few: some digests look like one that came before.
  expect(many.filter((one) => cache.get(one) === undefined).length).toBeLessThan(700)
  let placed = 0
  for (let number = 0; number < 100; number++) {
    for (let times = 0; times < 2; times++) cache.set(digest(`twice ${number}`), LATE, 0)
    if (cache.get(digest(`twice ${number}`))) placed++
  }
  expect(placed).toBe(100)
})

test('the cache is bounded in time too: each entry that comes takes two with it that have expired', () => {
  const cache = verifiedCache<{ expiresAt: number }>(1000, ({ expiresAt }) => expiresAt)
  for (let i = 0; i < 10; i++) cache.set(`old${i}`, { expiresAt: 100 }, 0)
  for (let i = 0; i < 5; i++) cache.set(`new${i}`, { expiresAt: 900 }, 200)
  for (let i = 0; i < 10; i++) expect(cache.get(`old${i}`)).toBeUndefined()
  for (let i = 0; i < 5; i++) expect(cache.get(`new${i}`)).toBeDefined()
})
