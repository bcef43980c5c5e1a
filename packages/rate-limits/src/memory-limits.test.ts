import { expect, it } from 'vitest'
import { memoryLimits } from './index.ts'

it('counts within a window, which the first opens and none lengthens', () => {
  let now = 1_000
  const store = memoryLimits({ clock: () => now })
  expect(store.add('a', 1, 60)).toEqual({ used: 1, endsIn: 60_000 })
  now += 59_000
  expect(store.add('a', 2, 60)).toEqual({ used: 3, endsIn: 1_000 })
  expect(store.peek('a')).toEqual({ used: 3, endsIn: 1_000 })
  now += 1_000
  expect(store.peek('a')).toBeUndefined()
  expect(store.add('a', 1, 60)).toEqual({ used: 1, endsIn: 60_000 })
  store.delete('a')
  expect(store.peek('a')).toBeUndefined()
})

it('holds no more than its entries, however many come', () => {
  const store = memoryLimits({ entries: 100 })
  for (let at = 0; at < 10_000; at++) store.add(`address-${at}`, 1, 60)
  let held = 0
  for (let at = 0; at < 10_000; at++) if (store.peek(`address-${at}`)) held++
  expect(held).toBe(100)
})

it('keeps what is near its limit while a flood of others comes by', () => {
  const store = memoryLimits({ entries: 100 })
  store.add('guessed', 9, 60)
  for (let at = 0; at < 10_000; at++) store.add(`address-${at}`, 1, 60)
  expect(store.peek('guessed')).toMatchObject({ used: 9 })
})

it('makes room of what ended first', () => {
  let now = 0
  const store = memoryLimits({ entries: 2, clock: () => now })
  store.add('old', 9, 1)
  store.add('young', 1, 60)
  now = 1_000
  store.add('new', 1, 60)
  expect([store.peek('old'), store.peek('young'), store.peek('new')].map(Boolean)).toEqual([false, true, true])
})

it('refuses options that it does not know', () => {
  expect(() => memoryLimits({ entries: 0 })).toThrow(/entries must be a whole number from 1/)
  expect(() => memoryLimits({ entires: 5 } as never)).toThrow(/did you mean "entries"/)
  expect(() => memoryLimits({ clock: 5 as never })).toThrow(/clock must be a function/)
})
