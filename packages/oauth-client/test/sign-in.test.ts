import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import {
  cookieSession,
  type OAuthClient,
  type OAuthClientOptions,
  oauthClient,
  type SessionKind,
  storeSession,
} from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { type MemoryStore, memoryStore } from '@countersign/store'
import { testClock } from '@countersign/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, browser, type Page } from './browser.ts'
import { type App, HOSTS } from './hosts.ts'
import { APP, CLIENT, type RealProvider, realProvider } from './real-provider.ts'

const secret = randomBytes(32)
const clock = testClock()
let store: MemoryStore
const KINDS: Readonly<Record<string, () => SessionKind>> = {
  'in a cookie': () => cookieSession({ secret, tokens: true }),
  'in a store': () => storeSession({ store, secret }),
}
const cases = Object.keys(HOSTS).flatMap((host) => Object.keys(KINDS).map((kind) => [host, kind] as const))
const SESSION = '__Host-session'
const ADMIN = 'https://admin.app.test'
const SAME = { 'sec-fetch-site': 'same-origin' }
const problemOf = ({ status, text }: Page) => `${status} ${JSON.parse(text).code}`

describe.each(cases)('on %s, sessions %s', (host, kind) => {
  let idp: RealProvider
  let login: OAuthClient
  let app: App
  let ada: Browser
  let mallory: Browser
  const kept = kind === 'in a store'

  async function appWith(more: Partial<OAuthClientOptions> = {}): Promise<App> {
    login = oauthClient({
      provider: { issuer: idp.issuer },
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      redirectUri: `${APP}/callback`,
      session: (KINDS[kind] as () => SessionKind)(),
      scopes: ['openid', 'profile', 'email', 'read'],
      offline: true,
      origins: [ADMIN],
      clock,
      ...more,
    })
    return (HOSTS[host] as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
  }
  beforeAll(async () => {
    idp = await realProvider()
    store = memoryStore({ clock })
    app = await appWith()
  })
  beforeEach(() => {
    ada = browser({ [APP]: app.port })
    mallory = browser({ [APP]: app.port })
    idp.person = 'ada'
    idp.fault = undefined
    idp.grants.length = 0
  })
  afterAll(async () => {
    await app.close()
    await idp.close()
  })

  const atCallback = (url: string) => url.startsWith(`${APP}/callback`)
  /** As far as the provider's answer, which the browser does not open yet. */
  async function untilCallback(one: Browser, path = '/login'): Promise<URL> {
    const { location } = await one.open(`${APP}${path}`, atCallback)
    return new URL(location as string)
  }
  const loginCookies = (one: Browser) =>
    [...(one.jar.get(APP)?.keys() ?? [])].filter((name) => name.startsWith('__Host-login-'))
  const isSignedIn = async (one: Browser) => (await one.ask(`${APP}/me`)).status === 200

  test('a person signs in, comes back to where they were going, and is known', async () => {
    const refused = await ada.ask(`${APP}/me`)
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toBe(
      'Cookie realm="api", form-action="/login", cookie-name="__Host-session"',
    )
    const page = await ada.open(`${APP}/login?returnTo=/me`)
    expect(page.url).toBe(`${APP}/me`)
    expect(JSON.parse(page.text)).toMatchObject({ subject: 'ada', claims: { sub: 'ada', iss: idp.issuer } })
    expect(loginCookies(ada)).toEqual([])
    // Nothing that the cookie holds can be read.
    const value = Buffer.from(ada.cookie(APP, SESSION) as string, 'base64url').toString('latin1')
    expect(value).not.toMatch(/eyJ|ada|access/)
  })

  test('what is asked of the provider: PKCE S256, state, nonce, a refresh token, and each time others', async () => {
    const asked = new URL((await ada.ask(`${APP}/login`)).location as string)
    const again = new URL((await ada.ask(`${APP}/login`)).location as string)
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: `${APP}/callback`,
      scope: 'openid profile email read offline_access',
      prompt: 'consent',
      code_challenge_method: 'S256',
    })
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(asked.searchParams.get(name), name).toMatch(/^[\w-]{43}$/)
      expect(asked.searchParams.get(name), name).not.toBe(again.searchParams.get(name))
    }
  })

  test('several tabs sign in at once, in any order; of more than five the oldest is given up', async () => {
    const first = await untilCallback(ada)
    const second = await untilCallback(ada, '/login?returnTo=/me')
    expect((await ada.ask(second.href)).location).toBe(`${APP}/me`)
    expect((await ada.ask(first.href)).location).toBe(`${APP}/`)
    const tabs: URL[] = []
    for (let tab = 0; tab < 7; tab++) {
      clock.advance(1)
      tabs.push(await untilCallback(ada))
      expect(loginCookies(ada).length).toBe(Math.min(tab + 1, 5))
    }
    expect(problemOf(await ada.ask((tabs[0] as URL).href))).toBe('400 invalid_request')
    expect((await ada.ask((tabs[6] as URL).href)).status).toBe(303)
  })

  test('a state that is wrong, doubled or missing signs nobody in', async () => {
    const good = await untilCallback(ada)
    const state = good.searchParams.get('state') as string
    const changed = (change: (url: URL) => void) => {
      const url = new URL(good)
      change(url)
      return url.href
    }
    for (const url of [
      changed(({ searchParams }) => searchParams.set('state', `${state.slice(0, -1)}x`)),
      changed(({ searchParams }) => searchParams.set('state', '')),
      changed(({ searchParams }) => searchParams.append('state', state)),
      changed(({ searchParams }) => searchParams.delete('state')),
      `${APP}/callback`,
      `${APP}/callback?code=x&state=${'%00'.repeat(9)}`,
    ]) {
      expect(problemOf(await ada.ask(url)), url).toBe('400 invalid_request')
      expect(await isSignedIn(ada), url).toBe(false)
    }
    expect((await ada.ask(good.href)).status).toBe(303)
    expect(await isSignedIn(ada)).toBe(true)
  })

  test('the answer to a sign-in that another browser began signs nobody in', async () => {
    const hers = await untilCallback(mallory)
    expect(problemOf(await ada.ask(hers.href))).toBe('400 invalid_request')
    expect(await isSignedIn(ada)).toBe(false)
    // With her cookie under its name too: the browser that has it has begun that sign-in, and nothing else changes.
    const own = await untilCallback(ada)
    const cookies = ada.jar.get(APP) as Map<string, string>
    cookies.set(loginCookies(ada)[0] as string, mallory.cookie(APP, loginCookies(mallory)[0] as string) as string)
    expect(problemOf(await ada.ask(own.href))).toBe('400 invalid_request')
    expect(await isSignedIn(ada)).toBe(false)
  })

  test('a code of another sign-in does not fit: PKCE', async () => {
    const hers = await untilCallback(mallory)
    const own = await untilCallback(ada)
    own.searchParams.set('code', hers.searchParams.get('code') as string)
    expect(problemOf(await ada.ask(own.href))).toBe('400 invalid_grant')
    expect(await isSignedIn(ada)).toBe(false)
  })

  test('an answer counts once, also in a browser that kept its cookies', async () => {
    const url = await untilCallback(ada)
    const before = ada.copy()
    expect((await ada.ask(url.href)).status).toBe(303)
    expect(problemOf(await ada.ask(url.href))).toBe('400 invalid_request')
    expect(await isSignedIn(ada)).toBe(true)
    const again = await before.ask(url.href)
    expect(problemOf(again)).toBe(kept ? '400 invalid_request' : '400 invalid_grant')
    expect(await isSignedIn(before)).toBe(false)
  })

  test('an answer that names another issuer, or none, is refused (RFC 9207)', async () => {
    for (const change of [
      (url: URL) => url.searchParams.set('iss', 'https://evil.test'),
      (url: URL) => url.searchParams.delete('iss'),
      (url: URL) => url.searchParams.append('iss', 'https://evil.test'),
    ]) {
      const url = await untilCallback(ada)
      change(url)
      expect(problemOf(await ada.ask(url.href))).toBe('400 invalid_request')
      expect(await isSignedIn(ada)).toBe(false)
    }
  })

  test('who declines is told so, in our words', async () => {
    idp.person = undefined
    const page = await ada.open(`${APP}/login`)
    expect(problemOf(page)).toBe('403 access_denied')
    expect(page.text).not.toContain('canary')
    expect(loginCookies(ada)).toEqual([])
    const url = await untilCallback(ada)
    url.searchParams.set('error', '<script>canary</script>')
    const odd = await ada.ask(url.href)
    expect(problemOf(odd)).toBe('400 invalid_request')
    expect(`${odd.text}${JSON.stringify(odd.headers)}`).not.toContain('canary')
  })

  test('a sign-in that takes longer than ten minutes is over', async () => {
    const url = await untilCallback(ada)
    clock.advance(601)
    expect(problemOf(await ada.ask(url.href))).toBe('400 invalid_request')
    expect(await isSignedIn(ada)).toBe(false)
  })

  test.each([
    '//evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    'https://evil.test/',
    'https:evil.test',
    'javascript:alert(1)',
    '/\t/evil.test',
    '/\n/evil.test',
    ' //evil.test',
    '/.//evil.test',
    '/..//evil.test',
    '@evil.test',
    'evil.test',
    '/me\r\nset-cookie: a=b',
    '/me\u0000',
    `/${'a'.repeat(3000)}`,
    '/login',
    '/logout?x',
    '/callback',
    '',
  ])('a place to return to that is not ours is the front page: %j', async (place) => {
    const page = await ada.ask((await untilCallback(ada, `/login?returnTo=${encodeURIComponent(place)}`)).href)
    expect(page.headers.location).toBe('/')
    expect(page.status).toBe(303)
  })

  test('a place of ours is returned to as it was, query, fragment and encoded slashes included', async () => {
    for (const place of ['/me?a=1&b=%2F%2Fevil#there', '/%2f%2fevil.test', '/%5cevil.test', '/a//b']) {
      const page = await ada.ask((await untilCallback(ada, `/login?returnTo=${encodeURIComponent(place)}`)).href)
      expect(page.headers.location).toBe(place)
    }
    const twice = await ada.ask((await untilCallback(ada, '/login?returnTo=/me&returnTo=/x')).href)
    expect(twice.headers.location).toBe('/')
  })

  test('what changes something needs a page of ours', async () => {
    await ada.open(`${APP}/login`)
    const change = async (headers: Record<string, string | string[]>) => {
      const page = await ada.ask(`${APP}/change`, { method: 'POST', headers })
      return page.status === 200 ? 200 : problemOf(page)
    }
    expect(await change({})).toBe('403 access_denied')
    for (const site of ['cross-site', 'same-site', 'none'])
      expect(await change({ 'sec-fetch-site': site }), site).toBe('403 access_denied')
    expect(await change({ origin: 'https://evil.test' })).toBe('403 access_denied')
    expect(await change({ origin: 'null' })).toBe('403 access_denied')
    expect(await change({ ...SAME, origin: 'https://evil.test' })).toBe('403 access_denied')
    expect(await change({ 'sec-fetch-site': 'cross-site', origin: APP })).toBe('403 access_denied')
    expect(await change({ 'sec-fetch-site': ['same-origin', 'cross-site'] })).toBe('403 access_denied')
    expect(await change({ origin: [APP, 'https://evil.test'] })).toBe('403 access_denied')
    expect(await change(SAME)).toBe(200)
    expect(await change({ origin: APP })).toBe(200)
    expect(await change({ ...SAME, origin: 'null' })).toBe(200) // a page with Referrer-Policy: no-referrer
    expect(await change({ 'sec-fetch-site': 'same-site', origin: ADMIN })).toBe(200)
    expect(await change({ 'sec-fetch-site': 'same-site', origin: `${ADMIN}.evil.test` })).toBe('403 access_denied')
    const socket = await ada.ask(`${APP}/me`, {
      headers: { connection: 'x', upgrade: 'websocket', origin: 'https://evil.test' },
    })
    expect(socket.status).toBe(403)
  })

  test('a cookie that nobody here made, or that came twice, opens nothing', async () => {
    await ada.open(`${APP}/login`)
    const good = ada.cookie(APP, SESSION) as string
    const ask = async (cookie: string) => problemOf(await mallory.ask(`${APP}/me`, { headers: { cookie } }))
    const at = Math.floor(good.length / 2)
    for (const value of [
      'x',
      'A'.repeat(43),
      'A'.repeat(200),
      `${good.slice(0, at)}${good[at] === 'A' ? 'B' : 'A'}${good.slice(at + 1)}`,
    ])
      expect(await ask(`${SESSION}=${value}`), value.slice(0, 20)).toBe('401 invalid_token')
    expect(await ask(`${SESSION}=${good}; ${SESSION}=${good}`)).toBe('400 invalid_request')
    expect((await mallory.ask(`${APP}/me`, { headers: { cookie: `${SESSION}=${good}` } })).status).toBe(200)
  })

  test('a session of another client with the same secret and store is nobody here', async () => {
    const other = await appWith({ clientId: 'other' })
    await ada.open(`${APP}/login`)
    expect(await isSignedIn(ada)).toBe(true)
    expect(await isSignedIn(browser({ [APP]: other.port }, ada.jar))).toBe(false)
    await other.close()
  })

  test('a sign-in begins a session of its own, and ends the one that the browser had', async () => {
    await mallory.open(`${APP}/login`)
    const planted = mallory.cookie(APP, SESSION) as string
    ada.jar.set(APP, new Map([[SESSION, planted]]))
    idp.person = 'eve'
    await ada.open(`${APP}/login`)
    expect(ada.cookie(APP, SESSION)).not.toBe(planted)
    expect(JSON.parse((await ada.ask(`${APP}/me`)).text).subject).toBe('eve')
    if (kept) expect(await isSignedIn(mallory)).toBe(false)
  })

  test('a session ends when it was not used for two hours, and after twelve in any case', async () => {
    await ada.open(`${APP}/login`)
    clock.advance(7199)
    expect(await isSignedIn(ada)).toBe(true)
    clock.advance(7199)
    expect(await isSignedIn(ada)).toBe(true)
    const idle = ada.copy()
    for (let at = 2 * 7199; at < 43_200 - 7000; at += 7000) {
      clock.advance(7000)
      expect(await isSignedIn(ada), `${at}`).toBe(true)
    }
    if (!kept) expect(await isSignedIn(idle)).toBe(false)
    clock.advance(7000)
    expect(await isSignedIn(ada)).toBe(false)
    await mallory.open(`${APP}/login`)
    clock.advance(7201)
    expect(problemOf(await mallory.ask(`${APP}/me`))).toBe('401 invalid_token')
    expect(mallory.cookie(APP, SESSION)).toBeUndefined()
  })

  test('tokens are renewed when they have run out, by one request to the provider', async () => {
    await ada.open(`${APP}/login`)
    const first = JSON.parse((await ada.ask(`${APP}/tokens`)).text)
    expect(first).toMatchObject({ accessToken: expect.any(String), scopes: ['read'] })
    expect(JSON.parse((await ada.ask(`${APP}/tokens`)).text)).toEqual(first)
    clock.advance(61)
    const copies = Array.from({ length: 20 }, () => ada.copy())
    const pages = await Promise.all(copies.map((one) => one.ask(`${APP}/tokens`)))
    const shown = new Set(pages.map(({ text }) => JSON.parse(text).accessToken))
    expect(shown.size).toBe(1)
    expect([...shown][0]).not.toBe(first.accessToken)
    expect(idp.grants.filter((one) => one === 'refresh_token')).toHaveLength(1)
    // The refresh token was replaced, so this one is the next.
    const next = copies[7] as Browser
    clock.advance(61)
    expect((await next.ask(`${APP}/tokens`)).status).toBe(200)
    expect(idp.grants.filter((one) => one === 'refresh_token')).toHaveLength(2)
  })

  test('a provider that is down is 503 where its tokens are needed; the session stays', async () => {
    await ada.open(`${APP}/login`)
    clock.advance(61)
    for (const status of [500, 503, 429]) {
      idp.fault = (path) => (path === '/token' ? status : undefined)
      const page = await ada.ask(`${APP}/tokens`)
      expect(problemOf(page), `${status}`).toBe('503 temporarily_unavailable')
      expect(page.headers['retry-after']).toBe('7')
      expect(await isSignedIn(ada)).toBe(true)
      clock.advance(2)
    }
    idp.fault = undefined
    expect((await ada.ask(`${APP}/tokens`)).status).toBe(200)
  })

  test('tokens are renewed ahead of their end, so a provider that is down for a moment harms nobody', async () => {
    await ada.open(`${APP}/login`)
    const first = JSON.parse((await ada.ask(`${APP}/tokens`)).text)
    clock.advance(50)
    idp.fault = (path) => (path === '/token' ? 503 : undefined)
    expect(JSON.parse((await ada.ask(`${APP}/tokens`)).text)).toEqual(first)
    expect(idp.asked.at(-1)).toBe('/token')
    clock.advance(11)
    expect(problemOf(await ada.ask(`${APP}/tokens`))).toBe('503 temporarily_unavailable')
    clock.advance(2)
    idp.fault = undefined
    expect(JSON.parse((await ada.ask(`${APP}/tokens`)).text)).not.toEqual(first)
  })

  test('a provider that gives no more ends the session', async () => {
    await ada.open(`${APP}/login`)
    idp.refuseRefresh = true
    clock.advance(61)
    const page = await ada.ask(`${APP}/tokens`)
    idp.refuseRefresh = false
    expect(problemOf(page)).toBe('401 invalid_token')
    expect(page.headers['www-authenticate']).toContain('Cookie realm="api"')
    expect(ada.cookie(APP, SESSION)).toBeUndefined()
    expect(await isSignedIn(ada)).toBe(false)
  })

  test('a sign-out ends the session here, then at the provider, and comes back', async () => {
    await ada.open(`${APP}/login`)
    const copy = ada.copy()
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.test' }])
      expect(
        (await ada.ask(`${APP}/logout`, { method: 'POST', headers: headers as Record<string, string> })).status,
      ).toBe(403)
    expect((await ada.ask(`${APP}/logout`)).status).not.toBe(303)
    expect(await isSignedIn(ada)).toBe(true)
    const out = await ada.ask(`${APP}/logout`, { method: 'POST', headers: SAME })
    expect(out.status).toBe(303)
    const url = new URL(out.location as string)
    expect(`${url.origin}${url.pathname}`).toBe(`${idp.issuer}/session/end`)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: CLIENT.id,
      post_logout_redirect_uri: `${APP}/`,
      id_token_hint: expect.stringMatching(/^eyJ/),
    })
    expect(ada.cookie(APP, SESSION)).toBeUndefined()
    expect(await isSignedIn(copy)).toBe(!kept)
    const form = await ada.ask(url.href)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(form.text)?.[1]
    const done = await ada.ask(`${idp.issuer}/session/end/confirm`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `xsrf=${xsrf}&logout=yes`,
    })
    expect(done.location).toBe(`${APP}/`)
  })

  test('a provider that is down does not keep anybody from signing out, nor lets anybody in', async () => {
    await ada.open(`${APP}/login`)
    const fresh = await appWith()
    const there = browser({ [APP]: fresh.port }, ada.jar)
    idp.fault = () => 500
    const begin = await browser({ [APP]: fresh.port }).ask(`${APP}/login`)
    expect(problemOf(begin)).toBe('503 temporarily_unavailable')
    expect((await there.ask(`${APP}/logout`, { method: 'POST', headers: SAME })).headers.location).toBe('/')
    expect(ada.cookie(APP, SESSION)).toBeUndefined()
    await fresh.close()
  })

  test('nothing secret is shown by inspect', () => {
    expect(inspect(login, { depth: 9, showHidden: true })).not.toMatch(
      new RegExp(`${CLIENT.secret}|${secret.toString('hex').slice(0, 16)}`),
    )
  })
})
