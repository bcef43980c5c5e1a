import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { type AuthError, isAuthError, Unavailable } from '@countersign/http'
import { type Entry, memoryStore, type Store, sqliteStore } from '@countersign/store'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { apiKeys } from './index.ts'
import type { KeyRecord } from './key-record.ts'
import { newSecret, readKey, writeKey } from './key-text.ts'
import { lastUse } from './last-use.ts'

let now: number
let store: Store
const clock = () => now
const hour = 3_600_000

beforeEach(() => {
  now = 1_700_000_000_000
  store = memoryStore({ clock })
})

function keysOf(more: object = {}) {
  return apiKeys({ prefix: 'acme', store, clock, ...more })
}

describe('a good key', () => {
  it('gives a frozen principal', async () => {
    const keys = keysOf()
    const { id, key } = await keys.create({
      subject: 'customer-42',
      scopes: ['orders:read'],
      roles: ['partner'],
      name: 'CI',
    })
    const principal = keys.verify(key)
    expect(principal).toEqual({
      subject: 'customer-42',
      scopes: ['orders:read'],
      roles: ['partner'],
      name: 'CI',
      keyId: id,
      credential: { id },
    })
    for (const part of [
      principal,
      (principal as { scopes: object }).scopes,
      (principal as { credential: object }).credential,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  it.each([
    ['memory', () => memoryStore({ clock })],
    ['SQLite', () => sqliteStore(':memory:', { clock })],
  ])('is verified synchronously with a store of %s, last use included', async (_name, open) => {
    store = open()
    const keys = keysOf()
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    expect(keys.verify(key)).not.toBeInstanceOf(Promise)
    expect(keys.verify(`${key.slice(0, -1)}!`)).not.toBeInstanceOf(Promise)
    expect(await keys.get(id)).toMatchObject({ lastUsedAt: 1_700_000_000 })
    store.close()
  })

  it('says when it ends', async () => {
    const keys = keysOf()
    const { key } = await keys.create({ subject: 's', scopes: [], expiresIn: 60 })
    expect(keys.verify(key)).toMatchObject({ expiresAt: 1_700_000_060 })
  })
})

describe('a wrong key', () => {
  const reasonOf = (result: unknown) => (isAuthError(result) ? result.reason : 'passed')

  it('gets one public answer, and a private reason each', async () => {
    const keys = keysOf()
    const good = await keys.create({ subject: 's', scopes: [] })
    const revoked = await keys.create({ subject: 's', scopes: [] })
    await keys.revoke(revoked.id)
    const expired = await keys.create({ subject: 's', scopes: [], expiresAt: 1_700_000_010 })
    now += 10_000
    const results = {
      'api-key.format': keys.verify('acme_short'),
      'api-key.unknown': keys.verify(writeKey('acme', { id: 'A'.repeat(16), secret: newSecret() })),
      'api-key.secret': keys.verify(writeKey('acme', { id: good.id, secret: newSecret() })),
      'api-key.revoked': keys.verify(revoked.key),
      'api-key.expired': keys.verify(expired.key),
    }
    const shown = new Set<string>()
    for (const [reason, result] of Object.entries(results)) {
      expect(reasonOf(result)).toBe(reason)
      const { reason: _, ...rest } = result as AuthError
      shown.add(JSON.stringify(rest))
    }
    expect(shown.size).toBe(1)
    expect([...shown][0]).toContain('invalid_token')
  })

  it('learns nothing of a revoked or expired key from its public id alone', async () => {
    const keys = keysOf()
    const { id } = await keys.create({ subject: 's', scopes: [] })
    await keys.revoke(id)
    expect(reasonOf(keys.verify(writeKey('acme', { id, secret: newSecret() })))).toBe('api-key.secret')
  })

  it('is good to the last millisecond of its second and not at its end', async () => {
    const keys = keysOf()
    const { key } = await keys.create({ subject: 's', scopes: [], expiresIn: 10 })
    now += 9_999
    expect(reasonOf(keys.verify(key))).toBe('passed')
    now += 1
    expect(reasonOf(keys.verify(key))).toBe('api-key.expired')
  })

  it('costs no look-up when one character is mistyped', async () => {
    const get = vi.fn(store.get)
    const keys = keysOf({ store: { ...store, get } })
    const { key } = await keys.create({ subject: 's', scopes: [] })
    get.mockClear()
    const mutation = fc.tuple(fc.nat(key.length - 1), fc.string({ minLength: 1, maxLength: 1 }))
    fc.assert(
      fc.property(mutation, ([at, character]) => {
        fc.pre(key[at] !== character)
        expect(reasonOf(keys.verify(key.slice(0, at) + character + key.slice(at + 1)))).toBe('api-key.format')
      }),
      { numRuns: 2000 },
    )
    expect(get).not.toHaveBeenCalled()
    keys.verify(key)
    expect(get).toHaveBeenCalledTimes(1)
  })

  it('of any kind and type is refused, never thrown at', () => {
    const keys = keysOf()
    fc.assert(
      fc.property(fc.anything(), (value) => void expect(reasonOf(keys.verify(value as string))).toBe('api-key.format')),
    )
  })
})

describe('what is stored', () => {
  it('holds no key and no secret', async () => {
    const { keys, key, written } = await watched()
    await keys.rotate(readKey('acme', key)?.id ?? '')
    keys.verify(key)
    const secret = readKey('acme', key)?.secret ?? ''
    expect(written.length).toBeGreaterThan(3)
    for (const text of written) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(key)
    }
  })

  it('is not shown when it is broken', async () => {
    const { keys, key, id } = await watched()
    await store.commit([{ key: `api-key:${id}`, value: '{"secrets":["canary' }])
    const error = await Promise.resolve()
      .then(() => keys.verify(key))
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expect(inspect(error)).toContain(`api-key:${id}`)
    expect(inspect(error)).not.toContain('canary')
  })

  async function watched() {
    const written: string[] = []
    const commit: Store['commit'] = (writes) => {
      for (const { key, value } of writes) written.push(key, value ?? '')
      return store.commit(writes)
    }
    const keys = keysOf({ store: { ...store, commit } })
    const { id, key } = await keys.create({ subject: 'canary', scopes: [] })
    return { keys, id, key, written }
  }
})

describe('secrets', () => {
  it('stand in nothing that verify, list and get return, and in no inspection of it', async () => {
    const keys = keysOf()
    const { id, key } = await keys.create({ subject: 's', scopes: [], name: 'n' })
    const secret = readKey('acme', key)?.secret ?? ''
    const stored = (store.get(`api-key:${id}`) as Entry).value
    const { sha256 } = JSON.parse(stored).secrets[0]
    const seen = [keys, keys.verify(key), keys.verify(`${key}x`), await keys.list('s'), await keys.get(id)]
    for (const one of seen) {
      const shown = inspect(one, { depth: 9, showHidden: true }) + JSON.stringify(one)
      expect(shown).not.toContain(secret)
      expect(shown).not.toContain(sha256)
    }
  })
})

describe('an asynchronous store', () => {
  it('gives a promise of the same answers', async () => {
    const keys = keysOf({ store: { ...store, get: async (key: string) => store.get(key) } })
    const { key } = await keys.create({ subject: 's', scopes: [] })
    const result = keys.verify(key)
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toMatchObject({ subject: 's' })
  })

  it('that is down makes verify reject with its Unavailable', async () => {
    const down = new Unavailable('the store')
    const keys = keysOf({ store: { ...store, get: () => Promise.reject(down) } })
    const key = writeKey('acme', { id: 'A'.repeat(16), secret: newSecret() })
    await expect(keys.verify(key)).rejects.toBe(down)
  })
})

describe('the last use', () => {
  it('is written at most once a minute, by whichever process', async () => {
    const commit = vi.fn(store.commit)
    const watching = { ...store, commit }
    const [one, two] = [keysOf({ store: watching }), keysOf({ store: watching })]
    const { id, key } = await one.create({ subject: 's', scopes: [] })
    commit.mockClear()
    for (let second = 0; second < 60; second++, now += 1000) [one, two].map((keys) => keys.verify(key))
    expect(commit).toHaveBeenCalledTimes(1)
    for (const keys of [one, two]) keys.verify(key)
    expect(commit).toHaveBeenCalledTimes(2)
    expect(await one.get(id)).toMatchObject({ lastUsedAt: 1_700_000_060 })
  })

  it.each<[string, () => Promise<boolean>]>([
    ['rejects', () => Promise.reject(new Unavailable('x'))],
    [
      'throws',
      () => {
        throw new Unavailable('x')
      },
    ],
    ['loses to another write', async () => false],
  ])(
    'fails no request when its write %s, leaves no rejection behind, and is tried again a minute later',
    async (_how, fail) => {
      let tries = -1 // the first commit is that of create
      const commit: Store['commit'] = (writes) => (++tries === 0 ? store.commit(writes) : fail())
      const keys = keysOf({ store: { ...store, commit } })
      const { key } = await keys.create({ subject: 's', scopes: [] })
      for (let i = 0; i < 5; i++) expect(keys.verify(key)).toMatchObject({ subject: 's' })
      expect(tries).toBe(1)
      now += 60_000
      keys.verify(key)
      expect(tries).toBe(2)
      await sleep(1) // an unhandled rejection would fail the run
    },
  )

  it('is remembered for the last 10,000 keys tried', () => {
    let tries = 0
    const used = lastUse({ commit: () => ++tries < 0 }, () => 1)
    const record: KeyRecord = { subject: 's', scopes: [], createdAt: 0, place: 0, secrets: [] }
    const use = (id: string) => used({ id, record, version: '1' })
    use('first')
    for (let i = 1; i < 10_000; i++) use(`${i}`)
    use('first')
    expect(tries).toBe(10_000)
    use('one more')
    use('first')
    expect(tries).toBe(10_002)
  })

  it('is not waited for: an answer needs one get', async () => {
    const commit = vi.fn<Store['commit']>(store.commit)
    const keys = keysOf({ store: { ...store, commit } })
    const { key } = await keys.create({ subject: 's', scopes: [] })
    commit.mockImplementation(() => new Promise(() => {}))
    expect(keys.verify(key)).toMatchObject({ subject: 's' })
  })

  it('is not written for a wrong key, nor with lastUsed: false', async () => {
    const keys = keysOf({ lastUsed: false })
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    keys.verify(key)
    keysOf().verify(writeKey('acme', { id, secret: newSecret() }))
    expect(await keys.get(id)).not.toHaveProperty('lastUsedAt')
  })

  it('cannot undo a revocation that came between', async () => {
    let late: (() => void) | undefined
    const commit: Store['commit'] = (writes) => {
      if (!writes[0]?.value?.includes('lastUsedAt') || writes[0].value.includes('revokedAt'))
        return store.commit(writes)
      return new Promise((resolve) => {
        late = async () => resolve(await store.commit(writes))
      })
    }
    const keys = keysOf({ store: { ...store, commit } })
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    keys.verify(key)
    await keys.revoke(id)
    late?.()
    now += hour
    expect(keys.verify(key)).toMatchObject({ reason: 'api-key.revoked' })
  })
})
