import { authError, isRefused, type RequestView } from '@countersign/http'
import { hashRaw } from '@node-rs/argon2'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { hashPassword, type LoginLimits, passwordLogin } from './index.ts'

vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof import('@node-rs/argon2')>()
  return { ...real, hashRaw: vi.fn(real.hashRaw) }
})

const passwordHash = await hashPassword('right')
const find = vi.fn((name: string) => (name === 'ada' ? { subject: 'usr_ada', passwordHash } : undefined))
const hashes = vi.mocked(hashRaw)
const request: RequestView = { headers: {}, rawHeaders: [], socket: { remoteAddress: '192.0.2.1' } }
const right = { username: 'ada', password: 'right' }
const wrong = { username: 'ada', password: 'wrong' }
const LIMITED = authError('too_many_requests', 'login.limit', { headers: { 'retry-after': '9' } })

const calls: string[] = []
const open: LoginLimits = {
  begin(username) {
    calls.push(`begin ${username}`)
    const told = (what: string) => () => calls.push(what)
    return { succeeded: told('succeeded'), failed: told('failed'), undone: told('undone') }
  },
}
const shut: LoginLimits = { begin: () => LIMITED }

beforeEach(() => {
  hashes.mockClear()
  find.mockClear()
  calls.length = 0
})

describe('a login with limits', () => {
  it('asks them before the user is looked up and before anything is hashed', async () => {
    const users = passwordLogin({ find, limits: shut })
    expect(await users.verify(right, request)).toBe(LIMITED)
    const error = await users.require(right, request).catch((thrown: unknown) => thrown)
    expect(isRefused(error) && error).toMatchObject({ status: 429, headers: { 'retry-after': '9' } })
    expect(isRefused(error) && error.headers).not.toHaveProperty('www-authenticate')
    expect([find.mock.calls.length, hashes.mock.calls.length]).toEqual([0, 0])
  })

  it('tells them what succeeded, and lets what failed count', async () => {
    const users = passwordLogin({ find, limits: open })
    await users.require(right, request)
    await users.require(wrong, request).catch(() => {})
    await users.require({ username: 'nobody', password: 'x' }, request).catch(() => {})
    expect(calls).toEqual(['begin ada', 'succeeded', 'begin ada', 'failed', 'begin nobody', 'failed'])
  })

  it('takes nothing for what was never judged', async () => {
    const broken = passwordLogin({ find: () => Promise.reject(new Error('down')), limits: open })
    await expect(broken.require(right, request)).rejects.toThrow('down')
    expect(calls).toEqual(['begin ada', 'undone'])
    const full = passwordLogin({ find, limits: open, concurrency: 1, queue: 0, cache: false })
    calls.length = 0
    await Promise.allSettled([1, 2, 3].map((at) => full.verify({ ...wrong, password: `${at}` }, request)))
    expect(calls.filter((one) => one === 'undone')).toHaveLength(2)
  })

  it('takes nothing for what could be nobody’s, known or not', async () => {
    const users = passwordLogin({ find, limits: open })
    expect(await users.verify({ username: 'ada', password: 'x'.repeat(2000) }, request)).toMatchObject({
      reason: 'password.wrong',
    })
    await expect(users.require({} as never, request)).rejects.toMatchObject({ status: 400 })
    expect(calls).toEqual([])
  })

  it('a remembered success is asked of nobody and takes no promise', async () => {
    const users = passwordLogin({ find, limits: open })
    await users.verify(right, request)
    calls.length = 0
    expect(users.verify(right, request)).toMatchObject({ subject: 'usr_ada' })
    expect([calls, hashes.mock.calls.length]).toEqual([[], 1])
  })

  it('what is remembered for an old hash is asked again, with the limits', async () => {
    let stored = passwordHash
    const users = passwordLogin({ find: async () => ({ subject: 'usr_ada', passwordHash: stored }), limits: open })
    await users.verify(right, request)
    expect(await users.verify(right, request)).toMatchObject({ subject: 'usr_ada' })
    expect(calls).toEqual(['begin ada', 'succeeded'])
    stored = await hashPassword('another')
    expect(await users.verify(right, request)).toMatchObject({ reason: 'password.wrong' })
    expect(calls).toEqual(['begin ada', 'succeeded', 'begin ada', 'failed'])
  })

  it('the same credential from one peer many times at once is one guess; from another peer it is another', async () => {
    const users = passwordLogin({ find, limits: open })
    const other: RequestView = { ...request, socket: { remoteAddress: '192.0.2.2' } }
    await Promise.all([1, 2, 3, 4].map(() => users.verify(right, request)))
    expect(calls).toEqual(['begin ada', 'succeeded'])
    await Promise.all([users.verify(wrong, request), users.verify(wrong, request), users.verify(wrong, other)])
    expect(calls.slice(2)).toEqual(['begin ada', 'begin ada', 'failed', 'failed'])
  })

  it('what was right from one address is a guess from another: who may guess no more learns nothing from the cache', async () => {
    let refuse = false
    const users = passwordLogin({ find, limits: { begin: (...given) => (refuse ? LIMITED : open.begin(...given)) } })
    expect(await users.verify(right, request)).toMatchObject({ subject: 'usr_ada' })
    refuse = true
    expect(await users.verify(right, request), 'where it was proven').toMatchObject({ subject: 'usr_ada' })
    const elsewhere: RequestView = { ...request, socket: { remoteAddress: '192.0.2.9' } }
    expect(await users.verify(right, elsewhere)).toBe(LIMITED)
    expect(await users.verify(right, { ...request, ip: '192.0.2.9' }), 'by the framework').toBe(LIMITED)
  })

  it('explained, it is judged and nothing counts', async () => {
    const users = passwordLogin({ find, limits: open })
    expect(await users.verify(wrong, request, { dry: true })).toMatchObject({ reason: 'password.wrong' })
    expect(await users.verify(right, request, { dry: true })).toMatchObject({ subject: 'usr_ada' })
    expect(calls).toEqual(['begin ada', 'undone', 'begin ada', 'undone'])
    await users.verify(right, request)
    calls.length = 0
    expect(users.verify(right, request, { dry: true }), 'as the wire says: remembered').toMatchObject({
      subject: 'usr_ada',
    })
    expect(calls).toEqual([])
  })

  it('needs the request: without it that is a bug', async () => {
    const users = passwordLogin({ find, limits: open })
    expect(() => users.verify(right)).toThrow(/pass the request too: users\.verify\(credential, request\)/)
    await expect(users.require(right)).rejects.toThrow(/users\.require\(body, request\)/)
    await expect(users.require(right)).rejects.toThrow(TypeError)
  })

  it('are checked when the login is made', () => {
    expect(() => passwordLogin({ find, limits: {} as never })).toThrow(/`limits` must be what loginLimits\(\)/)
  })
})
