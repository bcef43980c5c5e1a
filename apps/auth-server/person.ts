// A person at a browser: Debian's Chromium, and the pages as they are.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { DEMO } from './host.ts'

/** What they do when they are asked. */
export interface Answers {
  readonly username?: string
  readonly password?: string
  readonly consent?: 'Allow' | 'Do not allow'
}

/** Opens an authorization request, signs in and consents where they are asked; gives the address that the client's page was called with. */
export async function authorize(browser: Browser, url: string | URL, answers: Answers = {}): Promise<URL> {
  const context = await browser.newContext({ locale: 'en-GB' })
  try {
    return await authorizeIn(context, url, answers)
  } finally {
    await context.close()
  }
}

/** The same in a browser that may be signed in already. */
export async function authorizeIn(context: BrowserContext, url: string | URL, answers: Answers = {}): Promise<URL> {
  const page = await context.newPage()
  const back = new URL(url).searchParams.get('redirect_uri') ?? ''
  const returned = caught(page, back)
  await page.goto(`${url}`)
  await answer(page, returned, answers)
  const address = await returned
  await page.close()
  return address
}

/** Resolves with the address under `back` that the browser came to. */
export function caught(page: Page, back: string): Promise<URL> {
  const isBack = (url: URL) => back !== '' && `${url.origin}${url.pathname}` === back
  const url = page.waitForURL(isBack).then(() => new URL(page.url()))
  url.catch(() => {}) // whoever waits for it hears of it
  return url
}

/** What a client serves for its people to come back to: a page that says nothing, at whatever path. */
export async function clientPage(): Promise<{ readonly origin: string; readonly back: string; close(): void }> {
  const server = createServer((_request, response) => void response.end('back at the client')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, back: `${origin}/callback`, close: () => void server.close() }
}

/** Fills in what is asked until the client has its answer. */
export async function answer(page: Page, returned: Promise<unknown>, answers: Answers = {}): Promise<void> {
  const { username = DEMO.username, password = DEMO.password, consent = 'Allow' } = answers
  const isBack = returned.then(() => 'back' as const)
  const asked = () =>
    Promise.race([
      isBack,
      page
        .getByRole('button')
        .first()
        .waitFor()
        .then(() => 'asked' as const),
    ])
  if ((await asked()) === 'back') return
  if (await page.getByLabel('User name').isVisible()) {
    await page.getByLabel('User name').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    if ((await asked()) === 'back') return
  }
  const button = page.getByRole('button', { name: consent, exact: true })
  const seen = await Promise.race([isBack, button.waitFor().then(() => 'asked' as const)])
  if (seen === 'asked') await button.click()
}
