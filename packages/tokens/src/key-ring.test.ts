import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRing, dueAt, nextChange, place, type RingTimes, timeline } from './key-ring.ts'

const times = { every: 1000, ahead: 100, overlap: 50 }
const key = (kid: string, publishedAt: number, signsFrom: number): RingTimes => ({ kid, publishedAt, signsFrom })
const first: RingTimes = { ...key('a', 0, 0), atOnce: true }
const states = (keys: readonly RingTimes[], now: number) => place(keys, now, times).map(({ state }) => state)

describe('a key on its way', () => {
  const ring = [first, key('b', 900, 1000)]

  test('is next, active, retiring and gone', () => {
    expect(states(ring, 950)).toEqual(['active', 'next'])
    expect(states(ring, 1000)).toEqual(['retiring', 'active'])
    expect(states(ring, 1049)).toEqual(['retiring', 'active'])
    expect(states(ring, 1050)).toEqual(['gone', 'active'])
  })

  test('the timeline says so in the order of time', () => {
    expect(timeline(ring, 900, times)).toEqual(
      [
        { at: 900, kid: 'b', what: 'published' },
        { at: 1000, kid: 'b', what: 'signs' },
        { at: 1000, kid: 'a', what: 'verifies only' },
        { at: 1050, kid: 'a', what: 'gone' },
      ].toSorted((x, y) => x.at - y.at || ['a', 'b'].indexOf(x.kid) - ['a', 'b'].indexOf(y.kid)),
    )
  })

  test('something changes when a key begins to sign and when one is gone', () => {
    const next = (now: number) => nextChange(place(ring, now, times), now)
    expect([next(900), next(1000), next(1050)]).toEqual([1000, 1050, Number.POSITIVE_INFINITY])
  })

  test('a next one is due in time to be published before it signs, and late rather than unannounced', () => {
    const due = (keys: readonly RingTimes[], now: number) => dueAt(place(keys, now, times), now, times)
    expect([due([first], 899), due([first], 900), due([first], 5000), due(ring, 950)]).toEqual([
      undefined,
      1000,
      5100,
      undefined,
    ])
    expect(dueAt(place([first], 5000, times), 5000, { ...times, every: 0 })).toBeUndefined()
  })
})

test.each([
  ['two keys have the same name', [first, key('a', 0, 100)]],
  ['no key would sign now', []],
  ['two keys would be next', [first, key('b', 800, 1000), key('c', 800, 1001)]],
  ['key b would sign 99 s after it is published, and 100 is the least', [first, key('b', 901, 1000)]],
])('a ring that would not hold is never stored: %s', (what, keys) => {
  expect(() => checkRing(keys, 950, times)).toThrow(what)
})

test('a key that was stored under other times blocks nothing; one that is moved is judged', () => {
  const old = [first, key('b', 901, 1000)]
  expect(() => checkRing(old, 950, times, old)).not.toThrow()
  expect(() => checkRing([first, key('b', 901, 999)], 950, times, old)).toThrow('key b would sign 98 s')
})

test('a clock that is behind the maker of the only key: it signs all the same', () => {
  expect(states([key('a', 100, 100)], 95)).toEqual(['active'])
})

test('whatever the schedule: each key is known before it signs, each token outlives its key, one signs at a time', () => {
  fc.assert(
    fc.property(
      fc.record({
        every: fc.integer({ min: 10, max: 500 }),
        ahead: fc.integer({ min: 2, max: 10 }),
        overlap: fc.integer({ min: 1, max: 800 }),
      }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 5, maxLength: 80 }),
      (course, steps) => {
        let keys: readonly RingTimes[] = [{ kid: '0', publishedAt: 0, signsFrom: 0, atOnce: true }]
        const seen = new Map<string, { known: number; signed: number; last: number }>()
        let now = 0
        for (const step of steps) {
          now += step
          const due = dueAt(place(keys, now, course), now, course)
          if (due !== undefined) {
            keys = [
              ...place(keys, now, course).flatMap(({ key: one, state }) => (state === 'gone' ? [] : [one])),
              key(`${now}`, now, due),
            ]
            checkRing(keys, now, course)
          }
          const placed = place(keys, now, course)
          expect(placed.filter(({ state }) => state === 'active')).toHaveLength(1)
          for (const { key: one, state } of placed) {
            const before = seen.get(one.kid) ?? { known: now, signed: -1, last: -1 }
            if (state === 'active')
              seen.set(one.kid, { ...before, signed: before.signed < 0 ? now : before.signed, last: now })
            else seen.set(one.kid, before)
            if (state === 'gone') expect(now - before.last).toBeGreaterThanOrEqual(0)
          }
          // Every key that signed within the overlap is still there to verify.
          for (const [kid, { last }] of seen)
            if (last >= 0 && now - last < course.overlap)
              expect(placed.some(({ key: one, state }) => one.kid === kid && state !== 'gone')).toBe(true)
        }
        for (const [kid, { known, signed }] of seen)
          if (kid !== '0' && signed >= 0) expect(signed - known).toBeGreaterThanOrEqual(course.ahead)
      },
    ),
  )
})
