import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mount, problems, protect } from '@countersign/express'
import { type OAuthClientOptions, oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import express, { type Express } from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browser } from './browser.ts'
import { APP, CLIENT, type RealProvider, realProvider } from './real-provider.ts'

let idp: RealProvider
beforeAll(async () => {
  idp = await realProvider()
})
afterAll(() => idp.close())
const SAME = { 'sec-fetch-site': 'same-origin' }

/** `served` puts the endpoints and the page on the server; `stripped` is what a proxy in front takes off. */
async function running(
  more: Partial<OAuthClientOptions>,
  at: string,
  stripped = '',
): Promise<{ readonly port: number; readonly errors: string[]; close(): void }> {
  const login = oauthClient({
    provider: { issuer: idp.issuer },
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    redirectUri: `${APP}/app/callback`,
    session: storeSession({ store: memoryStore(), secret: Buffer.alloc(32, 1) }),
    ...more,
  })
  const signedIn = policy({ accept: login.session })
  const errors: string[] = []
  const app: Express = express()
  app.use(at, mount(login.endpoints))
  app.get('/where', (req, res) => void res.json(login.loginPath(req)))
  app.get('/me', protect(signedIn), (req, res) => void res.json(signedIn.principal(req)))
  app.use(problems({ log: (error: unknown) => void errors.push(`${error}`) }))
  const server = createServer((request, response) => {
    if (!request.url?.startsWith(`${stripped}/`)) return void response.writeHead(404).end()
    request.url = request.url.slice(stripped.length)
    app(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, errors, close: () => void server.close() }
}

test('behind a proxy that takes a prefix off, people never leave the prefix', async () => {
  const app = await running({ paths: { callback: '/callback' }, afterFailure: '/sorry' }, '/', '/app')
  const ada = browser({ [APP]: app.port })
  const where = JSON.parse((await ada.ask(`${APP}/app/where?a=1`)).text)
  expect(where).toBe('/app/login?returnTo=%2Fwhere%3Fa%3D1')
  expect((await ada.ask(`${APP}/app/me`)).headers['www-authenticate']).toContain('form-action="/app/login"')
  for (const [path, comesTo] of [
    ['/app/login', '/app/'],
    ['/app/login?returnTo=/me', '/app/me'],
    ['/app/login?returnTo=/app/me?x', '/app/me?x'],
    ['/app/login?returnTo=/apple', '/app/apple'],
    ['/app/login?returnTo=/app/login', '/app/'],
    ['/app/login?returnTo=/login', '/app/'],
    ['/app/login?returnTo=//evil.test', '/app/'],
    [where, '/app/where?a=1'],
  ] as const) {
    const { location } = await ada.open(`${APP}${path}`, (url) => url.startsWith(`${APP}/app/callback`))
    expect((await ada.ask(location as string)).headers.location, path).toBe(comesTo)
  }
  expect((await ada.ask(`${APP}/app/me`)).status).toBe(200)
  const out = await ada.ask(`${APP}/app/logout`, { method: 'POST', headers: SAME })
  expect(new URL(out.location as string).searchParams.get('post_logout_redirect_uri')).toBe(`${APP}/app/`)
  expect((await ada.ask(`${APP}/app/callback?state=x`)).headers.location).toBe('/app/sorry?error=invalid_request')
  app.close()
})

test('paths that are written as browsers see them stay', async () => {
  const app = await running({ paths: { callback: '/callback' }, afterLogin: '/app/home' }, '/', '/app')
  const page = await browser({ [APP]: app.port }).open(`${APP}/app/login`, (url) => url.endsWith('/home'))
  expect(page.headers.location).toBe('/app/home')
  app.close()
})

test('mounted below a prefix: the sign-in is below it, the application is not', async () => {
  const app = await running({ paths: { callback: '/callback' } }, '/app')
  const ada = browser({ [APP]: app.port })
  const where = JSON.parse((await ada.ask(`${APP}/where`)).text)
  expect(where).toBe('/app/login?returnTo=%2Fwhere')
  const { location } = await ada.open(`${APP}${where}`, (url) => url.startsWith(`${APP}/app/callback`))
  expect((await ada.ask(location as string)).headers.location).toBe('/where')
  expect((await ada.open(`${APP}/app/login?returnTo=/me`)).url).toBe(`${APP}/me`)
  const out = await ada.ask(`${APP}/app/logout`, { method: 'POST', headers: SAME })
  expect(new URL(out.location as string).searchParams.get('post_logout_redirect_uri')).toBe(`${APP}/`)
  app.close()
})

test('mounted below a prefix that the callback does not have: the first request says what to set', async () => {
  const unset = await running({}, '/app')
  expect((await browser({ [APP]: unset.port }).ask(`${APP}/app/login`)).status).toBe(500)
  expect(unset.errors.join()).toContain(
    `oauthClient: the endpoints are mounted below /app, so the callback is /app/app/callback, and redirectUri is ${APP}/app/callback: set paths: { callback: '/callback' }`,
  )
  unset.close()
  const other = await running({ redirectUri: `${APP}/callback` }, '/app')
  expect((await browser({ [APP]: other.port }).ask(`${APP}/app/login`)).status).toBe(500)
  expect(other.errors.join()).toContain('make its path /app/callback, there and at the provider, and set paths: {')
  other.close()
})
