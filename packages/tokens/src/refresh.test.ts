import { fork } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAuthError, Refused } from '@countersign/http'
import { memoryStore, sqliteStore } from '@countersign/store'
import { describe, expect, test } from 'vitest'
import { AUDIENCE, ISSUER, NOW } from '../test/mint.ts'
import { type LocalIssuer, type LocalIssuerOptions, localIssuer } from './index.ts'

const DAY = 86_400_000

async function setUp(more: Partial<LocalIssuerOptions> = {}) {
  const time = { now: NOW }
  const clock = () => time.now
  const store = memoryStore({ clock })
  const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, clock, ...more })
  const { refresh_token: first, access_token } = await issuer.issue({ subject: 'anna', scopes: ['a', 'b'] })
  return { time, store, issuer, first: first as string, access_token }
}

const turn = async (issuer: LocalIssuer, token: string) => (await issuer.refresh(token)).refresh_token as string

/** The private reason of a refusal. */
async function refused(issuer: LocalIssuer, token: unknown, options = {}): Promise<string> {
  const error: unknown = await issuer.refresh(token as string, options).catch((thrown: unknown) => thrown)
  if (!(error instanceof Refused)) throw new Error('not refused', { cause: error })
  const code = error.error.reason === 'refresh.scopes' ? 'invalid_scope' : 'invalid_grant'
  expect(error).toMatchObject({ code, status: 400 })
  expect(error.stack).not.toMatch(/\n\s+at /)
  return error.error.reason
}

test('each use gives a new refresh token and a new access token of the same session', async () => {
  const { issuer, first, access_token } = await setUp()
  const answer = await issuer.refresh(first)
  expect(answer.refresh_token).not.toBe(first)
  expect(answer.refresh_token?.slice(0, 21)).toBe(first.slice(0, 21)) // the handle
  const [before, after] = [await issuer.verify(access_token), await issuer.verify(answer.access_token)]
  if (!before || !after || isAuthError(before) || isAuthError(after)) throw new Error('refused')
  expect(after.claims.sid).toBe(before.claims.sid)
  expect(after.claims.jti).not.toBe(before.claims.jti)
  expect(first).not.toContain(before.claims.sid)
})

test('inside the grace the immediate predecessor gets the same successor and a fresh access token', async () => {
  const { issuer, first, time } = await setUp()
  const one = await issuer.refresh(first)
  time.now += 9_999
  const two = await issuer.refresh(first)
  expect(two.refresh_token).toBe(one.refresh_token)
  expect(two.access_token).not.toBe(one.access_token)
  await issuer.refresh(two.refresh_token as string)
})

test('after the grace the predecessor is reuse: the family dies and its access tokens with it', async () => {
  const { issuer, store, first, time } = await setUp()
  const sister = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, clock: () => time.now })
  const answer = await issuer.refresh(first)
  time.now += 10_000
  expect(await refused(issuer, first)).toBe('refresh.reused')
  expect(await refused(issuer, answer.refresh_token)).toBe('refresh.revoked')
  for (const one of [issuer, sister])
    expect(await one.verify(answer.access_token)).toMatchObject({ reason: 'token.revoked' })
})

test('once the successor was used the predecessor is reuse, grace or not', async () => {
  const { issuer, first } = await setUp()
  const second = await turn(issuer, first)
  const third = await turn(issuer, second)
  expect(await refused(issuer, first)).toBe('refresh.reused')
  expect(await refused(issuer, third)).toBe('refresh.revoked')
})

test('F07: a token two generations old kills the family and is told, once, without a secret', async () => {
  const { issuer, first, time } = await setUp()
  const seen: Record<string, unknown>[] = []
  const listen = (event: unknown) => void seen.push(event as Record<string, unknown>)
  subscribe('countersign:refresh-reuse', listen)
  const third = await turn(issuer, await turn(issuer, first))
  time.now += DAY
  expect(await refused(issuer, first)).toBe('refresh.reused')
  expect(await refused(issuer, first)).toBe('refresh.revoked')
  expect(await refused(issuer, third)).toBe('refresh.revoked')
  unsubscribe('countersign:refresh-reuse', listen)
  expect(seen).toEqual([
    { at: time.now, issuer: ISSUER, subject: 'anna', client: 'self', session: expect.stringMatching(/^[\w-]{22}$/) },
  ])
  expect(JSON.stringify(seen)).not.toContain(first.slice(0, 20))
})

test('the right handle with any other secret is reuse', async () => {
  const { issuer, first } = await setUp()
  const forged = Buffer.concat([Buffer.from(first, 'base64url').subarray(0, 16), Buffer.alloc(32, 7)])
  expect(await refused(issuer, forged.toString('base64url'))).toBe('refresh.reused')
  expect(await refused(issuer, first)).toBe('refresh.revoked')
})

test('what is no refresh token, or unknown, harms nobody', async () => {
  const { issuer, first, access_token } = await setUp()
  const spoiled = [
    undefined,
    null,
    5,
    '',
    'x',
    `${first}=`,
    ` ${first}`,
    first.slice(1),
    `+${first.slice(1)}`,
    access_token,
  ]
  for (const token of spoiled) expect(await refused(issuer, token)).toBe('refresh.malformed')
  const body = await issuer.refresh({ refresh_token: first } as never).catch((thrown) => thrown)
  expect(body.error).toMatchObject({ code: 'invalid_grant', expected: 'the token itself, not the body that holds it' })
  expect(await refused(issuer, Buffer.alloc(48, 1).toString('base64url'))).toBe('refresh.unknown')
  await issuer.refresh(first)
})

test('lives 14 days from use to use, 90 days in all', async () => {
  const idle = await setUp()
  idle.time.now += 14 * DAY
  expect(await refused(idle.issuer, idle.first)).toMatch(/refresh\.(unknown|expired)/)
  const busy = await setUp()
  let token = busy.first
  for (let day = 13; day < 90; day += 13) {
    busy.time.now = NOW + day * DAY
    token = await turn(busy.issuer, token)
  }
  busy.time.now = NOW + 90 * DAY - 1
  token = await turn(busy.issuer, token)
  busy.time.now = NOW + 90 * DAY
  expect(await refused(busy.issuer, token)).toMatch(/refresh\.(unknown|expired)/)
})

test('the issuer looks at the end itself, whatever the clock of the store says', async () => {
  const { issuer, first, time } = await setUp({ store: memoryStore({ clock: () => NOW }) })
  time.now += 14 * DAY
  expect(await refused(issuer, first)).toBe('refresh.expired')
})

test('with grace 0 the second use is reuse', async () => {
  const { issuer, first } = await setUp({ refresh: { grace: 0 } })
  await issuer.refresh(first)
  expect(await refused(issuer, first)).toBe('refresh.reused')
})

test('another client is refused, and the family lives', async () => {
  const { issuer, first } = await setUp()
  expect(await refused(issuer, first, { client: 'other' })).toBe('refresh.client')
  await issuer.refresh(first, { client: 'self' })
})

test('fewer scopes on request, never more (RFC 6749 section 6)', async () => {
  const { issuer, first, time } = await setUp()
  const narrow = await issuer.refresh(first, { scopes: ['a'] })
  expect(narrow.scope).toBe('a')
  expect(await refused(issuer, narrow.refresh_token, { scopes: ['a', 'c'] })).toBe('refresh.scopes')
  // Refused before anything is turned: the same token is still good, long after any grace.
  time.now += 120_000
  expect((await issuer.refresh(narrow.refresh_token as string)).scope).toBe('a b')
})

test('the store holds no refresh token and no secret of one', async () => {
  const { issuer, store, first } = await setUp()
  const second = await turn(issuer, first)
  const text = JSON.stringify(store.scan('', undefined, 1000))
  for (const token of [first, second]) {
    const bytes = Buffer.from(token, 'base64url')
    for (const part of [bytes, bytes.subarray(0, 16), bytes.subarray(16)]) {
      expect(text).not.toContain(part.toString('base64url').slice(0, -1))
      expect(text).not.toContain(part.toString('hex'))
    }
  }
})

describe('races', () => {
  test('100 at once on one token get one successor', async () => {
    const { issuer, first } = await setUp()
    const all = await Promise.all(Array.from({ length: 100 }, () => turn(issuer, first)))
    expect(new Set(all).size).toBe(1)
    await issuer.refresh(all[0] as string)
  })

  test('a logout that falls between read and commit wins', async () => {
    const { issuer, store, first, access_token } = await setUp()
    let armed = true
    const slow = {
      ...store,
      async get(key: string) {
        const entry = store.get(key)
        if (armed && key.includes('family:')) {
          armed = false
          const principal = await issuer.verify(access_token)
          if (principal && !isAuthError(principal)) await issuer.revoke(principal)
        }
        return entry
      },
    }
    const racing = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store: slow, clock: () => NOW })
    expect(await refused(racing, first)).toBe('refresh.unknown')
  })

  test('a store that never agrees is a 503, not an endless loop', async () => {
    const { issuer, store, first } = await setUp()
    const stubborn = { ...store, commit: () => false }
    const racing = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store: stubborn, clock: () => NOW })
    await expect(racing.refresh(first)).rejects.toMatchObject({ name: 'Unavailable' })
    await issuer.refresh(first)
  })

  test('F06 in small: 4 processes, 400 refreshes of one token, one live successor', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
    const file = join(folder, 'auth.db')
    try {
      const store = sqliteStore(file)
      const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store, refresh: { grace: 60 } })
      const { refresh_token } = await issuer.issue({ subject: 'anna' })
      const worker = new URL('../test/refresh-worker.ts', import.meta.url)
      const answers = await Promise.all(
        [1, 2, 3, 4].map(
          () =>
            new Promise<string[]>((resolve, reject) => {
              const child = fork(worker, [file, refresh_token as string, '100'])
              child.once('message', (found) => resolve(found as string[])).once('error', reject)
              child.once('exit', (code) => code !== 0 && reject(new Error(`worker ended with ${code}`)))
            }),
        ),
      )
      const all = answers.flat()
      expect(all).toHaveLength(400)
      expect(new Set(all).size).toBe(1)
      await issuer.refresh(all[0] as string)
      await store.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
