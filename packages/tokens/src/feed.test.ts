import { Unavailable } from '@countersign/http'
import { memoryStore, sqliteStore } from '@countersign/store'
import { expect, test, vi } from 'vitest'
import { feed, type RevocationMode } from './feed.ts'

const told = () => {}

test.each(['synced', 'live'] as const)(
  'a store that answers in the same tick keeps everything synchronous: %s',
  async (mode) => {
    const store = sqliteStore(':memory:')
    const news = feed(store, 'feed:', mode, told)
    await news.start()
    const real = performance.now.bind(performance)
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => real() + 60_000)
    expect(news.ready()).toBeUndefined()
    spy.mockRestore()
    store.close()
  },
)

test('a feed that stands still, or throws, is a 503: whoever was revoked stays out', async () => {
  const ends = [
    () => {},
    async () => {},
    () => {
      throw new Unavailable('the store')
    },
  ]
  for (const catchUp of ends) {
    const news = feed(standing(catchUp), 'r:', 'synced', told)
    await news.start()
    await expect(news.ready()).rejects.toBeInstanceOf(Unavailable)
  }
})

test('live asks for every request, synced only when what is known is old, and all who wait share one question', async () => {
  const asked = async (mode: RevocationMode, freshAt: number) => {
    const catchUp = vi.fn(async () => {})
    const watch = { freshAt, catchUp, close() {} }
    const news = feed({ ...memoryStore(), watch: () => watch }, 'r:', mode, told)
    await news.start()
    await Promise.allSettled(Array.from({ length: 5 }, () => news.ready()))
    return catchUp.mock.calls.length
  }
  const now = performance.now()
  expect(await asked('live', now)).toBe(5)
  expect(await asked('synced', now)).toBe(0)
  expect(await asked('synced', now - 10_000)).toBe(1)
})

test('best-effort passes when the store does not answer, and says how old what it knows is', async () => {
  const news = feed(
    standing(() => Promise.reject(new Unavailable('the store'))),
    'r:',
    'best-effort',
    told,
  )
  await news.start()
  await expect(news.ready()).resolves.toBeUndefined()
  expect(news.age()).toBeGreaterThan(2000)
})

test('a row that cannot be read stops judging until it is mended, and no longer', async () => {
  const store = memoryStore()
  const take = (_key: string, entry: { readonly value: string } | undefined) => {
    if (entry?.value === 'bad') throw new Unavailable('the feed')
  }
  const news = feed(store, 'feed:', 'live', take)
  await news.start()
  store.commit([{ key: 'feed:x', value: 'bad' }])
  for (let round = 0; round < 3; round++) await expect((async () => news.ready())()).rejects.toBeInstanceOf(Unavailable)
  store.commit([{ key: 'feed:x', value: 'good' }])
  await expect((async () => news.ready())()).resolves.toBeUndefined()
  await expect((async () => news.ready())()).resolves.toBeUndefined()
})

function standing(catchUp: () => void | Promise<void>) {
  return { ...memoryStore(), watch: () => ({ freshAt: -1e9, catchUp, close() {} }) }
}
