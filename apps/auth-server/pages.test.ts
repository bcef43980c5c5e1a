// The pages of the authorization server, in Debian's Chromium: whole flows, as people go through them.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import axe from 'axe-core'
import * as openid from 'openid-client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { noChromium, openChromium } from '../console/chromium.ts'
import { type AuthServer, DEMO, startAuthServer, WEB } from './host.ts'
import { caught, clientPage } from './person.ts'

if (noChromium) console.warn(`\n!!! the pages of the authorization server are not looked at: ${noChromium}\n`)

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

describe.skipIf(noChromium).each(['node', 'express', 'fastify'])('on %s', (name) => {
  let server: AuthServer
  let browser: Browser
  let client: Awaited<ReturnType<typeof clientPage>>
  let context: BrowserContext
  let tab: Page
  let config: openid.Configuration
  const told: string[] = []

  beforeAll(async () => {
    ;[server, browser, client] = await Promise.all([startAuthServer(name), openChromium(), clientPage()])
    config = await openid.discovery(new URL(server.issuer), WEB, undefined, openid.None(), {
      execute: [openid.allowInsecureRequests],
    })
  })
  afterAll(async () => {
    client?.close()
    await browser?.close()
    await server?.stop()
  })
  beforeEach(async () => {
    told.length = 0
    context = await browser.newContext({ locale: 'en-GB', viewport: { width: 360, height: 740 } })
    tab = await open()
  })
  afterEach(async () => {
    expect(
      told.filter((text) => !/status of 4\d\d/.test(text)),
      'what the browser complains of',
    ).toEqual([])
    await context.close()
  })

  async function open(): Promise<Page> {
    const page = await context.newPage()
    page.on('console', (message) => told.push(message.text()))
    page.on('pageerror', (error) => told.push(error.message))
    return page
  }
  /** An authorization request, and what redeems the code that comes of it. */
  async function request(more: Readonly<Record<string, string>> = {}) {
    const [verifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()] as const
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: client.back,
      scope: 'openid posts:read',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      ...more,
    })
    const redeem = (back: URL) =>
      openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state })
    return { url: url.href, redeem }
  }
  const me = async (token: string) =>
    (await fetch(`${server.issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).status
  async function signIn(page: Page, { username, password }: { username: string; password: string } = DEMO) {
    await page.getByLabel('User name').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  const allow = (page: Page) => page.getByRole('button', { name: 'Allow', exact: true }).click()
  /** All that axe has to say, and nothing wider than the window. */
  async function isGood(page: Page) {
    const violations = await page.evaluate<Violation[]>(
      `${axe.source}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations)`,
    )
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
      page.url(),
    ).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth'), 'wider than the window').toBeLessThanOrEqual(
      360,
    )
  }

  test('a wrong password, the right one, consent, and back with a code; each page is good at 360 px', async () => {
    const { url, redeem } = await request()
    const returned = caught(tab, client.back)
    await tab.goto(url)
    await isGood(tab)
    await signIn(tab, { username: `"><b>${DEMO.username}`, password: 'wrong' })
    await tab.getByRole('alert').waitFor()
    await isGood(tab)
    expect(await tab.getByLabel('User name').inputValue()).toBe(`"><b>${DEMO.username}`)
    expect(await tab.getByLabel('Password').inputValue()).toBe('')
    await signIn(tab)
    await tab.getByRole('heading', { name: /^Allow / }).waitFor()
    await isGood(tab)
    await allow(tab)
    const back = await returned
    expect(back.searchParams.get('iss')).toBe(server.issuer)
    const tokens = await redeem(back)
    expect(await me(tokens.access_token)).toBe(200)
  })

  // Every host answers with the same bytes (cases O00 to O17): the rest is looked at on one.
  if (name !== 'fastify') return

  test('by keyboard alone', async () => {
    const { url, redeem } = await request()
    const returned = caught(tab, client.back)
    await tab.goto(url)
    await tab.locator('#username:focus').waitFor() // it has the focus without a click
    await tab.keyboard.type(DEMO.username)
    await tab.keyboard.press('Tab')
    await tab.keyboard.type(DEMO.password)
    await tab.keyboard.press('Enter')
    await tab.getByRole('heading', { name: /^Allow / }).waitFor()
    await tab.keyboard.press('Tab')
    expect(await tab.evaluate('document.activeElement.textContent')).toBe('Allow')
    await tab.keyboard.press('Enter')
    expect((await redeem(await returned)).token_type).toBe('bearer')
  })

  test('in the dark, and in Korean', async () => {
    const korean = await browser.newContext({
      locale: 'ko-KR',
      colorScheme: 'dark',
      viewport: { width: 360, height: 740 },
    })
    const page = await korean.newPage()
    await page.goto((await request()).url)
    expect(await page.evaluate('document.documentElement.lang')).toBe('ko')
    await isGood(page)
    await page.getByLabel('사용자 이름').fill(DEMO.username)
    await page.getByLabel('비밀번호').fill(DEMO.password)
    await page.getByRole('button', { name: '로그인' }).click()
    await page.getByRole('button', { name: '허용', exact: true }).waitFor()
    await isGood(page)
    await korean.close()
  })

  test.each([
    ['Cancel', async () => {}],
    ['Do not allow', signIn],
  ] as const)('%s: the client is told access_denied', async (button, before) => {
    const { url } = await request({ prompt: 'consent' })
    const returned = caught(tab, client.back)
    await tab.goto(url)
    await before(tab)
    await tab.getByRole('button', { name: button }).click()
    const back = await returned
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(back.searchParams.get('iss')).toBe(server.issuer)
    expect(back.searchParams.has('code')).toBe(false)
  })

  test('back after all is done: no second code, and a page that says what to do', async () => {
    const { url } = await request({ prompt: 'consent' })
    const returned = caught(tab, client.back)
    await tab.goto(url)
    await signIn(tab)
    await tab.getByRole('heading', { name: /^Allow / }).waitFor()
    const consent = tab.url()
    await allow(tab)
    await returned
    await tab.goBack()
    await tab.getByRole('heading', { name: 'This did not work' }).waitFor()
    expect(await tab.textContent('main')).toContain('Go back to the application and begin again')
    await isGood(tab)
    const again = await tab.goto(consent)
    expect(again?.status()).toBe(400)
  })

  test('two tabs: each ends its own request, whichever was first', async () => {
    const [one, two] = [await request(), await request()]
    const other = await open()
    const [back1, back2] = [caught(tab, client.back), caught(other, client.back)]
    await tab.goto(one.url)
    await other.goto(two.url)
    await signIn(other)
    await allow(other)
    const second = await two.redeem(await back2)
    await signIn(tab)
    await allow(tab)
    const first = await one.redeem(await back1)
    expect([await me(first.access_token), await me(second.access_token)]).toEqual([200, 200])
  })

  test('signed in once: the next request asks for consent alone, as of every client on a loopback (RFC 8252 section 8.6)', async () => {
    const first = await request()
    const back = caught(tab, client.back)
    await tab.goto(first.url)
    await signIn(tab)
    await allow(tab)
    await back
    const next = await request()
    const page = await open()
    const returned = caught(page, client.back)
    await page.goto(next.url)
    await allow(page)
    expect((await next.redeem(await returned)).claims()?.sub).toBe('usr_admintak')
    const silent = async () => {
      const one = await open()
      const answered = caught(one, client.back)
      await one.goto((await request({ prompt: 'none' })).url)
      return (await answered).searchParams.get('error')
    }
    expect(await silent()).toBe('interaction_required')
    await context.clearCookies()
    expect(await silent()).toBe('login_required')
  })

  test.each([
    ['a longer path', (back: string) => `${back}/evil`],
    ['a longer name', (back: string) => `${back}x`],
    ['another case', (back: string) => back.replace('callback', 'Callback')],
    ['encoded', (back: string) => back.replace('callback', '%63allback')],
    ['a user', (back: string) => back.replace('//', '//evil@')],
    ['a fragment', (back: string) => `${back}#a`],
    ['another host', () => 'https://evil.test/callback'],
    ['a script', () => 'javascript:alert(1)'],
  ])('a hostile redirect_uri, %s: a page that leads nowhere', async (_what, redirect) => {
    const { url } = await request({ redirect_uri: redirect(client.back) })
    const answer = await tab.goto(url)
    expect(answer?.status()).toBe(400)
    expect(answer?.headers().location).toBeUndefined()
    await tab.getByRole('heading', { name: 'This did not work' }).waitFor()
    expect(await tab.locator('a, form').count()).toBe(0)
    expect(new URL(tab.url()).origin).toBe(server.issuer)
  })

  test('its forms are answered from its own pages alone, and it can’t be framed', async () => {
    const hostile: Server = createServer((incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      const target = new URL(incoming.url as string, 'http://a').searchParams.get('to')
      response.end(
        incoming.url?.startsWith('/frame')
          ? `<iframe src="${target}"></iframe>`
          : `<form method="post" action="${target}"><input name="username" value="${DEMO.username}"><input name="password" value="${DEMO.password}"><input name="decision" value="allow"><button>x</button></form>`,
      )
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => hostile.once('listening', resolve))
    const elsewhere = `http://localhost:${(hostile.address() as AddressInfo).port}`
    await tab.goto((await request()).url)
    const form = tab.url()
    const page = await open()
    await page.goto(`${elsewhere}/form?to=${encodeURIComponent(form)}`)
    const [answer] = await Promise.all([page.waitForResponse((one) => one.url() === form), page.click('button')])
    // The cookie of the page did not come along (SameSite), and had it come the form has no token of it.
    expect([400, 403]).toContain(answer.status())
    await page.goto(`${elsewhere}/frame?to=${encodeURIComponent(form)}`)
    await page.waitForTimeout(200)
    const frame = page.frames()[1]
    expect(await frame?.locator('form').count()).toBe(0)
    expect(told.splice(0).join()).toContain('frame-ancestors')
    // The person goes on undisturbed.
    await signIn(tab)
    await tab.getByRole('heading', { name: /^Allow / }).waitFor()
    hostile.close()
  })

  test('sessions and connected apps: what is disconnected is refused, who signs out is asked again', async () => {
    const account = `${server.issuer}/oauth/account`
    const { url, redeem } = await request({ scope: 'openid offline_access posts:read', prompt: 'consent' })
    const returned = caught(tab, client.back)
    await tab.goto(url)
    await signIn(tab)
    await allow(tab)
    const tokens = await redeem(await returned)
    expect(await me(tokens.access_token)).toBe(200)
    await tab.goto(account)
    await tab.getByText('This browser').waitFor()
    await isGood(tab)
    await tab.getByRole('button', { name: /^Disconnect / }).click()
    await tab.getByText('None.').waitFor()
    expect(await me(tokens.access_token)).toBe(401)
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token as string)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await tab.getByRole('button', { name: 'Sign out everywhere' }).click()
    await tab.waitForLoadState()
    const next = await open()
    await next.goto((await request()).url)
    await next.getByLabel('User name').waitFor()
  })
})
