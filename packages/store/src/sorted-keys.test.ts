import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareKeys } from './key.ts'
import { sortedKeys } from './sorted-keys.ts'

test('as a sorted list would have them, whatever is added and taken away', () => {
  const key = fc.oneof(
    fc.integer({ min: 0, max: 5_000 }).map(String),
    fc.string({ minLength: 1, maxLength: 3, unit: 'binary' }),
  )
  fc.assert(
    fc.property(
      fc.array(fc.record({ key, add: fc.boolean() }), { maxLength: 3_000, size: 'max' }),
      key,
      (steps, first) => {
        const keys = sortedKeys()
        const model = new Set<string>()
        for (const step of steps) {
          if (step.add) {
            keys.add(step.key)
            model.add(step.key)
          } else {
            keys.remove(step.key)
            model.delete(step.key)
          }
        }
        const sorted = [...model].sort(compareKeys)
        expect([...keys.from('')]).toEqual(sorted)
        expect([...keys.from(first)]).toEqual(sorted.filter((one) => compareKeys(one, first) >= 0))
        expect([...keys.from(first, true)]).toEqual(sorted.filter((one) => compareKeys(one, first) > 0))
      },
    ),
    { numRuns: 60 },
  )
})

test('a hundred thousand keys that come in any order', () => {
  const keys = sortedKeys()
  const all = Array.from({ length: 100_000 }, (_, at) => `k${(at * 7919) % 100_003}`)
  for (const key of all) keys.add(key)
  expect([...keys.from('')]).toEqual([...all].sort(compareKeys))
  for (const key of all.slice(0, 99_990)) keys.remove(key)
  expect([...keys.from('')]).toEqual(all.slice(99_990).sort(compareKeys))
})
