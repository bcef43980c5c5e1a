import assert from 'node:assert/strict'
import { isUnavailable } from '@countersign/http'
import { type StoreCase, storeCase } from './contract-case.ts'
import type { Store, WatchedEntry } from './store.ts'

/** What a watcher was told, as text: `a=1` for an entry, `-a` for a delete. */
function recorder(): { readonly told: string[]; changed(key: string, entry: WatchedEntry | undefined): void } {
  const told: string[] = []
  return { told, changed: (key, entry) => void told.push(entry ? `${key}=${entry.value}` : `-${key}`) }
}

/** At least once: what was told again is the same as what was told. */
function withoutRepeats(told: readonly string[]): readonly string[] {
  return told.filter((each, index) => told.indexOf(each) === index)
}

async function set(store: Store, key: string, value: string | undefined): Promise<void> {
  assert.equal(await store.commit([{ key, value }]), true)
}

/** The promises of `watch`. */
export const watchContract: readonly StoreCase[] = [
  storeCase('watch replays what is there, under its prefix and alive', async (store, clock) => {
    await set(store, 'w:a', '1')
    await set(store, 'w_b', '2')
    await set(store, 'x', '3')
    await store.commit([{ key: 'w:c', value: '4', expiresAt: clock.now + 1000 }])
    await store.commit([{ key: 'w:d', value: '5', expiresAt: clock.now }])
    const { told, changed } = recorder()
    const watch = await store.watch('w:', changed)
    assert.deepEqual(withoutRepeats(told).toSorted(), ['w:a=1', 'w:c=4'])
    watch.close()
  }),

  storeCase('a watched entry says its version and when it ends', async (store, clock) => {
    const entries: WatchedEntry[] = []
    const watch = await store.watch('', (_, entry) => void (entry && entries.push(entry)))
    await store.commit([{ key: 'a', value: '1', expiresAt: clock.now + 1000 }])
    await store.commit([{ key: 'b', value: '2' }])
    await watch.catchUp()
    const [first] = entries
    assert.deepEqual(first, { ...(await store.get('a')), expiresAt: clock.now + 1000 })
    assert.equal('expiresAt' in entries.at(-1)!, false)
    watch.close()
  }),

  storeCase('watch tells every change, in order per key: set, replaced, deleted, taken', async (store) => {
    const { told, changed } = recorder()
    const watch = await store.watch('k', changed)
    await set(store, 'k', '1')
    await set(store, 'other', '1')
    await set(store, 'k', '2')
    await set(store, 'k', undefined)
    await set(store, 'k', '3')
    await store.getAndDelete('k')
    await watch.catchUp()
    const without = withoutRepeats(told)
    assert.deepEqual(without, ['k=1', 'k=2', '-k', 'k=3'])
    assert.equal(told.at(-1), '-k')
    watch.close()
  }),

  storeCase('a watch without deletions is told what is set, and nothing else', async (store) => {
    const { told, changed } = recorder()
    await set(store, 'k', '0')
    const watch = await store.watch('k', changed, { deletions: false })
    await set(store, 'k', undefined)
    await set(store, 'k', '1')
    await store.getAndDelete('k')
    await set(store, 'k', '2')
    await watch.catchUp()
    assert.deepEqual(withoutRepeats(told), ['k=0', 'k=1', 'k=2'])
    watch.close()
  }),

  storeCase('what a failed commit would have written is not told', async (store) => {
    const { told, changed } = recorder()
    await set(store, 'b', '1')
    const watch = await store.watch('', changed)
    await store.commit([
      { key: 'a', value: '1' },
      { key: 'b', value: '2', expected: null },
    ])
    await watch.catchUp()
    assert.deepEqual(withoutRepeats(told), ['b=1'])
    watch.close()
  }),

  storeCase(
    'after catchUp, what another handle wrote is known, and freshAt is no older than the call',
    async (store, _, open) => {
      const other = await open()
      try {
        const { told, changed } = recorder()
        const watch = await store.watch('k', changed)
        for (let round = 0; round < 20; round++) {
          await set(other, `k${round % 3}`, String(round))
          const asked = performance.now()
          await watch.catchUp()
          assert.ok(watch.freshAt >= asked, 'freshAt is the time of the call or later')
          assert.equal(told.at(-1), `k${round % 3}=${round}`)
        }
        await set(other, 'k0', undefined)
        await watch.catchUp()
        assert.equal(told.at(-1), '-k0')
        watch.close()
      } finally {
        await other.close()
      }
    },
  ),

  storeCase('an entry that expired before it was told is told as gone, or not at all', async (store, clock, open) => {
    const other = await open()
    try {
      const alive: boolean[] = []
      const watch = await store.watch('', (_, entry) => void (entry && alive.push(entry.expiresAt! > clock.now)))
      await other.commit([{ key: 'a', value: '1', expiresAt: clock.now + 1000 }])
      clock.now += 1000
      await watch.catchUp()
      assert.ok(alive.every(Boolean))
      watch.close()
    } finally {
      await other.close()
    }
  }),

  storeCase('freshAt goes on by itself while something is watched', async (store) => {
    const watch = await store.watch('k', () => {})
    const since = performance.now()
    const until = since + 2_000 // the bound that revocation stands on
    while (watch.freshAt < since && performance.now() < until) await new Promise((done) => setTimeout(done, 20))
    assert.ok(watch.freshAt >= since)
    watch.close()
  }),

  storeCase('a closed watch is told nothing more, and its freshAt stands still', async (store) => {
    const { told, changed } = recorder()
    const watch = await store.watch('', changed)
    watch.close()
    watch.close()
    const { freshAt } = watch
    await set(store, 'a', '1')
    await new Promise((done) => setTimeout(done, 20))
    assert.deepEqual(told, [])
    assert.equal(watch.freshAt, freshAt)
  }),

  storeCase('a watcher may write, watch and close while it is told', async (store) => {
    const { told, changed } = recorder()
    let written: unknown
    const watch = await store.watch('', (key, entry) => {
      changed(key, entry)
      if (key === 'a' && entry) written = store.commit([{ key: 'b', value: entry.value }])
      if (key === 'b' && entry?.value === '2') watch.close()
    })
    const settle = async () => {
      await watch.catchUp()
      await written
      await watch.catchUp()
    }
    await set(store, 'a', '1')
    await settle()
    assert.deepEqual(withoutRepeats(told), ['a=1', 'b=1'])
    await set(store, 'a', '2')
    await settle()
    await set(store, 'c', '3')
    assert.equal(withoutRepeats(told).at(-1), 'b=2')
  }),

  storeCase(
    'a watcher that throws fails closed: the write stands, freshAt stands still, catchUp throws',
    async (store) => {
      let calls = 0
      const watch = await store.watch('', () => {
        calls++
        throw new RangeError('a bug in the watcher')
      })
      await set(store, 'a', '1')
      await assert.rejects(async () => watch.catchUp(), RangeError)
      const { freshAt } = watch
      await new Promise((done) => setTimeout(done, 20))
      await assert.rejects(async () => watch.catchUp(), RangeError)
      assert.equal(watch.freshAt, freshAt)
      assert.equal(calls, 1, 'it is at an end')
      assert.equal((await store.get('a'))?.value, '1')
    },
  ),

  storeCase('a watcher that throws at the replay makes watch throw', async (store) => {
    await set(store, 'a', '1')
    const fail = () => {
      throw new RangeError('a bug in the watcher')
    }
    await assert.rejects(async () => store.watch('', fail), RangeError)
    await set(store, 'a', '2')
  }),

  storeCase('closing the store ends its watches: catchUp is Unavailable, freshAt stands still', async (store) => {
    const watch = await store.watch('', () => {})
    await store.close()
    const { freshAt } = watch
    await new Promise((done) => setTimeout(done, 5))
    assert.equal(watch.freshAt, freshAt)
    await assert.rejects(async () => watch.catchUp(), isUnavailable)
  }),
]
