import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browser } from '../../packages/oauth-client/test/browser.ts'
import {
  APP,
  CLIENT,
  type RealProvider,
  realProvider,
  SERVICE,
} from '../../packages/oauth-client/test/real-provider.ts'
import { type RunningSnippet, runSnippet } from './snippet.ts'

let idp: RealProvider
let api: string
const seen: IncomingHttpHeaders[] = []
/** How many of the next requests the API answers 401 to. */
let refusals = 0
const server = createServer((request, response) => {
  seen.push(request.headers)
  response.statusCode = refusals-- > 0 ? 401 : 200
  response.end('["an order"]')
})
beforeAll(async () => {
  idp = await realProvider()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await idp.close()
})
const person = (app: RunningSnippet) => browser({ [APP]: Number(new URL(app.url).port) })
const SECRET = Buffer.alloc(32, 1).toString('base64url')
const client = () => ({
  ISSUER: idp.issuer,
  ORIGIN: APP,
  CLIENT_ID: CLIENT.id,
  CLIENT_SECRET: CLIENT.secret,
  SECRET,
})

test('sign-in.ts: in, who it is, and out', async () => {
  const app = await runSnippet('sign-in.ts', client())
  try {
    const ada = person(app)
    expect((await ada.ask(`${APP}/me`)).status).toBe(401)
    const page = await ada.open(`${APP}/login?returnTo=/me`)
    expect(JSON.parse(page.text)).toMatchObject({ sub: 'ada' })
    const out = await ada.ask(`${APP}/logout`, { method: 'POST', headers: { origin: APP } })
    expect(out.location).toContain(`${idp.issuer}/session/end?`)
    expect((await ada.ask(`${APP}/me`)).status).toBe(401)
    const forged = await ada.ask(`${APP}/backchannel-logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'logout_token=x',
    })
    expect(forged.status).toBe(400)
  } finally {
    app.stop()
  }
})

test('sign-in-pages.ts: whoever is not signed in is sent to sign in; a token that the API refuses is replaced', async () => {
  const app = await runSnippet('sign-in-pages.ts', { ...client(), API: api })
  try {
    const ada = person(app)
    expect((await ada.ask(`${APP}/orders?page=2`)).headers.location).toBe('/login?returnTo=%2Forders%3Fpage%3D2')
    expect((await ada.ask(`${APP}/orders`, { method: 'POST' })).status).toBe(401)
    const page = await ada.open(`${APP}/orders?page=2`)
    expect([page.url, page.text]).toEqual([`${APP}/orders?page=2`, '["an order"]'])
    expect((await ada.ask(`${APP}/`)).text).toContain('action="/logout"')
    const before = seen.at(-1)?.authorization
    refusals = 1
    expect((await ada.ask(`${APP}/orders`)).text).toBe('["an order"]')
    expect(seen.at(-1)?.authorization).not.toBe(before)
    refusals = 2
    expect((await ada.ask(`${APP}/orders`)).status).toBe(401)
  } finally {
    app.stop()
  }
})

test('sign-in-fastify.ts: an API is called in the name of whoever signed in', async () => {
  const app = await runSnippet('sign-in-fastify.ts', { ...client(), API: api })
  try {
    const ada = person(app)
    expect((await ada.ask(`${APP}/orders`)).status).toBe(401)
    const page = await ada.open(`${APP}/login?returnTo=/orders`)
    expect(page.text).toBe('["an order"]')
    const [, payload = ''] = (seen.at(-1)?.authorization ?? '').split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ sub: 'ada', scope: 'read' })
  } finally {
    app.stop()
  }
})

test('sign-in-entra-id.ts: people are sent to their directory, and nobody approves without the role', async () => {
  const tenant = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'
  const at = `https://login.microsoftonline.com/${tenant}`
  const metadata = {
    issuer: `${at}/v2.0`,
    authorization_endpoint: `${at}/oauth2/v2.0/authorize`,
    jwks_uri: `${at}/discovery/v2.0/keys`,
  }
  const preload = `globalThis.fetch = async (url) => { if (url !== '${at}/v2.0/.well-known/openid-configuration') throw new Error(url); return Response.json(${JSON.stringify(metadata)}) }`
  const app = await runSnippet('sign-in-entra-id.ts', {
    TENANT: tenant,
    CLIENT_ID: '535fb089-9ff3-47b6-9bfb-4f1264799865',
    CLIENT_SECRET: 'a client secret',
    SECRET,
    ORIGIN: APP,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
  })
  try {
    const ada = person(app)
    const { location } = await ada.ask(`${APP}/login`)
    expect(location?.split('?')[0]).toBe(`${at}/oauth2/v2.0/authorize`)
    expect(Object.fromEntries(new URL(location as string).searchParams)).toMatchObject({
      client_id: '535fb089-9ff3-47b6-9bfb-4f1264799865',
      redirect_uri: `${APP}/callback`,
      scope: 'openid profile email',
    })
    expect((await ada.ask(`${APP}/me`)).status).toBe(401)
    expect((await ada.ask(`${APP}/orders/1/approve`, { method: 'POST' })).status).toBe(401)
  } finally {
    app.stop()
  }
})

test('service-calls.ts: a service calls with a token that is bound to its key', async () => {
  const app = await runSnippet('service-calls.ts', {
    ISSUER: idp.issuer,
    API: api,
    CLIENT_ID: SERVICE.id,
    CLIENT_SECRET: SERVICE.secret,
  })
  try {
    expect(await (await fetch(app.url)).text()).toBe('the API answered 200')
    expect(seen.at(-1)?.authorization).toMatch(/^DPoP eyJ/)
    expect(seen.at(-1)?.dpop).toMatch(/^eyJ/)
  } finally {
    app.stop()
  }
})
