// The console page in a browser: what it shows is what the server said, it holds no secret, and everyone can use it.
import { ALL, CHALLENGES, type RunningHost, startHost } from '@countersign/conformance'
import { HOSTS } from '@sample/hosts'
import type { Browser, Page, Request, Response } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { noChromium, openChromium } from './chromium.ts'
import { contrasts, edge, focus, intrude, labels, visible } from './in-page.js'
import { type Choice, send, settled, visit } from './visit.ts'

interface Expected {
  readonly status: number
  readonly challenges?: readonly string[]
  /** Lines of the pane "Why", in order. */
  readonly why: readonly string[]
  /** Terms of the pane "Decision"; left out: nobody. */
  readonly decision?: Readonly<Record<string, string>>
}
const INVALID = [`${CHALLENGES.bearer}, error="invalid_token"`, CHALLENGES.apiKey, CHALLENGES.basic]
const INVALID_KEY = [CHALLENGES.bearer, `${CHALLENGES.apiKey}, error="invalid_token"`, CHALLENGES.basic]
const PASSES = 'The policy lets it pass.'
const admin = { subject: 'usr_admintak', scopes: 'posts:read posts:write posts:delete keys:manage', roles: 'admin' }

/** What each credential gets on GET /posts, as the user that is chosen first. */
const KINDS: Readonly<Record<string, Expected>> = {
  none: { status: 401, challenges: ALL, why: ['–bearer', 'nothing was sent', '401 unauthenticated'] },
  token: { status: 200, why: ['✓bearer', '✓verified', '✓scope posts:read', PASSES], decision: admin },
  changed: { status: 401, challenges: INVALID, why: ['✗bearer', '✗verified', 'token.signature', '401 invalid_token'] },
  unsigned: { status: 401, challenges: INVALID, why: ['✗bearer', '✗verified', 'token.algorithm', '401 invalid_token'] },
  ended: { status: 401, challenges: INVALID, why: ['✗bearer', '✗verified', 'token.revoked', '401 invalid_token'] },
  twice: {
    status: 400,
    challenges: [`${CHALLENGES.bearer}, error="invalid_request"`],
    why: ['✗bearer', '✗well formed', 'credential.repeated', '–apiKey', '400 invalid_request'],
  },
  basic: { status: 200, why: ['–bearer', '✓basic', '✓scope posts:read', PASSES], decision: admin },
  wrong: {
    status: 401,
    challenges: ALL,
    why: ['–apiKey', '✗basic', '✗verified', 'password.wrong', '401 invalid_credentials'],
  },
  key: { status: 200, why: ['✓apiKey', '✓verified', PASSES], decision: { ...admin, scopes: 'posts:read', roles: '' } },
  revoked: { status: 401, challenges: INVALID_KEY, why: ['✗apiKey', '✗verified', '401 invalid_token'] },
}

/** What more is looked at, so that every pane has been filled in every way. */
const MORE: readonly Choice[] = [
  { route: 'POST /login', kind: 'none' },
  { route: 'POST /refresh', kind: 'none' },
  { route: 'POST /api-keys', kind: 'token' },
  { route: 'POST /api-keys/:id/rotate', kind: 'token' },
  { route: 'POST /api/data', kind: 'token', body: '{"password":"{password}","said":"{refresh_token} {password}"}' },
  { route: 'GET /me', kind: 'basic', user: 'test (reader)' },
  { route: 'DELETE /posts/:id', kind: 'token', user: 'admintak02 (reader)' },
]

if (noChromium) {
  console.warn(`\n\n  THE CONSOLE PAGE WAS NOT LOOKED AT: panes, secrets, content policy, keyboard, 360 px, contrast.`)
  console.warn(`  ${noChromium}\n\n`)
}

describe.skipIf(noChromium)('the console page', () => {
  let host: RunningHost
  let browser: Browser
  let url: string
  let faults: string[]
  const open = async (options?: Parameters<typeof visit>[2]) => {
    const page = await visit(browser, url, options)
    page.on('console', (message) => {
      // A refusal is what the page is for: the browser tells of each.
      if (message.type() === 'error' && !/^Failed to load resource: .* status of 4\d\d/.test(message.text()))
        faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(error.message))
    return page
  }
  beforeAll(async () => {
    host = await startHost(HOSTS.fastify as string)
    browser = await openChromium()
    url = `http://127.0.0.1:${host.port}/`
  })
  afterAll(async () => {
    await browser?.close()
    await host?.stop()
  })
  beforeEach(() => {
    faults = []
    return async () => {
      for (const context of browser.contexts()) await context.close()
      expect(faults).toEqual([])
    }
  })

  test('offers each credential of this test and no other', async () => {
    const page = await open()
    const offered = await page.getByLabel('Credential').locator('option').all()
    expect(await Promise.all(offered.map((option) => option.getAttribute('value')))).toEqual(Object.keys(KINDS))
  })

  test.each(Object.entries(KINDS))('%s: choose, send, and each pane shows what came', async (kind, expected) => {
    const page = await open()
    const wire = page.waitForResponse(`${url}posts`)
    await send(page, { kind })
    const { status, challenges } = await onTheWire(wire)
    expect([status, challenges]).toEqual([expected.status, expected.challenges ?? []])
    const { answer, why, decision, policy } = await panes(page)
    expect(await page.locator('#answer .code').textContent()).toMatch(new RegExp(`^${status} \\w`))
    expect(await page.locator('#answer .challenge').allTextContents()).toEqual(challenges)
    expect(answer).toContain(status === 200 ? '"posts": []' : `"status": ${status}`)
    expectInOrder(why, expected.why)
    expect(why).not.toContain('another')
    expect(await decisionOf(page)).toEqual(expected.decision && expect.objectContaining(filled(expected.decision)))
    if (!expected.decision) expect(decision).toBe('None: the policy refuses.')
    expectInOrder(policy, ['read posts', 'any of', 'bearer', 'apiKey', 'header:x-api-key', 'basic', 'scope posts:read'])
    expect(await page.getByRole('status').textContent()).toContain(`${status}`)
  })

  test('a key that is pasted is the one that is sent', async () => {
    const page = await open()
    await send(page, { kind: 'key', key: host.demoKey })
    expect(await decisionOf(page)).toMatchObject({ subject: 'usr_admintak01', scheme: 'apiKey' })
    expect(await page.getByLabel('API key').getAttribute('type')).toBe('password')
    expect(await page.evaluate(visible)).not.toContain(host.demoKey)
  })

  test("403, and an answer that is the route's own", async () => {
    const page = await open()
    await send(page, { route: 'DELETE /posts/:id', kind: 'token', user: 'admintak02 (reader)' })
    expectInOrder((await panes(page)).why, ['✓bearer', '✗any of', '✗scope posts:delete', '✗role admin', '403'])
    await send(page, { route: 'GET /posts/:id' })
    expectInOrder((await panes(page)).why, ['✓scope posts:read', PASSES, "The 404 is the route's own answer."])
    await send(page, { route: 'POST /posts', user: 'admintak (admin)' })
    await send(page, { route: 'PUT /posts/:id', user: 'admintak01 (author)' })
    expectInOrder((await panes(page)).why, ['✓scope posts:write', PASSES, "The 403 is the route's own answer."])
  })

  test('what cannot be had is said, and nothing old is left', async () => {
    const page = await open()
    await send(page, { kind: 'token' })
    await send(page, { kind: 'key', user: 'admintak02 (reader)' })
    expect(await page.getByRole('status').textContent()).toBe(
      'Not sent: POST /api-keys, which comes first, was answered 403.',
    )
    expect((await panes(page)).answer).toBe('Nothing sent yet.')
  })

  test('E01: no token, key or password is seen, in any pane, field or attribute', async () => {
    const page = await open()
    const secrets = new Set<string>()
    const reading: Promise<void>[] = []
    page.on('request', (request) => carried(request).forEach((each) => void secrets.add(each)))
    page.on('response', (response) => reading.push(told(response, secrets)))
    const choices = [...Object.keys(KINDS).map((kind) => ({ kind })), ...MORE]
    for (const choice of choices) {
      await send(page, choice)
      await page.locator('details').evaluate((details) => details.setAttribute('open', ''))
      await Promise.all(reading)
      const seen = await page.evaluate(visible)
      expect([...secrets].filter((each) => seen.includes(each)).length, JSON.stringify(choice)).toBe(0)
    }
    expect(secrets.size).toBeGreaterThan(40)
  }, 90_000)

  test('the page asks for nothing that was not chosen: a browser with a password of its own does not send it', async () => {
    const page = await open({ httpCredentials: { username: 'admintak', password: 'pwdforapitest' } })
    await send(page, { kind: 'none' })
    expect(await page.locator('#answer .code').textContent()).toBe('401 Unauthorized')
  })

  test('a script that is not of the page does not run', async () => {
    const page = await open()
    const violated = await page.evaluate(intrude)
    expect([violated, await page.title()]).toEqual(['script-src-elem', 'Countersign console'])
    expect(faults.splice(0)).toEqual([expect.stringContaining('Content Security Policy')])
  })

  test('by keyboard alone', async () => {
    const page = await open()
    const to = async (id: string) => {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(focus)).toEqual([id, 'solid'])
    }
    await to('route')
    await page.keyboard.type('GET /me')
    await to('path')
    await to('kind')
    await page.keyboard.press('ArrowDown')
    await to('user')
    await page.keyboard.press('ArrowDown')
    await to('send')
    await page.keyboard.press('Enter')
    await settled(page)
    expect(await decisionOf(page)).toMatchObject({ subject: 'usr_admintak01', scheme: 'bearer' })
    expect(await page.evaluate(focus)).toEqual(['send', 'solid'])
    await to('SUMMARY')
    await page.keyboard.press('Enter')
    expect(await page.locator('#policy pre').isVisible()).toBe(true)
  })

  test('each field has a label, each pane a name, each mark a word', async () => {
    const page = await open()
    await send(page, { route: 'POST /login', kind: 'key', key: host.demoKey })
    const fields = await page.evaluate(labels)
    expect(fields).toEqual(['Route', 'Path and query', 'Credential', 'Demo user', 'API key, or empty', 'JSON body'])
    await send(page, { route: 'GET /posts', kind: 'changed' })
    for (const name of ['Answer', 'Why', 'Decision', 'Policy'])
      expect(await page.getByRole('region', { name, exact: true }).count()).toBe(1)
    expect(await page.getByRole('form', { name: 'Request' }).count()).toBe(1)
    for (const name of ['holds', 'does not hold', 'not decided'])
      expect(await page.getByRole('img', { name, exact: true }).count()).toBeGreaterThan(0)
  })

  test('the four panes stand side by side at 1280 px', async () => {
    const page = await open()
    await send(page, { kind: 'token' })
    const boxes = await Promise.all((await page.locator('#panes section').all()).map((pane) => pane.boundingBox()))
    expect(new Set(boxes.map((box) => box?.y)).size).toBe(1)
    expect(boxes.map((box) => Math.round(box?.width ?? 0))).toEqual(Array(4).fill(Math.round(boxes[0]?.width ?? 0)))
    expect(boxes[0]?.width).toBeGreaterThan(250)
  })

  test('at 360 px nothing stands over the edge, and the answer comes into view', async () => {
    const page = await open({ viewport: { width: 360, height: 740 } })
    for (const choice of [...Object.keys(KINDS).map((kind) => ({ kind })), ...MORE]) {
      await send(page, choice)
      await page.locator('details').evaluate((details) => details.setAttribute('open', ''))
      expect(await page.evaluate(edge), JSON.stringify(choice)).toEqual({ width: 360, beyond: [] })
      expect((await page.locator('#answer').boundingBox())?.y).toBeLessThan(640)
    }
  }, 90_000)

  test.each(['light', 'dark'] as const)(
    '%s: every text has a contrast of 4.5 or more',
    async (colorScheme) => {
      const page = await open({ colorScheme })
      for (const choice of [{}, { kind: 'changed' }, ...MORE, { route: 'POST /login', kind: 'key' }]) {
        if (Object.keys(choice).length > 0) await send(page, choice)
        await page.locator('details').evaluate((details) => details.setAttribute('open', ''))
        const texts = await page.evaluate(contrasts)
        expect(texts.length).toBeGreaterThan(15)
        expect(texts.filter(({ contrast }) => !(contrast >= 4.5))).toEqual([])
        expect(texts.some(({ dark }) => dark === (colorScheme === 'dark'))).toBe(true)
      }
    },
    90_000,
  )

  test('without the script nothing pretends to work', async () => {
    const page = await browser.newPage({ javaScriptEnabled: false })
    await page.goto(url)
    expect(await page.locator('noscript').textContent()).toBe('This page needs JavaScript.')
  })
})

async function onTheWire(answered: Promise<Response>) {
  const answer = await answered
  const challenges = (await answer.headersArray()).filter(({ name }) => name.toLowerCase() === 'www-authenticate')
  return { status: answer.status(), challenges: challenges.map(({ value }) => value) }
}

async function panes(page: Page) {
  const text = async (id: string) => (await page.locator(`#${id}`).textContent()) ?? ''
  const [answer, why, decision, policy] = await Promise.all([
    text('answer'),
    text('why'),
    text('decision'),
    text('policy'),
  ])
  return { answer, why, decision, policy }
}

function expectInOrder(text: string, parts: readonly string[]): void {
  let from = 0
  for (const part of parts) {
    const found = text.indexOf(part, from)
    expect(found, `"${part}" in order in: ${text}`).toBeGreaterThanOrEqual(0)
    from = found + part.length
  }
}

async function decisionOf(page: Page): Promise<Readonly<Record<string, string>> | undefined> {
  const [names, values] = await Promise.all(
    ['dt', 'dd'].map((name) => page.locator(`#decision ${name}`).allTextContents()),
  )
  return names?.length ? Object.fromEntries(names.map((name, index) => [name, values?.[index] ?? ''])) : undefined
}

const filled = (terms: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== ''))

/** What a request of the page proves itself with: whole, and in the parts that make it good. */
function carried(request: Request): readonly string[] {
  const { authorization = '', 'x-api-key': key } = request.headers()
  const [scheme, value = ''] = authorization.split(' ')
  const parts =
    scheme === 'Basic' ? Buffer.from(value, 'base64').toString().split(':').slice(1) : value.split('.').slice(2)
  return [value, ...parts, key ?? ''].filter(Boolean)
}

/** What an answer hands out. */
async function told(response: Response, secrets: Set<string>): Promise<void> {
  const body = await response.text().catch(() => '')
  for (const [, secret = ''] of body.matchAll(/"(?:access_token|refresh_token|key|password)":"([^"{}]+)"/g)) {
    secrets.add(secret)
    for (const signature of secret.split('.').slice(2)) secrets.add(signature)
  }
}
