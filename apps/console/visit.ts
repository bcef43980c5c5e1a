import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export interface Choice {
  readonly route?: string
  /** The value of the credential: `token`, `wrong`, … */
  readonly kind?: string
  readonly user?: string
  readonly key?: string
  readonly body?: string
}

/** Opens the console page in a context of its own, and waits until it knows the routes. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options })
  await page.goto(url)
  await page.locator('#policy p').first().waitFor()
  return page
}

/** Chooses as a person would, by the labels. */
export async function choose(page: Page, { route, kind, user, key, body }: Choice): Promise<void> {
  if (route) await page.getByLabel('Route').selectOption(route)
  if (kind) await page.getByLabel('Credential').selectOption(kind)
  if (user) await page.getByLabel('Demo user').selectOption({ label: user })
  if (key !== undefined) await page.getByLabel('API key').fill(key)
  if (body !== undefined) await page.getByLabel('JSON body').fill(body)
}

/** Chooses, sends, and waits for what comes of it. */
export async function send(page: Page, choice: Choice = {}): Promise<void> {
  await choose(page, choice)
  await page.locator('#status').evaluate((status) => status.replaceChildren())
  await page.getByRole('button', { name: 'Send' }).click()
  await settled(page)
}

/** Waits until the page has said what became of the request. */
export async function settled(page: Page): Promise<void> {
  await page.locator('#status > *').first().waitFor()
  await page.locator('#panes:not([aria-busy])').waitFor()
}
