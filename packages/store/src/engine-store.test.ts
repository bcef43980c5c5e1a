import { isUnavailable } from '@countersign/http'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FakeEngine, fakeEngine, hang } from '../test/fake-engine.ts'
import { engineStore } from './engine-store.ts'

const message = async (call: () => unknown) => {
  try {
    await call()
    return 'no error'
  } catch (error) {
    return isUnavailable(error) ? (error.cause as Error).message : String(error)
  }
}

describe('calls to a database that fails', () => {
  let engine: FakeEngine
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
    engine = fakeEngine()
  })
  afterEach(() => void vi.useRealTimers())
  const later = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)

  test('no answer within the timeout is Unavailable, and not a millisecond later', async () => {
    const store = engineStore('fakeStore', engine, { timeout: 100 })
    await store.get('a')
    engine.behave = hang
    const answer = message(() => store.get('a'))
    await later(99)
    expect(await Promise.race([answer, 'still waiting'])).toBe('still waiting')
    await later(1)
    expect(await answer).toBe('no answer within 100 ms')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('after three failures in a row nothing is asked for 500 ms, then one call; the others follow when it succeeds', async () => {
    const store = engineStore('fakeStore', engine)
    engine.behave = () => Promise.reject(new Error('gone'))
    for (let call = 0; call < 3; call++) expect(await message(() => store.get('a'))).toBe('gone')
    expect([engine.calls.length, engine.resets]).toEqual([3, 1])
    expect(await message(() => store.get('a'))).toMatch(/^it failed 3 times in a row/)
    await later(499)
    await message(() => store.get('a'))
    expect(engine.calls).toHaveLength(3)
    await later(1)
    engine.behave = hang
    const tried = message(() => store.get('a'))
    expect(await message(() => store.get('b')), 'one at a time').toMatch(/^it failed 3 times in a row/)
    expect(engine.calls).toHaveLength(4)
    await later(250)
    expect(await tried).toBe('no answer within 250 ms')
    expect(engine.resets).toBe(2)
    await later(500)
    engine.behave = () => {}
    expect(await store.get('a')).toBeUndefined()
    expect(await Promise.all([store.get('a'), store.get('b')])).toEqual([undefined, undefined])
  })

  test('a failure that is an answer closes nothing', async () => {
    const store = engineStore('fakeStore', engine)
    engine.behave = () => Promise.reject(new Error('an answer'))
    for (let call = 0; call < 10; call++) expect(await message(() => store.get('a'))).toBe('an answer')
    expect([engine.calls.length, engine.resets]).toEqual([10, 0])
  })

  test('calls that fail long after the pause began neither prolong it nor reset what is being tried', async () => {
    const store = engineStore('fakeStore', engine)
    await store.get('a')
    engine.behave = hang
    const all = Array.from({ length: 50 }, () => message(() => store.get('a')))
    await later(250)
    await Promise.all(all)
    expect(engine.resets).toBe(1)
  })

  test('beyond `pending`, calls are refused without waiting, those that wait for the tables too', async () => {
    const store = engineStore('fakeStore', engine, { pending: 10 })
    engine.behave = hang
    const waiting = Array.from({ length: 10 }, () => message(() => store.get('a')))
    expect(await message(() => store.get('a'))).toBe('10 calls are under way, the most there may be')
    expect(engine.calls).toEqual(['prepared'])
    await later(250)
    await Promise.all(waiting)
  })

  test('tables are made once for all that wait; while it is down again, asked again', async () => {
    engine.prepared = async () => false
    engine.behave = (call) => (call === 'migrate' ? new Promise((done) => setTimeout(done, 2_000)) : undefined)
    const store = engineStore('fakeStore', engine)
    const answers = Promise.all([store.get('a'), store.get('b'), store.commit([{ key: 'c', value: '1' }])])
    await later(2_000)
    expect(await answers).toEqual([undefined, undefined, true])
    expect(engine.calls.filter((call) => call === 'migrate')).toHaveLength(1)
  })

  test('a TypeError is told as it is, each time', async () => {
    engine.prepared = () => Promise.reject(new TypeError('fakeStore: set it otherwise'))
    const store = engineStore('fakeStore', engine)
    for (let call = 0; call < 5; call++)
      expect(await message(() => store.get('a'))).toBe('TypeError: fakeStore: set it otherwise')
  })

  test('what cannot be is never asked for', async () => {
    const store = engineStore('fakeStore', engine)
    await store.get('a')
    engine.calls.length = 0
    expect(await store.get('a\0')).toBeUndefined()
    expect(await store.getAndDelete('')).toBeUndefined()
    expect(await store.scan('\ud800')).toEqual([])
    expect(await store.commit([])).toBe(true)
    expect(await store.commit([{ key: 'a', value: '1', expected: '*' }])).toBe(false)
    expect(engine.calls).toEqual([])
  })

  test('a watch asks every 500 ms; freshAt stands still while there is no answer', async () => {
    const store = engineStore('fakeStore', engine)
    const told: string[] = []
    const watch = await store.watch('', (key) => told.push(key))
    engine.put('a', '1')
    await later(500)
    expect(told).toEqual(['a'])
    const { freshAt } = watch
    engine.behave = hang
    await later(3_000)
    expect(watch.freshAt - freshAt).toBe(0)
    engine.behave = () => {}
    await later(1_000)
    expect(watch.freshAt - freshAt).toBeGreaterThan(3_000)
    await store.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a watch', () => {
  const recorder = async (engine: FakeEngine, prefix = '', options = {}) => {
    const store = engineStore('fakeStore', engine)
    const told: string[] = []
    const watch = await store.watch(
      prefix,
      (key, entry) => told.push(entry ? `${key}=${entry.value}` : `-${key}`),
      options,
    )
    return { store, told, watch }
  }

  test('is told when the engine wakes it', async () => {
    const engine = fakeEngine()
    const { told, store } = await recorder(engine)
    engine.put('a', '1')
    engine.wake()
    await vi.waitFor(() => expect(told).toEqual(['a=1']))
    await store.close()
  })

  test('replays after a gap, and tells what is gone', async () => {
    const engine = fakeEngine()
    engine.put('a', '1')
    engine.put('b', '1')
    const { told, watch, store } = await recorder(engine)
    told.length = 0
    engine.put('a', '2')
    engine.put('b', undefined)
    engine.put('c', '1')
    engine.log.length = 0
    await watch.catchUp()
    expect(told).toEqual(['a=2', 'c=1', '-b'])
    await store.close()
  })

  test('without deletions, a replay tells only what is there', async () => {
    const engine = fakeEngine()
    engine.put('a', '1')
    engine.put('b', '1')
    const { told, watch, store } = await recorder(engine, '', { deletions: false })
    engine.put('b', undefined)
    engine.log.length = 0
    await watch.catchUp()
    expect(told).toEqual(['a=1', 'b=1', 'a=1'])
    await store.close()
  })

  test('a replay that fails half way is begun anew; nothing is taken for told', async () => {
    const engine = fakeEngine()
    for (let key = 0; key < 1_500; key++) engine.put(`k${String(key).padStart(4, '0')}`, '1')
    const { told, watch, store } = await recorder(engine)
    told.length = 0
    engine.put('k1499', '2')
    engine.log.length = 0
    let scans = 0
    engine.behave = (call) => (call === 'scan' && ++scans === 2 ? Promise.reject(new Error('gone')) : undefined)
    await expect(watch.catchUp()).rejects.toSatisfy(isUnavailable)
    await watch.catchUp()
    expect(told.at(-1)).toBe('k1499=2')
    await store.close()
  })

  test('changes in pages are all told before it is fresh', async () => {
    const engine = fakeEngine({ page: 3 })
    const { told, watch, store } = await recorder(engine)
    for (let value = 0; value < 10; value++) engine.put('a', `${value}`)
    await watch.catchUp()
    expect(told).toEqual(Array.from({ length: 10 }, (_, value) => `a=${value}`))
    await store.close()
  })

  test('whatever is written while it replays, each key ends as it is stored, and no key goes back', async () => {
    const write = fc.record({
      at: fc.integer({ min: 0, max: 12 }), // before which call
      key: fc.constantFrom('a', 'b', 'c', 'x'),
      deletes: fc.boolean(),
      forget: fc.integer({ min: 0, max: 9 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (writes, page) => {
        const engine = fakeEngine({ page })
        let [calls, values] = [0, 0]
        const apply = (at: number) => {
          for (const one of writes.filter((each) => each.at === at)) {
            engine.put(one.key, one.deletes ? undefined : `${++values}`)
            if (one.forget === 0) engine.log.splice(0, engine.log.length - 1)
          }
        }
        engine.behave = () => apply(calls++)
        const store = engineStore('fakeStore', engine)
        const known = new Map<string, number>()
        const highest = new Map<string, number>()
        const watch = await store.watch('', (key, entry) => {
          if (!entry) return void known.delete(key)
          const value = Number(entry.value)
          expect(value, 'an older value after a newer one').toBeGreaterThanOrEqual(highest.get(key) ?? 0)
          highest.set(key, value)
          known.set(key, value)
        })
        while (calls <= 13) await watch.catchUp()
        await watch.catchUp()
        expect(Object.fromEntries(known)).toEqual(
          Object.fromEntries([...engine.rows].map(([key, { value }]) => [key, Number(value)])),
        )
        await store.close()
      }),
      { numRuns: 300 },
    )
  })
})

test('options that make no sense are refused when it is made, in the name of the maker', () => {
  const make = (options: object) => () => engineStore('fakeStore', fakeEngine(), options)
  expect(make({ timeout: 0 })).toThrow('fakeStore: timeout must be whole milliseconds from 1 to 60000')
  expect(make({ pending: 1.5 })).toThrow('fakeStore: pending must be a whole number of calls')
  expect(make({ clock: 5 })).toThrow('fakeStore: clock must be a function')
  expect(make({ retries: 5 })).toThrow('fakeStore has no option "retries"')
})
