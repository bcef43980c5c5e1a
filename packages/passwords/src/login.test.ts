import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { isAuthError, isRefused, isUnavailable, type RequestView } from '@countersign/http'
import { hashRaw } from '@node-rs/argon2'
import { beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { hashPassword, needsRehash, passwordLogin, type StoredUser, verifyPassword } from './index.ts'

vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof import('@node-rs/argon2')>()
  return { ...real, hashRaw: vi.fn(real.hashRaw) }
})

const PASSWORD = 'canary-password-7f3a'
const WERKZEUG = 'scrypt:1024:8:1$saltsaltsaltsalt$'
const hash = await hashPassword(PASSWORD)
const ada = {
  subject: 'usr_ada',
  scopes: ['posts:read'],
  roles: ['author'],
  email: 'ada@example.com',
  passwordHash: hash,
}
const known = { username: 'ada', password: PASSWORD }
const find = (username: string) => (username === 'ada' ? ada : undefined)
const WRONG = { code: 'invalid_credentials', reason: 'password.wrong' }

const hashes = vi.mocked(hashRaw)
beforeEach(() => void hashes.mockClear())

describe('verify', () => {
  it('gives the user that find returned, without the hash, frozen', async () => {
    const user = await passwordLogin({ find }).verify(known)
    expect(user).toEqual({ subject: 'usr_ada', scopes: ['posts:read'], roles: ['author'], email: 'ada@example.com' })
    expect(Object.isFrozen(user) && Object.isFrozen((user as typeof ada).scopes)).toBe(true)
    expect(Object.isFrozen(ada) || Object.isFrozen(ada.scopes)).toBe(false)
  })

  it('types the user', async () => {
    const user = await passwordLogin({ find: async (name) => find(name) }).require(known)
    expectTypeOf(user.email).toBeString()
    expectTypeOf(user).not.toHaveProperty('passwordHash')
  })

  it('gives the very same error for an unknown user, a wrong password and an unusable hash', async () => {
    const users: Record<string, StoredUser> = {
      ada,
      django: { subject: '1', passwordHash: '!locked' },
      shadow: { subject: '2', passwordHash: '*' },
      sso: { subject: '3', passwordHash: '' },
      nobodySet: { subject: '4', passwordHash: null as never },
    }
    const login = passwordLogin({ find: (name) => users[name] })
    const wrong = await login.verify({ username: 'ada', password: 'x' })
    expect(wrong).toMatchObject(WRONG)
    expect(Object.isFrozen(wrong)).toBe(true)
    for (const username of ['nobody', 'django', 'shadow', 'sso', 'nobodySet']) {
      for (const password of ['x', '', PASSWORD]) expect(await login.verify({ username, password })).toBe(wrong)
    }
  })

  it('hashes as often and with the same parameters for an unknown user, an unusable hash and a wrong password', async () => {
    const locked = { subject: '1', passwordHash: '!' }
    const bcrypt = { subject: '2', passwordHash: '$2b$05$CCCCCCCCCCCCCCCCCCCCC.ODcEJfYFxKziEakDsjep8mcF3zSCvHq' }
    const users: Record<string, StoredUser> = { ada, locked, bcrypt }
    const login = passwordLogin({ find: (name) => users[name] })
    const seen = []
    for (const [username, password] of [
      ['ada', 'x'],
      ['nobody', 'x'],
      ['locked', 'x'],
      ['bcrypt', 'a'.repeat(73)],
    ] as const) {
      hashes.mockClear()
      expect(await login.verify({ username, password })).toMatchObject(WRONG)
      const { salt: _, ...parameters } = hashes.mock.calls[0]?.[1] ?? {}
      seen.push({ calls: hashes.mock.calls.length, parameters })
    }
    expect(seen[0]).toMatchObject({ calls: 1, parameters: { memoryCost: 19456, timeCost: 2, parallelism: 1 } })
    expect(seen.slice(1)).toEqual([seen[0], seen[0], seen[0]])
  })

  it('hashes nothing, and asks find for no one, when the password or the name cannot be anyone’s', async () => {
    const asked = vi.fn(find)
    const login = passwordLogin({ find: asked })
    for (const credential of [
      { username: 'ada', password: 'x'.repeat(1025) },
      { username: 'ada', password: '\ud800' },
      { username: 'a\0da', password: 'x' },
      { username: '\udfff', password: 'x' },
      { username: 'x'.repeat(1025), password: 'x' },
    ]) {
      expect(login.verify(credential)).toMatchObject(WRONG)
    }
    expect(asked).not.toHaveBeenCalled()
    expect(hashes).not.toHaveBeenCalled()
  })

  it('takes null for no user, and waits for the thenable of a query builder', async () => {
    // biome-ignore lint/suspicious/noThenProperty: that is what it is
    const builder = { then: (resolve: (user: unknown) => void) => resolve(ada) }
    expect(await passwordLogin({ find: () => null }).verify(known)).toMatchObject(WRONG)
    expect(await passwordLogin({ find: () => builder as never }).verify(known)).toMatchObject({ subject: 'usr_ada' })
  })

  it('lets an error of find through, as it is', async () => {
    const down = new Error('the database is down')
    const login = passwordLogin({ find: () => Promise.reject(down) })
    await expect(login.verify(known)).rejects.toBe(down)
    await expect(login.require(known)).rejects.toBe(down)
  })

  it('says which columns it misses in a row', async () => {
    const login = passwordLogin({ find: () => ({ id: 1, password: hash }) as never })
    expect(() => login.verify(known)).toThrow(/`subject` and `passwordHash`/)
    for (const text of [{ roles: 'clerk' }, { scopes: 'posts:read posts:write' }]) {
      const wrong = passwordLogin({ find: () => ({ subject: '1', passwordHash: '!', ...text }) as never })
      expect(() => wrong.verify(known)).toThrow(/`scopes` and `roles` as lists/)
    }
  })
})

describe('require', () => {
  it('resolves to the user', async () => {
    expect(await passwordLogin({ find }).require(known)).toMatchObject({ subject: 'usr_ada' })
  })

  it('rejects with Refused invalid_credentials, 401', async () => {
    const error = await passwordLogin({ find })
      .require({ ...known, password: 'x' })
      .catch((reason: unknown) => reason)
    expect(isRefused(error) && error.error).toMatchObject(WRONG)
    expect(error).toMatchObject({ status: 401 })
  })

  it.each([[undefined], [null], ['x'], [{}], [{ username: 'ada' }], [{ username: ['ada'], password: {} }]])(
    'rejects with Refused invalid_request, 400, for the body %j',
    async (body) => {
      const error = await passwordLogin({ find })
        .require(body as never)
        .catch((reason: unknown) => reason)
      expect(isRefused(error) && error.error).toMatchObject({ code: 'invalid_request', reason: 'password.malformed' })
    },
  )

  it('hashes on every call', async () => {
    const login = passwordLogin({ find })
    for (let i = 0; i < 3; i++) await login.require(known)
    expect(hashes).toHaveBeenCalledTimes(3)
  })
})

describe('a login', () => {
  const request: RequestView = {
    headers: {},
    rawHeaders: ['X-Request-Id', 'abc-1', 'Cookie', 'canary=1'],
    method: 'POST',
    url: '/login?next=canary',
    socket: { remoteAddress: '192.0.2.1' },
  }

  it('is told: who, when, from where, and no secret; nothing of what failed, nor of what Basic repeats', async () => {
    const events: unknown[] = []
    const listen = (event: unknown) => void events.push(event)
    subscribe('countersign:login', listen)
    const login = passwordLogin({ find, clock: () => 1000 })
    await login.require(known, request)
    await login.require(known)
    await login.require({ ...known, password: 'x' }, request).catch(() => {})
    await login.verify(known, request)
    unsubscribe('countersign:login', listen)
    expect(events).toEqual([
      {
        type: 'login',
        at: 1000,
        subject: 'usr_ada',
        method: 'POST',
        path: '/login',
        ip: '192.0.2.1',
        clientRequestId: 'abc-1',
      },
      { type: 'login', at: 1000, subject: 'usr_ada' },
    ])
    expect(Object.isFrozen(events[0])).toBe(true)
  })
})

describe('a burst of logins', () => {
  it('is refused with Unavailable (503) beyond what runs and waits', async () => {
    const login = passwordLogin({ find, concurrency: 2, queue: 4, cache: false })
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        Promise.resolve(login.verify({ username: i % 2 ? 'ada' : 'no', password: `${i}` })),
      ),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(24)
    expect(refused.every(({ reason }) => isUnavailable(reason))).toBe(true)
    expect(await login.verify(known)).toMatchObject({ subject: 'usr_ada' })
  })
})

describe('an older hash', () => {
  const older = { ...ada, passwordHash: '' }
  beforeEach(async () => {
    const { scryptSync } = await import('node:crypto')
    const derived = scryptSync(PASSWORD, 'saltsaltsaltsalt', 64, { N: 1024, r: 8, p: 1 })
    older.passwordHash = WERKZEUG + derived.toString('hex')
  })

  it('is replaced after a successful login, and not after another', async () => {
    const upgrade = vi.fn((user: typeof older, newHash: string) => {
      expect(user.passwordHash).toBe(older.passwordHash)
      older.passwordHash = newHash
    })
    const login = passwordLogin({ find: () => older, upgrade })
    expect(await login.require({ ...known, password: 'x' }).catch(() => 'refused')).toBe('refused')
    expect(upgrade).not.toHaveBeenCalled()
    await login.require(known)
    await login.require(known)
    expect(upgrade).toHaveBeenCalledTimes(1)
    expect(needsRehash(older.passwordHash)).toBe(false)
    expect(await verifyPassword(PASSWORD, older.passwordHash)).toBe(true)
  })

  it('stays without an upgrade function', async () => {
    const before = older.passwordHash
    await passwordLogin({ find: () => older }).require(known)
    expect(older.passwordHash).toBe(before)
  })

  it.each([
    ['an Error', (text: string) => Promise.reject(new Error(text)), 'Error'],
    [
      'an Error with a code',
      (text: string) => Promise.reject(Object.assign(new Error(text), { code: '23505' })),
      '23505',
    ],
    [
      'a synchronous throw of a string',
      (text: string) => {
        throw text
      },
      'string',
    ],
    [
      'an Error whose code is the row',
      (text: string) => Promise.reject(Object.assign(new RangeError(text), { code: text })),
      'RangeError',
    ],
  ])('that cannot be stored is reported and fails no login: %s', async (_what, fail, reason) => {
    const events: unknown[] = []
    const listen = (event: unknown) => events.push(event)
    subscribe('countersign:upgrade-failed', listen)
    const upgrade = (_: unknown, newHash: string) => fail(`Failing row contains (ada, ${newHash}, ${PASSWORD})`)
    const user = await passwordLogin({ find: () => older, upgrade, clock: () => 1000 }).require(known)
    unsubscribe('countersign:upgrade-failed', listen)
    expect(user).toMatchObject({ subject: 'usr_ada' })
    expect(events).toEqual([{ type: 'upgrade_failed', at: 1000, subject: 'usr_ada', reason }])
    expect(inspect(events)).not.toMatch(/argon2id|canary/)
  })

  it('is upgraded within the turn of its login: a full queue does not stop it', async () => {
    const upgrade = vi.fn()
    await passwordLogin({ find: () => older, upgrade, concurrency: 1, queue: 0 }).require(known)
    expect(upgrade).toHaveBeenCalledTimes(1)
  })
})

describe('a stored hash that cannot be read', () => {
  const secret = 'canary-in-the-clear'
  const unreadable = [
    ['in the clear', secret, 'format'],
    ['MD5', '5f4dcc3b5aa765d61d8327deb882cf99', 'format'],
    ['over a cap', `pbkdf2:sha256:5000001$salt$${'00'.repeat(32)}`, 'cost'],
  ] as const

  it.each(unreadable)(
    'is a wrong password at the cost of one, and an event: %s',
    async (_what, passwordHash, reason) => {
      const events: unknown[] = []
      const listen = (event: unknown) => events.push(event)
      const login = passwordLogin({
        find: (name) => (name === 'old' ? { subject: 'usr_old', passwordHash } : find(name)),
        upgrade: () => Promise.reject(new Error('never')),
        clock: () => 1000,
      })
      const wrong = await login.verify({ username: 'nobody', password: 'x' })
      hashes.mockClear()
      subscribe('countersign:unreadable-hash', listen)
      for (const password of ['x', passwordHash]) expect(await login.verify({ username: 'old', password })).toBe(wrong)
      const refused = await login.require({ username: 'old', password: 'x' }).catch((error: unknown) => error)
      unsubscribe('countersign:unreadable-hash', listen)
      expect(refused).toMatchObject({ status: 401 })
      expect(hashes.mock.calls.map(([, , options]) => options ?? {}).length).toBe(3)
      expect(hashes.mock.calls[0]?.[1]).toMatchObject({ memoryCost: 19456, timeCost: 2, parallelism: 1 })
      expect(events).toEqual(Array(3).fill({ type: 'unreadable_hash', at: 1000, subject: 'usr_old', reason }))
      expect(inspect(events)).not.toContain(passwordHash)
      await expect(verifyPassword('x', passwordHash)).rejects.toThrow()
    },
  )
})

describe('secrets', () => {
  it('stand in no result, error or inspection of what passwordLogin returns', async () => {
    const login = passwordLogin({ find, cache: { entries: 10 } })
    const seen = [
      login,
      await login.verify(known),
      login.verify(known),
      await login.verify({ ...known, password: `${PASSWORD}!` }),
      await login.require({ ...known, password: `${PASSWORD}!` }).catch((error: unknown) => error),
      await login.require({ username: PASSWORD } as never).catch((error: unknown) => error),
    ]
    expect(seen.filter(isAuthError)).toHaveLength(1)
    for (const one of seen) {
      for (const shown of [inspect(one, { depth: 9, showHidden: true }), JSON.stringify(one), String(one)]) {
        expect(shown).not.toContain('canary')
        expect(shown).not.toContain(hash.slice(-20))
      }
    }
  })
})

describe('options', () => {
  it.each([
    [undefined, 'passwordLogin takes options'],
    [{}, '`find` must be a function'],
    [{ find, upgrade: true }, '`upgrade` must be a function'],
    [{ find, clock: 1 }, '`clock` must be a function'],
    [{ find, concurrency: 0 }, '`concurrency` must be a whole number from 1 to 64'],
    [{ find, queue: -1 }, '`queue` must be a whole number from 0'],
    [{ find, queue: Infinity }, '`queue` must be a whole number'],
    [{ find, cache: true }, '`cache` must be false or'],
    [{ find, cache: { seconds: 61 } }, '`cache.seconds` must be a whole number from 1 to 60'],
    [{ find, cache: { entries: 0 } }, '`cache.entries` must be a whole number'],
    [{ find, upgrad: () => {} }, 'passwordLogin has no option "upgrad"'],
    [{ find, cache: { second: 1 } }, 'passwordLogin: cache has no option "second"'],
  ])('are checked at creation: %o', (options, message) => {
    expect(() => passwordLogin(options as never)).toThrow(TypeError)
    expect(() => passwordLogin(options as never)).toThrow(message)
  })
})
