// An application on oauth-client whose people sign in at our server, in Debian's Chromium: two tabs, renewal, sign-out.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startHost } from '@countersign/conformance'
import { mount, problems, protect } from '@countersign/express'
import { oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import express from 'express'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noChromium, openChromium } from '../console/chromium.ts'
import { answer } from './person.ts'

if (noChromium) console.warn(`\n!!! an application with two tabs is not looked at: ${noChromium}\n`)

const ADA = { username: 'ada', password: 'correct horse battery' }
/** Seconds that access tokens live. */
const LIFETIME = 4

describe.skipIf(noChromium)('an application', () => {
  let app: Server
  let origin: string
  let browser: Browser
  let context: BrowserContext
  let stop: () => Promise<unknown>
  /** What the application asked of the token endpoint, by grant. */
  const asked: string[] = []

  beforeAll(async () => {
    app = createServer().listen(0, '127.0.0.1')
    await once(app, 'listening')
    origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const env = { ACCESS_TTL: `${LIFETIME}`, BYE: `${origin}/` }
    const [host, chromium] = await Promise.all([startHost(main, { env }), openChromium()])
    stop = host.stop
    browser = chromium
    context = await browser.newContext({ locale: 'en' })
    const login = oauthClient({
      provider: { issuer: `http://127.0.0.1:${host.port}` },
      clientId: 'shop',
      redirectUri: `${origin}/callback`,
      scopes: ['openid', 'read'],
      offline: true,
      session: storeSession({ store: memoryStore(), secret: randomBytes(32) }),
      fetch(url, init) {
        const grant = new URLSearchParams(`${init?.body ?? ''}`).get('grant_type')
        if (grant !== null) asked.push(grant)
        return fetch(url, init)
      },
    })
    const signedIn = policy({ accept: login.session })
    const server = express()
    server.use(mount(login.endpoints))
    server.get('/token', protect(signedIn), async (request, response) => {
      response.json({ token: (await login.tokens(request)).accessToken, who: signedIn.principal(request).subject })
    })
    server.get('/', (_request, response) => {
      response
        .type('html')
        .send('<title>app</title><form method="post" action="/logout"><button>sign out</button></form>')
    })
    server.use(problems())
    app.on('request', server)
  })
  afterAll(async () => {
    app?.close()
    await browser?.close()
    await stop?.()
  })

  const tokenIn = (page: Page) =>
    page.evaluate(
      "fetch('/token').then(async (answer) => ({ status: answer.status, ...(await answer.json()) }))",
    ) as Promise<{
      status: number
      token?: string
      who?: string
    }>
  async function signIn(): Promise<Page> {
    const page = await context.newPage()
    const back = page.waitForURL(`${origin}/`)
    await page.goto(`${origin}/login`)
    await answer(page, back, ADA)
    await back
    return page
  }

  test('two tabs whose tokens have run out get one new pair, fetched once, and stay signed in', async () => {
    const one = await signIn()
    const two = await context.newPage()
    await two.goto(`${origin}/`)
    const before = await tokenIn(one)
    expect(before).toMatchObject({ status: 200, who: 'ada' })
    await one.waitForTimeout(LIFETIME * 1000)
    asked.length = 0
    const answers = await Promise.all([tokenIn(one), tokenIn(two), tokenIn(one), tokenIn(two)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1)
    expect(answers[0]?.token).not.toBe(before.token)
    expect(asked).toEqual(['refresh_token'])
    await one.waitForTimeout(LIFETIME * 1000)
    expect((await tokenIn(two)).status, 'and once more').toBe(200)
    expect(asked).toEqual(['refresh_token', 'refresh_token'])
  })

  test('sign-out: here, at the provider, and in the other tab', async () => {
    const [one, two] = context.pages() as [Page, Page]
    await one.goto(`${origin}/`)
    await one.getByRole('button', { name: 'sign out' }).click()
    await one.getByRole('button', { name: 'Sign out' }).click()
    await one.waitForURL((url) => url.origin === origin)
    expect((await tokenIn(two)).status).toBe(401)
    expect(await context.cookies(origin)).not.toContainEqual(expect.objectContaining({ name: '__Host-session' }))
    const again = await context.newPage()
    await again.goto(`${origin}/login`)
    await again.getByLabel('User name').waitFor()
  })
})
