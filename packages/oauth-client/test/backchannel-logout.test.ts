import { randomBytes } from 'node:crypto'
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cookieSession, type OAuthClient, oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import express from 'express'
import { generateKeyPair, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, browser, type Page } from './browser.ts'
import { type App, HOSTS } from './hosts.ts'
import { APP, CLIENT, type RealProvider, realProvider } from './real-provider.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const SESSION = '__Host-session'
const SAME = { 'sec-fetch-site': 'same-origin' }
const secret = randomBytes(32)
const PATH = '/backchannel-logout'

describe.each(Object.keys(HOSTS))('on %s', (host) => {
  let idp: RealProvider
  let app: App
  let login: OAuthClient
  let ada: Browser
  /** Where the provider sends its logout tokens: through to the application, whose port it cannot know yet. */
  const relay = createServer((request, response) => {
    const on = ask(
      { host: '127.0.0.1', port: app.port, path: PATH, method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      },
    )
    request.pipe(on)
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    idp = await realProvider(`http://127.0.0.1:${(relay.address() as AddressInfo).port}/`)
    login = oauthClient({
      provider: { issuer: idp.issuer },
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      redirectUri: `${APP}/callback`,
      session: storeSession({ store: memoryStore(), secret }),
    })
    app = await (HOSTS[host] as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
  })
  beforeEach(() => {
    idp.person = 'ada'
    idp.fault = undefined
    ada = browser({ [APP]: app.port })
  })
  afterAll(async () => {
    relay.close()
    await app.close()
    await idp.close()
  })
  const isSignedIn = async (one: Browser) => (await one.ask(`${APP}/me`)).status === 200
  const claimsOf = async (one: Browser) => JSON.parse((await one.ask(`${APP}/me`)).text).claims
  const post = (body: string, type = 'application/x-www-form-urlencoded') =>
    ada.ask(`${APP}${PATH}`, { method: 'POST', headers: { 'content-type': type, cookie: '' }, body })
  const says = ({ status, text }: Page) =>
    status === 200 ? `200${text}` : `${status} ${JSON.parse(text).error ?? JSON.parse(text).code}`

  /** A logout token as the provider signs it, but for what is changed. */
  async function token(
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key: unknown = undefined,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({
      iss: idp.issuer,
      aud: CLIENT.id,
      iat: now,
      exp: now + 120,
      jti: randomBytes(9).toString('hex'),
      events: { [EVENT]: {} },
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'logout+jwt', kid: 'one', ...header })
      .sign((key ?? (await importJWK(idp.jwk, 'RS256'))) as never)
  }

  test('who signs out at the provider is signed out here, in that session alone', async () => {
    await ada.open(`${APP}/login`)
    const elsewhere = browser({ [APP]: app.port })
    await elsewhere.open(`${APP}/login`)
    const form = await ada.ask(`${idp.issuer}/session/end`)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(form.text)?.[1]
    expect(await isSignedIn(ada)).toBe(true)
    await ada.ask(`${idp.issuer}/session/end/confirm`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `xsrf=${xsrf}&logout=yes`,
    })
    expect(await isSignedIn(ada)).toBe(false)
    expect(await isSignedIn(elsewhere)).toBe(true)
  })

  test('a token that names a subject ends all of its sessions, and nobody else’s', async () => {
    const tabs = [ada, browser({ [APP]: app.port })]
    for (const one of tabs) await one.open(`${APP}/login`)
    idp.person = 'bob'
    const bob = browser({ [APP]: app.port })
    await bob.open(`${APP}/login`)
    expect(says(await post(`logout_token=${await token({ sub: 'ada' })}`))).toBe('200')
    for (const one of tabs) expect(await isSignedIn(one)).toBe(false)
    expect(await isSignedIn(bob)).toBe(true)
  })

  test.each(['JWT', 'application/logout+jwt', undefined])('typ %s: some providers write it so', async (typ) => {
    await ada.open(`${APP}/login`)
    expect(says(await post(`logout_token=${await token({ sub: 'ada' }, { typ })}`))).toBe('200')
    expect(await isSignedIn(ada)).toBe(false)
  })

  test('a token counts once: a session that began since stays', async () => {
    const good = await token({ sub: 'ada', iat: Math.floor(Date.now() / 1000) - 20 })
    expect(says(await post(`logout_token=${good}`))).toBe('200')
    await ada.open(`${APP}/login`)
    expect(says(await post(`logout_token=${good}`))).toBe('400 invalid_request')
    expect(await isSignedIn(ada)).toBe(true)
  })

  test('a sign-in that is under way when its session ends does not begin one', async () => {
    const { location } = await ada.open(`${APP}/login`, (url) => url.startsWith(`${APP}/callback`))
    const at = Math.floor(Date.now() / 1000) + 5
    expect(says(await post(`logout_token=${await token({ sub: 'ada', iat: at, exp: at + 100 })}`))).toBe('200')
    expect(says(await ada.ask(location as string))).toBe('400 invalid_request')
    expect(await isSignedIn(ada)).toBe(false)
  })

  test('a forged token ends nothing', async () => {
    idp.person = 'eve'
    await ada.open(`${APP}/login`)
    const { sid } = await claimsOf(ada)
    const now = Math.floor(Date.now() / 1000)
    const other = (await generateKeyPair('RS256')).privateKey
    const good = { sid, sub: 'eve' }
    const [, payload] = (await token(good)).split('.')
    const none = `${Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url')}.${payload}.`
    const hmac = await token(good, { alg: 'HS256', kid: undefined }, Buffer.from(JSON.stringify(idp.jwk)))
    const idToken = await token({ ...good, events: undefined, nonce: 'n', iat: now, exp: now + 100 }, { typ: 'JWT' })
    const forged: Readonly<Record<string, string>> = {
      'another key': await token(good, {}, other),
      'alg none': none,
      'a secret made of the key': hmac,
      'typ of an access token': await token(good, { typ: 'at+jwt' }),
      'another issuer': await token({ ...good, iss: 'https://evil.test' }),
      'another audience': await token({ ...good, aud: 'other' }),
      'an audience without this client': await token({ ...good, aud: ['other', `${CLIENT.id}x`] }),
      'no event': await token({ ...good, events: {} }),
      'another event': await token({ ...good, events: { [`${EVENT}x`]: {} } }),
      'an event that is text': await token({ ...good, events: { [EVENT]: 'yes' } }),
      'an event by prototype': await token({ ...good, events: [] }),
      'a nonce': await token({ ...good, nonce: 'n' }),
      'an ID token': idToken,
      'no jti': await token({ ...good, jti: undefined }),
      'neither sid nor sub': await token({}),
      'a sid that is a list': await token({ sub: 'eve', sid: [sid] }),
      'run out': await token({ ...good, iat: now - 200, exp: now - 100 }),
      'of the future': await token({ ...good, iat: now + 100, exp: now + 200 }),
      'no exp': await token({ ...good, exp: undefined }),
      'no iat': await token({ ...good, iat: undefined }),
      'for a day': await token({ ...good, exp: now + 86_400 }),
      'an unknown key': await token(good, { kid: 'two' }),
      'no token': 'x',
    }
    for (const [what, one] of Object.entries(forged)) {
      expect(says(await post(`logout_token=${one}`)), what).toBe('400 invalid_request')
      expect(await isSignedIn(ada), what).toBe(true)
    }
    const ok = await token(good)
    expect(says(await post(''))).toBe('400 invalid_request')
    expect(says(await post(`logout_token=${ok}&logout_token=${ok}`))).toBe('400 invalid_request')
    expect(says(await post(`{"logout_token":"${ok}"}`, 'application/json'))).toBe('415 unsupported_media_type')
    expect(says(await post(`logout_token=${'a'.repeat(20_000)}`))).toBe('413 content_too_large')
    const query = await ada.ask(`${APP}${PATH}?logout_token=${ok}`, { method: 'POST', headers: SAME })
    expect(query.status).toBe(400)
    expect(await isSignedIn(ada)).toBe(true)
    expect(says(await post(`logout_token=${ok}`))).toBe('200')
    expect(await isSignedIn(ada)).toBe(false)
  })

  test('a session cookie of one that was ended does not come back by a refresh', async () => {
    await ada.open(`${APP}/login`)
    const value = ada.cookie(APP, SESSION)
    expect(says(await post(`logout_token=${await token({ sub: 'ada' })}`))).toBe('200')
    const page = await ada.ask(`${APP}/me`, { headers: { cookie: `${SESSION}=${value}` } })
    expect(page.status).toBe(401)
  })
})

test('what the application’s own parser left is taken', async () => {
  const idp = await realProvider()
  const login = oauthClient({
    provider: { issuer: idp.issuer },
    clientId: CLIENT.id,
    redirectUri: `${APP}/callback`,
    session: storeSession({ store: memoryStore(), secret }),
  })
  const { mount } = await import('@countersign/express')
  const app = express().use(express.urlencoded(), mount(login.endpoints))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const here = browser({ [APP]: (server.address() as AddressInfo).port })
  const now = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({
    iss: idp.issuer,
    aud: CLIENT.id,
    iat: now,
    exp: now + 60,
    jti: 'j',
    sub: 'ada',
    events: { [EVENT]: {} },
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'logout+jwt', kid: 'one' })
    .sign((await importJWK(idp.jwk, 'RS256')) as never)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  expect((await here.ask(`${APP}${PATH}`, { method: 'POST', headers, body: 'logout_token=x' })).status).toBe(400)
  expect((await here.ask(`${APP}${PATH}`, { method: 'POST', headers, body: 'a=b' })).status).toBe(400)
  expect((await here.ask(`${APP}${PATH}`, { method: 'POST', headers, body: `logout_token=${token}` })).status).toBe(200)
  server.close()
  await idp.close()
})

test('sessions in cookies cannot be ended by the provider: that is said when the client is made', () => {
  const make = (backchannelLogout: string) =>
    oauthClient({
      provider: { issuer: 'https://idp.test' },
      clientId: CLIENT.id,
      redirectUri: `${APP}/callback`,
      session: cookieSession({ secret }),
      paths: { backchannelLogout },
    })
  expect(() => make('/backchannel-logout')).toThrow('backchannelLogout needs sessions in a store')
})
