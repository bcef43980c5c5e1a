import { isRefused } from '@countersign/http'
import { memoryStore, type Store } from '@countersign/store'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ApiKeys, apiKeys } from './index.ts'

let now: number
let store: Store
let keys: ApiKeys
const clock = () => now
const seconds = () => Math.floor(now / 1000)
const after = (time: number) => {
  now += time * 1000
}

beforeEach(() => {
  now = 1_700_000_000_000
  store = memoryStore({ clock })
  keys = apiKeys({ prefix: 'acme', store, clock })
})

const passes = (key: string) => 'subject' in (keys.verify(key) as object)
const codeOf = (error: unknown) => (isRefused(error) ? `${error.status} ${error.error.reason}` : error)

describe('create', () => {
  it('gives the public data and the key, once', async () => {
    const made = await keys.create({ subject: 'customer-42', scopes: ['a', 'b', 'a'], name: 'CI', expiresIn: 3600 })
    const { key, ...info } = made
    expect(info).toEqual({
      id: expect.stringMatching(/^[0-9A-Za-z]{16}$/),
      subject: 'customer-42',
      scopes: ['a', 'b'],
      name: 'CI',
      createdAt: 1_700_000_000,
      expiresAt: 1_700_003_600,
    })
    expect(key).toMatch(/^acme_[0-9A-Za-z]{54}$/)
    expect(key.slice(5, 21)).toBe(info.id)
    expect(await keys.get(info.id)).toEqual(info)
    expect(await keys.list('customer-42')).toEqual([info])
  })

  it('refuses a subject’s 101st live key with a conflict, and no other’s', async () => {
    for (let i = 0; i < 100; i++) await keys.create({ subject: 'busy', scopes: [] })
    const error = await keys.create({ subject: 'busy', scopes: [] }).catch((reason: unknown) => reason)
    expect(codeOf(error)).toBe('409 api-key.too-many')
    expect(await keys.list('busy')).toHaveLength(100)
    await keys.create({ subject: 'bus', scopes: [] })
  })

  it('takes the place of a key that was revoked or expired, and keeps nothing of that', async () => {
    const short = await keys.create({ subject: 'busy', scopes: [], expiresIn: 60 })
    const doomed = await keys.create({ subject: 'busy', scopes: [] })
    for (let i = 0; i < 98; i++) await keys.create({ subject: 'busy', scopes: [] })
    await keys.revoke(doomed.id)
    await keys.create({ subject: 'busy', scopes: [] })
    expect(await keys.get(doomed.id)).toBeUndefined()
    after(60)
    await keys.create({ subject: 'busy', scopes: [] })
    expect(await keys.get(short.id)).toBeUndefined()
    expect(codeOf(await keys.create({ subject: 'busy', scopes: [] }).catch((reason: unknown) => reason))).toContain(
      '409',
    )
    expect((await store.scan('api-key', undefined, 1000)).length).toBe(200)
  })

  it.each([
    [undefined, 'create takes { subject, scopes }'],
    [{ scopes: [] }, '`subject` must be'],
    [{ subject: '', scopes: [] }, '`subject` must be'],
    [{ subject: '\ud800', scopes: [] }, '`subject` must be'],
    [{ subject: 'x'.repeat(1025), scopes: [] }, '`subject` must be'],
    [{ subject: 's' }, '`scopes` is missing: give `scopes: []` for a key that allows nothing'],
    [{ subject: 's', scopes: [], expiresin: 60 }, 'create has no option "expiresin"'],
    [{ subject: 's', scopes: [], expires_in: 60 }, 'create has no option "expires_in"'],
    [{ subject: 's', scopes: 'a b' }, '`scopes` must be'],
    [{ subject: 's', scopes: ['a b'] }, '`scopes` must be'],
    [{ subject: 's', scopes: Array(101).fill('a') }, '`scopes` must be'],
    [{ subject: 's', scopes: [], roles: [1] }, '`roles` must be'],
    [{ subject: 's', scopes: [], name: 'x'.repeat(201) }, '`name` must be'],
    [{ subject: 's', scopes: [], expiresIn: 0 }, '`expiresIn` must be'],
    [{ subject: 's', scopes: [], expiresIn: 1.5 }, '`expiresIn` must be'],
    [{ subject: 's', scopes: [], expiresIn: 60, expiresAt: 1_800_000_000 }, '`expiresIn` must be left out'],
    [{ subject: 's', scopes: [], expiresAt: 1_700_000_000 }, '`expiresAt` must be after now'],
    [{ subject: 's', scopes: [], expiresAt: 1_800_000_000_000 }, '`expiresAt` must be whole epoch seconds'],
  ])('checks what it is given: %j', async (request, message) => {
    const error = await keys.create(request as never).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(message)
    expect(await store.scan('')).toEqual([])
  })
})

describe('list', () => {
  it('gives a subject’s own keys, the oldest first, whatever characters the subjects hold', async () => {
    const subjects = ['a', 'a:', 'a:b', 'a%3A', 'A', 'ä', 'a\0', '😀', '*', 'x'.repeat(1024)]
    for (const subject of subjects) {
      for (const name of ['first', 'second']) {
        await keys.create({ subject, scopes: [], name })
        after(1)
      }
    }
    for (const subject of subjects) {
      expect((await keys.list(subject)).map((key) => [key.subject, key.name])).toEqual([
        [subject, 'first'],
        [subject, 'second'],
      ])
    }
    expect(await keys.list('nobody')).toEqual([])
  })

  it('shows keys that ended for 30 days, and then nothing of them is left', async () => {
    const { id } = await keys.create({ subject: 's', scopes: [] })
    await keys.create({ subject: 's', scopes: [], expiresIn: 1 })
    await keys.revoke(id)
    after(30 * 24 * 3600)
    expect(await keys.list('s')).toHaveLength(1)
    after(1)
    expect(await keys.list('s')).toEqual([])
    expect(await store.scan('')).toEqual([])
  })
})

describe('revoke', () => {
  it('ends the key at once, once, and says so', async () => {
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    expect(await keys.revoke(id)).toBe(true)
    expect(passes(key)).toBe(false)
    expect(await keys.revoke(id)).toBe(false)
    expect(await keys.list('s')).toMatchObject([{ id, revokedAt: 1_700_000_000 }])
  })

  it('ends every text of a rotated key', async () => {
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    const rotated = await keys.rotate(id)
    await keys.revoke(id)
    expect([key, rotated?.key ?? ''].map(passes)).toEqual([false, false])
  })

  it.each([['A'.repeat(16)], [''], ['../x'], ['x:y'], ['\ud800'], [undefined], [{}]])(
    'is false for no key: %j',
    async (id) => {
      expect(await keys.revoke(id as string)).toBe(false)
      expect(await keys.get(id as string)).toBeUndefined()
      expect(await keys.rotate(id as string)).toBeUndefined()
    },
  )
})

describe('rotate', () => {
  it('gives a new text under the same id; both work for an hour, then the new one', async () => {
    const { id, key } = await keys.create({ subject: 's', scopes: ['a'], name: 'CI' })
    const rotated = await keys.rotate(id)
    expect(rotated).toMatchObject({ id, subject: 's', scopes: ['a'], name: 'CI', createdAt: 1_700_000_000 })
    const fresh = rotated?.key ?? ''
    expect(fresh).not.toBe(key)
    expect(keys.verify(key)).toMatchObject({ keyId: id, expiresAt: seconds() + 3600 })
    expect(keys.verify(fresh)).not.toHaveProperty('expiresAt')
    after(3599)
    expect([key, fresh].map(passes)).toEqual([true, true])
    after(1)
    expect(keys.verify(key)).toMatchObject({ reason: 'api-key.expired' })
    expect(passes(fresh)).toBe(true)
  })

  it('with overlap 0 ends every older text at once', async () => {
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    const second = (await keys.rotate(id))?.key ?? ''
    const third = (await keys.rotate(id, { overlap: 0 }))?.key ?? ''
    expect([key, second, third].map(passes)).toEqual([false, false, true])
  })

  it('lets no older text live longer than it was to', async () => {
    const { id, key } = await keys.create({ subject: 's', scopes: [] })
    await keys.rotate(id, { overlap: 10 })
    await keys.rotate(id, { overlap: 100 })
    after(10)
    expect(passes(key)).toBe(false)
  })

  it('does not outlast the key’s own end', async () => {
    const { id } = await keys.create({ subject: 's', scopes: [], expiresIn: 60 })
    const fresh = (await keys.rotate(id))?.key ?? ''
    expect(keys.verify(fresh)).toMatchObject({ expiresAt: 1_700_000_060 })
    after(60)
    expect(passes(fresh)).toBe(false)
    expect(await keys.rotate(id)).toBeUndefined()
  })

  it('does not wake a revoked key', async () => {
    const { id } = await keys.create({ subject: 's', scopes: [] })
    await keys.revoke(id)
    expect(await keys.rotate(id)).toBeUndefined()
  })

  it('refuses a fourth time within one overlap with a conflict', async () => {
    const { id } = await keys.create({ subject: 's', scopes: [] })
    for (let i = 0; i < 3; i++) expect(await keys.rotate(id)).toBeDefined()
    expect(codeOf(await keys.rotate(id).catch((error: unknown) => error))).toBe('409 api-key.rotated')
    after(3600)
    expect(await keys.rotate(id)).toBeDefined()
  })

  it.each([[-1], [1.5], [Number.NaN], ['60'], [null]])('refuses the overlap %j', async (overlap) => {
    const { id } = await keys.create({ subject: 's', scopes: [] })
    await expect(keys.rotate(id, { overlap: overlap as number })).rejects.toThrow('`overlap` must be')
  })
})

describe('an id that no key can have', () => {
  it('is not looked up', async () => {
    const get: Store['get'] = () => expect.unreachable()
    const none = apiKeys({ prefix: 'acme', store: { ...store, get } })
    for (const id of ['', 'short', '../../secret', 'A'.repeat(15), 'A'.repeat(17), `${'A'.repeat(15)}:`]) {
      expect(await none.get(id)).toBeUndefined()
    }
  })
})

describe('someone else’s key', () => {
  it('is as if it were not there', async () => {
    const { id, key } = await keys.create({ subject: 'ada', scopes: [] })
    const eve = { subject: 'eve' }
    expect(await keys.get(id, eve)).toBeUndefined()
    expect(await keys.rotate(id, eve)).toBeUndefined()
    expect(await keys.revoke(id, eve)).toBe(false)
    expect(await keys.list('eve')).toEqual([])
    expect(passes(key)).toBe(true)
    expect(await keys.revoke(id, { subject: 'ada' })).toBe(true)
  })
})

describe('options', () => {
  const good = { prefix: 'acme', store: memoryStore() }
  it.each([
    [undefined, 'apiKeys takes { prefix, store }'],
    [{ ...good, prefix: 'Acme!' }, '`prefix` must be'],
    [{ prefix: 'acme' }, '`store` must be a store'],
    [{ ...good, store: new Map() }, '`store` must be a store'],
    [{ ...good, clock: 5 }, '`clock` must be a function'],
    [{ ...good, lastUsed: 60 }, '`lastUsed` must be true or false'],
  ])('are checked at creation', (options, message) => {
    expect(() => apiKeys(options as never)).toThrow(TypeError)
    expect(() => apiKeys(options as never)).toThrow(message)
  })
})

describe('an owner or an option that cannot be right', () => {
  const owners = [{ subject: undefined }, { subject: null }, { subject: 7 }, { subject: ['ada'] }]

  it.each(owners)('%j is a TypeError: it would have dropped the check of the owner', async (owner) => {
    const { id } = await keys.create({ subject: 'ada', scopes: [] })
    for (const verb of ['get', 'rotate', 'revoke'] as const) {
      const error = await keys[verb](id, owner as never).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toContain(`${verb}: \`subject\` is given, so it must be a string`)
    }
    expect((await keys.get(id))?.revokedAt).toBeUndefined()
  })

  it('is named: misspelled, or no object', async () => {
    const { id } = await keys.create({ subject: 'ada', scopes: [] })
    for (const verb of ['get', 'rotate', 'revoke'] as const) {
      await expect(keys[verb](id, { subjekt: 'eve' } as never)).rejects.toThrow(`${verb} has no option "subjekt"`)
      await expect(keys[verb](id, 'eve' as never)).rejects.toThrow(TypeError)
      await expect(keys[verb]('nobody', { subjekt: 'eve' } as never)).rejects.toThrow(TypeError)
    }
    await expect(keys.rotate(id, { overlapp: 0 } as never)).rejects.toThrow('rotate has no option "overlapp"')
    expect(() => apiKeys({ prefix: 'acme', store, lastUse: false } as never)).toThrow('apiKeys has no option "lastUse"')
  })
})
