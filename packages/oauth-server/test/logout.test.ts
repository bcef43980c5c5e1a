import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authorizeUrl,
  browser,
  CALLBACK,
  codeFor,
  hiddenOf,
  pkce,
  post,
  type Running,
  redeem,
  running,
} from './flow.ts'

const BYE = 'https://app.example/bye'
let at: Running
const heard: string[] = []
const receiver = createServer((request, response) => {
  let text = ''
  request
    .on('data', (chunk) => (text += chunk))
    .on('end', () => {
      heard.push(text)
      response.end()
    })
})
beforeAll(async () => {
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
  const backchannelLogoutUri = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/logout`
  at = await running({
    backchannelLogout: true,
    // The platform's, told to go to this machine, which the default refuses.
    fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as never),
    clients: [
      { id: 'web', redirectUris: [CALLBACK], postLogoutRedirectUris: [BYE] },
      { id: 'heard', redirectUris: [CALLBACK], backchannelLogoutUri },
    ],
  })
})
afterAll(async () => {
  receiver.close()
  expect(at.faults).toEqual([])
  await at.stop()
})

describe('signing out (OpenID Connect RP-Initiated Logout 1.0)', () => {
  test('by a form of the client (section 2): asked all the same, and back to it', async () => {
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    const form = { id_token_hint: body.id_token, post_logout_redirect_uri: BYE, state: 'x' }
    // From another site: the browser sends its cookie with the link alone.
    const posted = await browser(at.url).go('/oauth/logout', form, { 'sec-fetch-site': 'cross-site' })
    expect([posted.status, posted.location]).toEqual([303, `/oauth/logout?${new URLSearchParams(form)}`])
    const page = await got.user.go(posted.location as string)
    expect(page.text).toContain('name="logout"')
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
    const done = await got.user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
    expect(done.location).toBe(`${BYE}?state=x`)
    const evil = await got.user.go('/oauth/logout', { ...form, post_logout_redirect_uri: 'https://evil.example/' })
    expect((await got.user.go(evil.location as string)).status).toBe(400)
  })

  test('what confirms is no request to be asked: it ends nothing by itself', async () => {
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    const page = await got.user.go('/oauth/logout')
    const posted = await got.user.go('/oauth/logout', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
    expect((await got.user.go(posted.location as string)).text).toContain('name="logout"')
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
  })

  test('asks, ends the session and what came of it, and goes back', async () => {
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    const query = new URLSearchParams({ id_token_hint: body.id_token, post_logout_redirect_uri: BYE, state: 'x' })
    const page = await got.user.go(`/oauth/logout?${query}`)
    expect(page.text).toContain('name="logout"')
    expect(page.header('content-security-policy')).toContain("form-action 'self' https://app.example")
    const done = await got.user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
    expect(done.location).toBe(`${BYE}?state=x`)
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.revoked' })
    const next = await post(`${at.url}/oauth/token`, {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      client_id: 'web',
    })
    expect(next.body.error).toBe('invalid_grant')
    const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const again = await got.user.go(
      authorizeUrl({ client_id: 'web', redirect_uri: CALLBACK, scope: 'openid', ...challenge }),
    )
    expect((await got.user.go(again.location as string)).text).toContain('name="password"')
  })

  test('offline access outlives it: it was asked for and consented to', async () => {
    const got = await codeFor(at, { scope: 'openid offline_access posts:read', prompt: 'consent' })
    const { body } = await redeem(at, got)
    const page = await got.user.go('/oauth/logout')
    const done = await got.user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
    expect(done.location).toBe('/oauth/logout/success')
    expect((await got.user.go('/oauth/logout/success')).status).toBe(200)
    const next = await post(`${at.url}/oauth/token`, {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      client_id: 'web',
    })
    expect(next.status).toBe(200)
  })

  test('a form from elsewhere signs nobody out; nor does staying', async () => {
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    expect((await got.user.go('/oauth/logout/confirm', { xsrf: 'x', logout: 'yes' })).status).toBe(400)
    const page = await got.user.go('/oauth/logout')
    expect((await got.user.go('/oauth/logout/confirm', { xsrf: 'x', logout: 'yes' })).status).toBe(400)
    await got.user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf') })
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
  })

  test('nobody signed in: no page with a script, just the end', async () => {
    const user = browser(at.url)
    const done = await user.go('/oauth/logout')
    expect([done.status, done.location]).toEqual([303, '/oauth/logout/success'])
    const back = await user.go(`/oauth/logout?client_id=web&post_logout_redirect_uri=${encodeURIComponent(BYE)}`)
    expect(back.location).toBe(BYE)
  })

  test('only where the client is known to go', async () => {
    const user = browser(at.url)
    for (const uri of ['https://evil.example', `${BYE}/x`, CALLBACK])
      expect(
        (await user.go(`/oauth/logout?client_id=web&post_logout_redirect_uri=${encodeURIComponent(uri)}`)).status,
      ).toBe(400)
    const none = await user.go(`/oauth/logout?post_logout_redirect_uri=${encodeURIComponent(BYE)}`)
    expect(none.location).toBe('/oauth/logout/success')
  })

  test("a hint that is not ours, not signed, not an ID token, another's", async () => {
    const { body } = await redeem(at, await codeFor(at))
    const [head, , signature] = body.id_token.split('.')
    const forged = `${head}.${Buffer.from(JSON.stringify({ ...decodeJwt(body.id_token), sub: 'usr_ben' })).toString('base64url')}.${signature}`
    for (const hint of [forged, 'x', 'a.b.c', body.access_token])
      expect((await browser(at.url).go(`/oauth/logout?id_token_hint=${hint}`)).status).toBe(400)
    expect((await browser(at.url).go(`/oauth/logout?id_token_hint=${body.id_token}&client_id=heard`)).status).toBe(400)
  })
})

test('back-channel logout: the client hears of it, signed (OpenID Connect Back-Channel Logout 1.0)', async () => {
  const got = await codeFor(at, { client_id: 'heard' })
  const { body } = await redeem(at, got)
  const { sid } = decodeJwt(body.id_token)
  expect(sid).toEqual(expect.any(String))
  const page = await got.user.go('/oauth/logout')
  await got.user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
  expect(heard).toHaveLength(1)
  const token = new URLSearchParams(heard[0]).get('logout_token') as string
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'logout+jwt', alg: 'EdDSA' })
  expect(decodeJwt(token)).toMatchObject({
    iss: at.issuer,
    aud: 'heard',
    sub: 'usr_anna',
    sid,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
})

test('by default a back channel on this machine is not so much as connected to, and that is told', async () => {
  const refused: unknown[] = []
  const hear = (message: unknown) => refused.push(message)
  subscribe('countersign:oauth-refused', hear)
  let connections = 0
  const listener = createServer((_request, response) => response.end()).on('connection', () => connections++)
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
  const { port } = listener.address() as AddressInfo
  const clients = [{ id: 'heard', redirectUris: [CALLBACK], backchannelLogoutUri: `http://127.0.0.1:${port}/logout` }]
  for (const more of [{}, { fetch }]) {
    const there = await running({ backchannelLogout: true, clients, ...more })
    const { user } = await codeFor(there, { client_id: 'heard' })
    const page = await user.go('/oauth/logout')
    await user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
    // Where that is allowed the same listener is: nothing but the guard kept it from being.
    expect(connections).toBe('fetch' in more ? 1 : 0)
    await there.stop()
  }
  expect(refused).toMatchObject([{ place: 'back channel', error: 'logout_not_delivered', client: 'heard' }])
  unsubscribe('countersign:oauth-refused', hear)
  listener.closeAllConnections()
  listener.close()
})
