import { hashRaw } from '@node-rs/argon2'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { hashPassword, passwordLogin, type StoredUser } from './index.ts'

vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof import('@node-rs/argon2')>()
  return { ...real, hashRaw: vi.fn(real.hashRaw) }
})

const hash = await hashPassword('right')
const other = await hashPassword('changed')
const hashes = vi.mocked(hashRaw)
const credential = { username: 'ada', password: 'right' }
let users: Map<string, StoredUser>
let now: number

beforeEach(() => {
  hashes.mockClear()
  now = 1_700_000_000_000
  users = new Map([['ada', { subject: 'usr_ada', scopes: ['a'], passwordHash: hash }]])
})

function login(cache?: { seconds?: number; entries?: number } | false) {
  return passwordLogin({ find: (name) => users.get(name), clock: () => now, ...(cache !== undefined && { cache }) })
}

describe('a password that was right a moment ago', () => {
  it('is not hashed again, and the answer is no promise', async () => {
    const { verify } = login()
    await verify(credential)
    const again = verify(credential)
    expect(again).not.toBeInstanceOf(Promise)
    expect(again).toMatchObject({ subject: 'usr_ada' })
    expect(hashes).toHaveBeenCalledTimes(1)
  })

  it('is forgotten after 60 seconds, or as soon as it is told', async () => {
    for (const [cache, seconds] of [
      [undefined, 60],
      [{ seconds: 5 }, 5],
    ] as const) {
      const { verify } = login(cache)
      hashes.mockClear()
      await verify(credential)
      now += seconds * 1000 - 1
      await verify(credential)
      expect(hashes).toHaveBeenCalledTimes(1)
      now += 1
      await verify(credential)
      expect(hashes).toHaveBeenCalledTimes(2)
    }
  })

  it('is not kept longer by a clock that was set back', async () => {
    const { verify } = login()
    await verify(credential)
    now -= 3_600_000
    await verify(credential)
    expect(hashes).toHaveBeenCalledTimes(2)
  })

  it('is wrong at once when the user has a new hash', async () => {
    const { verify } = login()
    await verify(credential)
    users.set('ada', { subject: 'usr_ada', passwordHash: other })
    expect(await verify(credential)).toMatchObject({ code: 'invalid_credentials' })
    expect(await verify({ username: 'ada', password: 'changed' })).toMatchObject({ subject: 'usr_ada' })
  })

  it('is wrong at once when the user is gone or locked', async () => {
    const { verify } = login()
    await verify(credential)
    users.set('ada', { subject: 'usr_ada', passwordHash: `!${hash}` })
    expect(await verify(credential)).toMatchObject({ code: 'invalid_credentials' })
    users.delete('ada')
    expect(await verify(credential)).toMatchObject({ code: 'invalid_credentials' })
  })

  it('gives what find returns now: a role taken away is gone', async () => {
    const { verify } = login()
    await verify(credential)
    users.set('ada', { subject: 'usr_ada', scopes: [], passwordHash: hash })
    expect(verify(credential)).toEqual({ subject: 'usr_ada', scopes: [] })
  })

  it('says nothing for another name or password, however they are divided', async () => {
    users.set('adar', { subject: 'usr_adar', passwordHash: hash })
    const { verify } = login()
    await verify(credential)
    expect(await verify({ username: 'adar', password: 'ight' })).toMatchObject({ code: 'invalid_credentials' })
    expect(hashes).toHaveBeenCalledTimes(2)
  })

  it('is hashed each time with cache: false', async () => {
    const { verify } = login(false)
    await verify(credential)
    await verify(credential)
    expect(hashes).toHaveBeenCalledTimes(2)
  })
})

describe('a wrong password', () => {
  it('is hashed each time', async () => {
    const { verify } = login()
    for (let i = 0; i < 3; i++) await verify({ username: 'ada', password: 'wrong' })
    expect(hashes).toHaveBeenCalledTimes(3)
  })
})

describe('the same credential many times at once', () => {
  it('is hashed once, right or wrong, known or not', async () => {
    const { verify } = login()
    for (const one of [credential, { username: 'ada', password: 'x' }, { username: 'nobody', password: 'x' }]) {
      hashes.mockClear()
      const results = await Promise.all(Array.from({ length: 100 }, () => verify(one)))
      expect(hashes).toHaveBeenCalledTimes(1)
      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1)
    }
  })

  it('tries again after a failure: nothing stays behind', async () => {
    hashes.mockRejectedValueOnce(new Error('no memory'))
    const { verify } = login()
    await expect(verify(credential)).rejects.toThrow('no memory')
    expect(await verify(credential)).toMatchObject({ subject: 'usr_ada' })
  })
})

describe('the memory of right passwords', () => {
  it('is bounded: the oldest makes room', async () => {
    for (const name of ['b', 'c']) users.set(name, { subject: name, passwordHash: hash })
    const { verify } = login({ entries: 2 })
    for (const username of ['ada', 'b', 'c']) await verify({ username, password: 'right' })
    expect(verify({ username: 'c', password: 'right' })).not.toBeInstanceOf(Promise)
    expect(verify({ username: 'b', password: 'right' })).not.toBeInstanceOf(Promise)
    expect(verify({ username: 'ada', password: 'right' })).toBeInstanceOf(Promise)
  })
})
