// Tokens in cookies, in a browser: two tabs, other sites, what scripts can see.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RunningSnippet, runSnippet } from '../snippets/snippet.ts'
import { noChromium, openChromium } from './chromium.ts'

if (noChromium) console.warn(`\n!!! cookies are not looked at in a browser: ${noChromium}\n`)

describe.skipIf(noChromium)('a browser application', () => {
  let app: RunningSnippet
  let browser: Browser
  let elsewhere: Server
  let context: BrowserContext
  let tab: Page
  const origin = () => app.url.replace('127.0.0.1', 'localhost')

  beforeAll(async () => {
    elsewhere = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>elsewhere</title>'),
    ).listen(0)
    ;[app, browser] = await Promise.all([runSnippet('browser-login.ts'), openChromium()])
  })
  afterAll(async () => {
    app.stop()
    elsewhere.close()
    await browser.close()
  })
  beforeEach(async () => {
    await context?.close()
    context = await browser.newContext()
    tab = await open()
    expect(await post(tab, '/login', { username: 'ada', password: 'correct horse battery' })).toBe(204)
  })

  async function open(): Promise<Page> {
    const page = await context.newPage()
    await page.goto(origin())
    return page
  }
  /** The page's own function: sends back what it reads from its cookie. */
  const post = (page: Page, path: string, body?: object) =>
    page.evaluate(`post(${JSON.stringify(path)}, ${JSON.stringify(body) ?? ''})`) as Promise<number>
  const me = (page: Page) => page.evaluate("fetch('/me').then(({ status }) => status)") as Promise<number>

  test('a login is kept for all pages; scripts see the one cookie that they need; a logout takes all three', async () => {
    expect(await me(tab)).toBe(200)
    expect(await tab.evaluate('document.cookie')).toMatch(/^__Host-csrf=[^;]+$/)
    for (const { name, httpOnly, secure, sameSite, path, domain } of await context.cookies())
      expect({ name, httpOnly, secure, sameSite, path, domain }).toEqual({
        name: expect.stringMatching(/^__Host-/),
        httpOnly: name !== '__Host-csrf',
        secure: true,
        sameSite: 'Lax',
        path: '/',
        domain: 'localhost',
      })
    expect(await context.cookies()).toHaveLength(3)
    expect(await post(tab, '/logout')).toBe(204)
    expect(await context.cookies()).toEqual([])
    expect(await me(tab)).toBe(401)
  })

  test('two tabs refresh at the same moment, again and again: neither loses the session', async () => {
    const other = await open()
    for (let round = 0; round < 10; round++) {
      expect(await Promise.all([post(tab, '/refresh'), post(other, '/refresh')])).toEqual([204, 204])
      expect(await Promise.all([me(tab), me(other)])).toEqual([200, 200])
    }
  })

  test('who comes too late is refused, and takes no cookie from who won', async () => {
    const cookies = await context.cookies()
    const cookieValue = (name: string) => cookies.find((one) => one.name === name)?.value as string
    expect(await post(tab, '/refresh')).toBe(204)
    expect(await post(tab, '/login', { username: 'ada', password: 'correct horse battery' })).toBe(204)
    const headers = {
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      'x-csrf-token': cookieValue('__Host-csrf'),
    }
    await fetch(`${app.url}/logout`, { method: 'POST', headers }) // ends the old session
    const late = await fetch(`${app.url}/refresh`, { method: 'POST', headers })
    expect(late.status).toBe(400)
    expect(late.headers.getSetCookie()).toEqual([])
    expect(await me(tab)).toBe(200)
    expect(await post(tab, '/refresh')).toBe(204)
  })

  test('a page of the same origin that does not send the token back is refused, and so is one with another’s', async () => {
    const send = (headers: object) =>
      tab.evaluate(
        `fetch('/logout', { method: 'POST', headers: ${JSON.stringify(headers)} }).then(({ status }) => status)`,
      )
    expect(await send({})).toBe(403)
    expect(await send({ 'x-csrf-token': 'x' })).toBe(403)
    const [before] = (await context.cookies()).filter(({ name }) => name === '__Host-csrf')
    await post(tab, '/login', { username: 'ada', password: 'correct horse battery' })
    // Of a session before: another browser's could be planted.
    await context.addCookies([{ ...(before as NonNullable<typeof before>), domain: 'localhost' }])
    expect(await post(tab, '/logout')).toBe(403)
    expect(await me(tab)).toBe(200)
  })

  const port = () => (elsewhere.address() as AddressInfo).port
  test.each([
    ['another site', () => `http://127.0.0.1:${port()}`, 401],
    ['another origin of the same site', () => `http://localhost:${port()}`, 403],
  ])('%s makes the browser send a form: the session goes on', async (_name, from, status) => {
    const evil = await context.newPage()
    await evil.goto(from())
    const answer = evil.waitForResponse((response) => response.url().endsWith('/logout'))
    await evil.evaluate(
      `document.body.innerHTML = '<form method=post action="${origin()}/logout"></form>'; document.forms[0].submit()`,
    )
    expect((await answer).status()).toBe(status)
    expect(await me(tab)).toBe(200)
    expect(await post(tab, '/refresh')).toBe(204)
  })
})
