import { isUnavailable } from '@countersign/http'
import { describe, expect, test } from 'vitest'
import { storeContract } from './contract.ts'
import { memoryStore } from './memory.ts'

describe('the memory store keeps the contract', () => {
  for (const { name, run } of storeContract) {
    test(name, async () => {
      let store: ReturnType<typeof memoryStore> | undefined
      let handles = 0
      await run((clock) => {
        store ??= memoryStore({ clock })
        handles++
        return { ...store, close: () => void (--handles <= 0 && store?.close()) }
      })
    })
  }
})

describe('the memory store', () => {
  test('answers in the same tick', () => {
    const store = memoryStore()
    expect(store.commit([{ key: 'a', value: '1' }])).toBe(true)
    expect(store.get('a')?.value).toBe('1')
    expect(store.scan('')).toHaveLength(1)
    expect(store.getAndDelete('a')).toBe('1')
    expect(store.watch('', () => {})).not.toBeInstanceOf(Promise)
  })

  test('is bounded: beyond its limit new entries are Unavailable, while replacing and deleting go on', () => {
    const store = memoryStore({ limit: 2 })
    store.commit([
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
    ])
    expect(() => store.commit([{ key: 'c', value: '1' }])).toThrow(expect.toSatisfy(isUnavailable))
    expect(store.scan('').map(([key]) => key)).toEqual(['a', 'b'])
    expect(store.commit([{ key: 'a', value: '2' }])).toBe(true)
    expect(store.commit([{ key: 'b', value: undefined }])).toBe(true)
    expect(store.commit([{ key: 'c', value: '1' }])).toBe(true)
  })

  test('a commit that does not fit writes nothing', () => {
    const store = memoryStore({ limit: 2 })
    const three = ['a', 'b', 'c'].map((key) => ({ key, value: '1' }))
    expect(() => store.commit(three)).toThrow(expect.toSatisfy(isUnavailable))
    expect(store.scan('')).toEqual([])
  })

  test('makes room by forgetting what expired', () => {
    let now = 0
    const store = memoryStore({ limit: 100, clock: () => now })
    for (let i = 0; i < 100; i++) store.commit([{ key: `a${i}`, value: '1', expiresAt: 10 + i }])
    expect(() => store.commit([{ key: 'b', value: '1' }])).toThrow(expect.toSatisfy(isUnavailable))
    now = 60
    for (let i = 0; i < 51; i++) expect(store.commit([{ key: `b${i}`, value: '1' }])).toBe(true)
    expect(() => store.commit([{ key: 'c', value: '1' }])).toThrow(expect.toSatisfy(isUnavailable))
    expect(store.scan('', undefined, 1000)).toHaveLength(100)
  })

  test('makes room in one go, wherever the expired are', () => {
    let now = 0
    const store = memoryStore({ limit: 1_000, clock: () => now })
    for (let i = 0; i < 900; i++) store.commit([{ key: `a${i}`, value: '1' }])
    for (let i = 0; i < 100; i++) store.commit([{ key: `z${i}`, value: '1', expiresAt: 10 }])
    now = 10
    expect(store.commit([{ key: 'b', value: '1' }])).toBe(true)
  })

  test('forgets what expired as it goes, not only when it is full', () => {
    let now = 0
    let looks = 0
    const store = memoryStore({ clock: () => now + 0 * ++looks })
    for (; now < 20_000; now++) store.commit([{ key: `k${now}`, value: '1', expiresAt: now + 100 }])
    looks = 0
    expect(store.scan('', undefined, 1000)).toHaveLength(99)
    expect(looks, 'entries it still holds').toBeLessThan(300)
  })

  test('options that make no sense are refused when it is made', () => {
    expect(() => memoryStore({ limit: 0 })).toThrow('memoryStore: limit must be a whole number')
    expect(() => memoryStore({ clock: 5 as never })).toThrow('memoryStore: clock must be a function')
  })

  test('what it returns cannot change what it holds', () => {
    const store = memoryStore()
    store.commit([{ key: 'a', value: '1' }])
    ;(store.get('a') as { value: string }).value = '2'
    expect(store.get('a')?.value).toBe('1')
  })
})

test('an option that there is not is a TypeError', () => {
  expect(() => memoryStore({ limits: 5 } as never)).toThrow('memoryStore has no option "limits"')
  expect(() => memoryStore(5 as never)).toThrow(TypeError)
})
