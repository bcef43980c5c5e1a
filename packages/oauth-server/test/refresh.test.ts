import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API, accounts, basic, codeFor, OTHER_API, post, type Running, redeem, running, SECRET } from './flow.ts'

let at: Running
beforeAll(async () => {
  at = await running()
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const refresh = (refresh_token: string, more: Record<string, string> = {}) =>
  post(`${at.url}/oauth/token`, { grant_type: 'refresh_token', refresh_token, client_id: 'web', ...more })
const begin = async (scope = 'openid posts:read', username = 'anna') =>
  (await redeem(at, await codeFor(at, { scope }, { username }))).body

describe('refreshing (RFC 6749 section 6, RFC 9700 section 4.14)', () => {
  test('gives the next pair, and the one before is done with', async () => {
    const first = await begin()
    const next = await refresh(first.refresh_token)
    expect(next.status).toBe(200)
    expect(next.body.refresh_token).not.toBe(first.refresh_token)
    const [before, after] = await Promise.all([first, next.body].map(({ access_token }) => at.own.verify(access_token)))
    expect(after).toMatchObject({ subject: 'usr_anna', scopes: ['openid', 'posts:read'] })
    expect((after as typeof before as { authTime: number }).authTime).toBe((before as { authTime: number }).authTime)
  })

  test('a token that comes again ends all that came of it', async () => {
    const first = await begin()
    const next = await refresh(first.refresh_token)
    expect((await refresh(first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await refresh(next.body.refresh_token)).body.error).toBe('invalid_grant')
    for (const { access_token } of [first, next.body])
      expect(await at.own.verify(access_token)).toMatchObject({ reason: 'token.revoked' })
  })

  test('200 at once: one gets the next, and the grant is over', async () => {
    const first = await begin()
    const all = await Promise.all(Array.from({ length: 200 }, () => refresh(first.refresh_token)))
    const [won, ...others] = all.filter(({ status }) => status === 200)
    expect(others).toEqual([])
    expect((await refresh(won?.body.refresh_token as string)).body.error).toBe('invalid_grant')
  })

  test('fewer scopes on request, never more', async () => {
    const first = await begin('openid posts:read posts:write')
    const fewer = await refresh(first.refresh_token, { scope: 'posts:read' })
    expect(fewer.body.scope).toBe('posts:read')
    const wide = await refresh(fewer.body.refresh_token)
    expect(wide.body.scope).toBe('openid posts:read posts:write')
    const narrow = await begin('openid posts:read')
    for (const scope of ['posts:write', 'posts:read posts:write', 'notes:read', 'posts:read email', 'admin'])
      expect((await refresh(narrow.refresh_token, { scope })).body.error).toBe('invalid_scope')
  })

  test('a resource that was not granted is refused, and nothing is used up by asking', async () => {
    const { refresh_token } = await begin()
    const got = await codeFor(at)
    for (const resource of [OTHER_API, 'https://evil.example', 'x']) {
      expect((await refresh(refresh_token, { resource })).body.error).toBe('invalid_target')
      expect((await redeem(at, got, { resource })).body.error).toBe('invalid_target')
    }
    expect((await refresh(refresh_token, { resource: API })).status).toBe(200)
    expect((await redeem(at, got, { resource: API })).status).toBe(200)
    // Whoever brings it a second time is a thief all the same, whatever is asked for.
    expect((await refresh(refresh_token, { resource: OTHER_API })).body.error).toBe('invalid_grant')
    expect((await redeem(at, got, { resource: OTHER_API })).body.error).toBe('invalid_grant')
  })

  test('a scope of another resource that was granted too: nothing is given, and nothing is used up for nothing', async () => {
    accounts.set('usr_gil', { scopes: ['posts:read', 'notes:read'], claims: {} } as never)
    const got = await codeFor(at, { scope: 'openid posts:read notes:read' }, { username: 'gil' }, undefined, [
      API,
      OTHER_API,
    ])
    const { body } = await redeem(at, got, { resource: API })
    const next = await refresh(body.refresh_token, { resource: OTHER_API, scope: 'posts:read' })
    expect([next.status, next.body.scope]).toEqual([200, ''])
    const last = await refresh(next.body.refresh_token, { resource: OTHER_API })
    expect([last.status, last.body.scope]).toEqual([200, 'openid notes:read'])
  })

  test('what an account has lost meanwhile, its tokens lose with the next refresh', async () => {
    accounts.set('usr_dora', {
      scopes: ['posts:read', 'posts:write'],
      roles: ['author'],
      claims: { name: 'D' },
    } as never)
    const first = await begin('openid posts:read posts:write', 'dora')
    expect(first.scope).toBe('openid posts:read posts:write')
    accounts.set('usr_dora', { scopes: ['posts:read'], roles: ['reader'], claims: { name: 'D' } } as never)
    const next = await refresh(first.refresh_token)
    expect(next.body.scope).toBe('openid posts:read')
    expect(await at.own.verify(next.body.access_token)).toMatchObject({
      scopes: ['openid', 'posts:read'],
    })
  })

  test.each([
    ['another client', { client_id: 'native' }],
    ['none', { refresh_token: '' }],
    ['an unknown one', { refresh_token: 'x'.repeat(43) }],
    ['one that names a row', { refresh_token: '~a~b' }],
    ['twice', { resource: '' }],
  ])('%s', async (what, more) => {
    const first = await begin()
    if (what === 'twice') return void expect((await refresh(first.refresh_token, more)).status).toBe(200)
    const { status, body } = await refresh(first.refresh_token, more)
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^invalid_(grant|request)$/)])
    expect((await refresh(first.refresh_token)).status).toBe(200)
  })

  test('an access token, an ID token or a code is no refresh token', async () => {
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    for (const wrong of [body.access_token, body.id_token, got.code])
      expect((await refresh(wrong)).body.error).toBe('invalid_grant')
  })

  test('a confidential client needs its secret for it', async () => {
    const got = await codeFor(at, { client_id: 'confidential' })
    const { body } = await redeem(at, got, { client_secret: SECRET })
    expect((await refresh(body.refresh_token, { client_id: 'confidential' })).status).toBe(401)
    const members = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    expect((await post(`${at.url}/oauth/token`, members, basic('confidential'))).status).toBe(200)
  })
})
