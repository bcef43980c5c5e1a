import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRefused } from '@countersign/http'
import { memoryStore, type Store, sqliteStore } from '@countersign/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiKeys } from './index.ts'

/** A store whose every verb takes its time, so that concurrent callers meet in every order. */
function slowStore(): Store {
  const store = memoryStore()
  const later =
    <A extends unknown[], R>(verb: (...args: A) => R) =>
    async (...args: A) => {
      for (let turns = Math.floor(Math.random() * 4); turns >= 0; turns--)
        await new Promise((resolve) => setImmediate(resolve))
      return verb(...args)
    }
  return { ...store, get: later(store.get), commit: later(store.commit), scan: later(store.scan) }
}

describe('concurrent callers', () => {
  it('of rotate who read the same key: exactly one wins, the other gets a conflict', async () => {
    const store = memoryStore()
    const readers: (() => void)[] = []
    const get: Store['get'] = async (key) => {
      const entry = store.get(key)
      // The first two wait for each other.
      if (readers.length < 2) {
        await new Promise<void>((resolve) => {
          if (readers.push(resolve) === 2) for (const go of readers) go()
        })
      }
      return entry
    }
    const keys = apiKeys({ prefix: 'acme', store: { ...store, get } })
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    const [one, other] = await Promise.allSettled([keys.rotate(id), keys.rotate(id)])
    expect([one.status, other.status].sort()).toEqual(['fulfilled', 'rejected'])
    const won = one.status === 'fulfilled' ? one : other
    const lost = one.status === 'fulfilled' ? other : one
    expect(isRefused((lost as PromiseRejectedResult).reason)).toBe(true)
    const fresh = (won as PromiseFulfilledResult<{ key: string }>).value.key
    for (const good of [key, fresh]) expect(await keys.verify(good)).toMatchObject({ keyId: id })
  })

  it('of rotate: one wins, its text and the one before work, the others get a conflict', async () => {
    for (let round = 0; round < 20; round++) {
      const keys = apiKeys({ prefix: 'acme', store: slowStore() })
      const { id, key } = await keys.create({ subject: 's', scopes: [] })
      const results = await Promise.allSettled([
        ...Array.from({ length: 10 }, () => keys.rotate(id)),
        ...Array.from({ length: 5 }, async () => void (await keys.verify(key))),
      ])
      const made = results.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value.key] : []))
      const refused = results.filter((one) => one.status === 'rejected')
      // A caller that began after the winner ended is not concurrent with it, and wins again.
      expect(made.length).toBeGreaterThanOrEqual(1)
      expect(made.length).toBeLessThanOrEqual(3)
      expect(refused.every(({ reason }) => isRefused(reason) && reason.status === 409)).toBe(true)
      for (const one of [key, ...made]) expect(await keys.verify(one)).toMatchObject({ keyId: id })
    }
  })

  it('of revoke: one is told that it did', async () => {
    const keys = apiKeys({ prefix: 'acme', store: slowStore() })
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    const results = await Promise.all(Array.from({ length: 20 }, () => keys.revoke(id)))
    expect(results.filter(Boolean)).toHaveLength(1)
    expect(await keys.verify(key)).toMatchObject({ reason: 'api-key.revoked' })
  })

  it('of revoke and rotate: nothing works afterwards', async () => {
    for (let round = 0; round < 50; round++) {
      const keys = apiKeys({ prefix: 'acme', store: slowStore() })
      const { id, key } = await keys.create({ subject: 's', scopes: [] })
      const [rotated, revoked] = await Promise.all([keys.rotate(id), keys.revoke(id), keys.verify(key)])
      expect(revoked).toBe(true)
      for (const one of [key, rotated?.key])
        if (one) expect(await keys.verify(one)).toMatchObject({ code: 'invalid_token' })
    }
  })

  it('of create: never more than 100 live keys', async () => {
    const keys = apiKeys({ prefix: 'acme', store: slowStore() })
    const results = await Promise.allSettled(
      Array.from({ length: 130 }, () => keys.create({ subject: 's', scopes: [] })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(100)
    expect(await keys.list('s')).toHaveLength(100)
  })

  it('of create over keys that ended: each live key is in the list', async () => {
    const keys = apiKeys({ prefix: 'acme', store: slowStore() })
    const old = await Promise.all(Array.from({ length: 100 }, () => keys.create({ subject: 's', scopes: [] })))
    await Promise.all(old.slice(0, 30).map(({ id }) => keys.revoke(id)))
    const rotating = old.slice(30, 60).map(({ id }) => keys.rotate(id))
    const made = await Promise.all(Array.from({ length: 30 }, () => keys.create({ subject: 's', scopes: [] })))
    await Promise.all(rotating)
    const listed = new Set((await keys.list('s')).map(({ id }) => id))
    expect(listed).toEqual(new Set([...old.slice(30), ...made].map(({ id }) => id)))
  })
})

describe('concurrent processes on one SQLite file', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'api-keys-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('make no more than 100 keys, and revoke each once', async () => {
    const file = join(folder, 'keys.db')
    const script = `
      import { sqliteStore } from '@countersign/store'
      import { apiKeys } from './index.ts'
      const keys = apiKeys({ prefix: 'acme', store: sqliteStore(process.argv[1], { timeout: 10_000 }) })
      const count = async (work) => (await Promise.allSettled(work)).filter(({ value }) => value).length
      const made = await count(Array.from({ length: 40 }, () => keys.create({ subject: 's', scopes: [] })))
      process.send({ made })
      process.once('message', async () => {
        const revoked = await count((await keys.list('s')).map(({ id }) => keys.revoke(id)))
        process.send({ revoked }, () => process.exit())
      })
    `
    const workers = Array.from({ length: 3 }, () =>
      spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', script, file],
        {
          cwd: import.meta.dirname,
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        },
      ),
    )
    const told = (worker: (typeof workers)[number]) =>
      new Promise<Record<string, number>>((resolve, reject) => {
        worker.once('message', (message) => resolve(message as Record<string, number>))
        worker.once('exit', (code) => reject(new Error(`the process ended with ${code}`)))
      })
    const made = await Promise.all(workers.map(told))
    expect(made.reduce((sum, { made = 0 }) => sum + made, 0)).toBe(100)
    const ended = workers.map(told)
    for (const worker of workers) worker.send('go')
    expect((await Promise.all(ended)).reduce((sum, { revoked = 0 }) => sum + revoked, 0)).toBe(100)
    const store = sqliteStore(file)
    expect(await apiKeys({ prefix: 'acme', store }).list('s')).toHaveLength(100)
    store.close()
  })
})
