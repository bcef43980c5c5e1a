import { isRefused, Unavailable } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { describe, expect, test, vi } from 'vitest'
import { localIssuer, type TokenResponse } from './index.ts'
import type { LocalIssuerOptions } from './local-issuer-options.ts'

// What README.md shows begins here.

import { DatabaseSync } from 'node:sqlite'
import type { SessionRow, SessionTable } from '@countersign/tokens'

const SESSIONS = `CREATE TABLE sessions (
  handle text PRIMARY KEY, sid text UNIQUE NOT NULL, subject text NOT NULL,
  version integer NOT NULL, expires_at bigint NOT NULL, data text NOT NULL)`

/** The plain SQL example of the README: sessions in a table of one's own. */
function ownTable(database: DatabaseSync): SessionTable {
  database.exec(SESSIONS)
  const COLUMNS = 'handle, sid, subject, version, expires_at AS expiresAt, data'
  return {
    insert({ handle, sid, subject, version, expiresAt, data }) {
      database
        .prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)')
        .run(handle, sid, subject, version, expiresAt, data)
    },
    find: (handle) =>
      database.prepare(`SELECT ${COLUMNS} FROM sessions WHERE handle = ?`).get(handle) as SessionRow | undefined,
    replace(before, { version, expiresAt, data }) {
      const change = 'UPDATE sessions SET version = ?, expires_at = ?, data = ? WHERE handle = ? AND version = ?'
      return database.prepare(change).run(version, expiresAt, data, before.handle, before.version).changes === 1
    },
    list: (subject) =>
      database.prepare(`SELECT ${COLUMNS} FROM sessions WHERE subject = ?`).all(subject) as unknown as SessionRow[],
    remove(sid, subject) {
      const change = 'DELETE FROM sessions WHERE sid = ? AND subject = coalesce(?, subject)'
      return database.prepare(change).run(sid, subject ?? null).changes > 0
    },
  }
}

const issuer = 'https://issuer.test'
const ada = { subject: 'ada', scopes: ['read'] }
const reason = (promise: Promise<unknown>) =>
  promise.then(
    () => 'passed',
    (thrown: unknown) => (isRefused(thrown) ? thrown.error.reason : thrown),
  )

describe.each([
  ['in the store', () => undefined],
  ['in a table of one’s own', () => ownTable(new DatabaseSync(':memory:'))],
])('sessions %s', (_name, table) => {
  function world(more: Partial<LocalIssuerOptions> = {}) {
    const time = { now: Date.UTC(2026, 10, 21, 12) }
    const clock = () => time.now
    const store = memoryStore({ clock })
    const sessions = table()
    const make = () => localIssuer({ issuer, audience: issuer, store, clock, ...(sessions && { sessions }), ...more })
    return { time, store, own: make(), other: make(), pass: (seconds: number) => void (time.now += seconds * 1000) }
  }
  const turn = (own: ReturnType<typeof localIssuer>, { refresh_token }: TokenResponse) =>
    own.refresh(refresh_token as string)
  const isGood = async (own: ReturnType<typeof localIssuer>, { access_token }: TokenResponse) =>
    'subject' in ((await own.verify(access_token)) ?? {})

  test('are listed with device and times, the newest first, and only the subject’s own', async () => {
    const { own, time, pass } = world()
    const begun = time.now / 1000
    const phone = await own.issue(ada, { device: 'phone', client: 'app' })
    pass(10)
    await own.issue(ada)
    await own.issue({ subject: 'bob' })
    pass(10)
    await turn(own, phone)
    const listed = await own.sessions.list('ada')
    expect(listed).toMatchObject([
      { client: 'self', createdAt: begun + 10, lastUsedAt: begun + 10 },
      { client: 'app', device: 'phone', createdAt: begun, lastUsedAt: begun + 20, expiresAt: begun + 20 + 14 * 86_400 },
    ])
    expect(listed[0]).not.toHaveProperty('device')
    expect(JSON.stringify(listed)).not.toMatch(/current|secret|successor/)
  })

  test('slide from use to use and end absolutely', async () => {
    const { own, pass } = world({ refresh: { sliding: 100, absolute: 250 } })
    let tokens = await own.issue(ada)
    for (let round = 0; round < 3; round++) {
      pass(80)
      tokens = await turn(own, tokens)
    }
    pass(11)
    expect(await own.sessions.list('ada')).toEqual([])
    expect(await reason(turn(own, tokens))).toMatch(/refresh\.(expired|unknown)/)
  })

  test('one is ended by its subject: refresh token and access tokens, on another process too; nobody else can', async () => {
    const { own, other } = world()
    const [kept, ended] = [await own.issue(ada), await own.issue(ada)]
    const { credential } = (await own.verify(ended.access_token)) as { credential: { session: string } }
    expect(await own.sessions.end('bob', credential.session)).toBe(false)
    expect(await own.sessions.end('ada', 'nothing')).toBe(false)
    expect(await isGood(own, ended)).toBe(true)
    expect(await own.sessions.end('ada', credential.session)).toBe(true)
    for (const one of [own, other]) expect(await isGood(one, ended)).toBe(false)
    expect(await reason(turn(own, ended))).toBe('refresh.unknown')
    expect(await isGood(other, kept)).toBe(true)
    expect(await own.sessions.list('ada')).toHaveLength(1)
  })

  test('one whose end was cut short by the store can be ended again', async () => {
    const { own, store } = world()
    const tokens = await own.issue(ada)
    const [session] = await own.sessions.list('ada')
    const commit = vi.spyOn(store, 'commit').mockImplementation(() => {
      throw new Unavailable('the store')
    })
    await expect(own.sessions.end('ada', session?.id as string)).rejects.toBeInstanceOf(Unavailable)
    commit.mockRestore()
    expect(await own.sessions.end('ada', session?.id as string)).toBe(true)
    expect(await isGood(own, tokens)).toBe(false)
  })

  test('everywhere: all that was given up to now is refused, a login in the same second is good, others are untouched', async () => {
    const { own, other, time } = world()
    const before = [await own.issue(ada), await other.issue(ada)]
    const bob = await own.issue({ subject: 'bob' })
    await own.sessions.endAll('ada')
    const after = await other.issue(ada)
    for (const one of [own, other]) {
      for (const tokens of before) expect(await isGood(one, tokens)).toBe(false)
      expect(await isGood(one, after)).toBe(true)
      expect(await isGood(one, bob)).toBe(true)
    }
    for (const tokens of before) expect(await reason(turn(other, tokens))).toBe('refresh.unknown')
    expect(await own.sessions.list('ada')).toHaveLength(1)
    await turn(own, after)
    time.now += 30 * 86_400_000
    for (const tokens of before) expect(await reason(turn(other, tokens))).toMatch(/refresh/)
  })

  test('everywhere while a refresh is under way: what it gives is refused, and it cannot be turned again', async () => {
    const { own, other } = world()
    const tokens = await own.issue(ada)
    const turning = turn(own, tokens)
    await other.sessions.endAll('ada')
    const given = await turning.catch(() => undefined)
    if (given) {
      expect(await isGood(other, given)).toBe(false)
      expect(await reason(turn(other, given))).toMatch(/refresh/)
    }
    expect(await reason(turn(other, tokens))).toMatch(/refresh/)
  })

  test('reuse ends the session, and the tokens it gave, in whichever process it is seen', async () => {
    const { own, other, pass } = world()
    const first = await own.issue(ada)
    const second = await turn(own, first)
    pass(11)
    expect(await reason(turn(other, first))).toBe('refresh.reused')
    expect(await reason(turn(own, second))).toBe('refresh.revoked')
    for (const one of [own, other]) expect(await isGood(one, second)).toBe(false)
    expect(await own.sessions.list('ada')).toEqual([])
  })

  test('bound to a key: the tokens say so, and nobody turns them without it', async () => {
    const { own } = world()
    const jkt = Buffer.alloc(32, 1).toString('base64url')
    const tokens = await own.issue(ada, { jkt })
    expect(tokens.token_type).toBe('DPoP')
    expect(await own.verify(tokens.access_token)).toMatchObject({ reason: 'token.bound' })
    expect(await own.verify(tokens.access_token, { bound: true })).toMatchObject({ claims: { cnf: { jkt } } })
    expect(await reason(turn(own, tokens))).toBe('refresh.bound')
    const other = Buffer.alloc(32, 2).toString('base64url')
    expect(await reason(own.refresh(tokens.refresh_token as string, { jkt: other }))).toBe('refresh.bound')
    expect(await own.refresh(tokens.refresh_token as string, { jkt })).toMatchObject({ token_type: 'DPoP' })
    expect(await reason(own.refresh((await own.issue(ada)).refresh_token as string, { jkt }))).toBe('refresh.bound')
  })
})
