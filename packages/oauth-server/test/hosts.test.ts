// In apps that were there before: with body parsers of their own in front, behind a proxy, beside other routes.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mount as mountExpress } from '@countersign/express'
import { mount as mountFastify } from '@countersign/fastify'
import { type OAuthServer, oauthServer } from '@countersign/oauth-server'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'
import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import {
  API,
  accounts,
  authorizeUrl,
  basic,
  browser,
  CALLBACK,
  codeFor,
  pkce,
  post,
  type Running,
  redeem,
  SECRET,
  users,
} from './flow.ts'

const issuer = 'https://login.example'

function made() {
  const store = memoryStore()
  const own = localIssuer({ issuer, audience: API, store })
  const server = oauthServer({
    issuer: own,
    store,
    users,
    registration: true,
    account: (subject) => accounts.get(subject),
    resources: { [API]: { scopes: ['posts:read', 'posts:write'] } },
    clients: [
      { id: 'web', redirectUris: [CALLBACK] },
      { id: 'service', secret: SECRET, scopes: ['posts:read'] },
    ],
  })
  return { own, store, server }
}

type App = (server: OAuthServer) => Promise<{ listen(): Promise<Server>; close(): Promise<unknown> }>
const listening = async (server: Server) => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return server
}
const anExpress =
  (parsers: (app: express.Express) => void): App =>
  async ({ endpoints }) => {
    const app = express()
    parsers(app)
    app.use(mountExpress(endpoints))
    const server = createServer(app)
    return { listen: () => listening(server), close: async () => server.close() }
  }
const APPS: Record<string, App> = {
  'express, no parser': anExpress(() => {}),
  'express, forms parsed before': anExpress((app) => app.use(express.urlencoded({ extended: false }), express.json())),
  'express, extended forms parsed before': anExpress((app) =>
    app.use(express.json(), express.urlencoded({ extended: true })),
  ),
  'express, everything as text': anExpress((app) => app.use(express.text({ type: '*/*' }))),
  'express, everything as bytes': anExpress((app) => app.use(express.raw({ type: '*/*' }))),
  'fastify, forms parsed in the app': async ({ endpoints }) => {
    const app = Fastify()
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    )
    app.register(mountFastify(endpoints))
    return {
      async listen() {
        await app.listen({ port: 0, host: '127.0.0.1' })
        return app.server
      },
      close: () => app.close(),
    }
  },
}

const NESTING = ['express, extended forms parsed before']

describe.each(Object.entries(APPS))('%s', (name, start) => {
  test('signing in, redeeming, a service, registering; and what is wrong is wrong', async () => {
    const { own, store, server } = made()
    const app = await start(server)
    const http = await app.listen()
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    const at = { url, issuer, own, store, server: http, faults: [] } as unknown as Running
    const { status, body } = await redeem(at, await codeFor(at))
    expect(status).toBe(200)
    expect(await own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
    const credentials = { grant_type: 'client_credentials' }
    expect((await post(`${url}/oauth/token`, credentials, basic('service'))).status).toBe(200)
    const registered = await fetch(`${url}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }),
    })
    expect(registered.status).toBe(201)
    const send = async (type: string, text: string) => {
      const headers = { ...basic('service'), 'content-type': type }
      const response = await fetch(`${url}/oauth/token`, { method: 'POST', headers, body: text })
      return [response.status, ((await response.json()) as { error: string }).error]
    }
    expect(await send('application/json', JSON.stringify(credentials))).toEqual([415, 'invalid_request'])
    const form = 'application/x-www-form-urlencoded'
    // A parameter of another name, unless a parser made an object of it.
    const nested = NESTING.includes(name) ? [400, 'invalid_request'] : [200, undefined]
    expect(await send(form, 'grant_type=client_credentials&scope[a]=posts:read')).toEqual(nested)
    expect(await send(form, 'grant_type=client_credentials&grant_type=client_credentials&scope=x')).toEqual([
      400,
      'invalid_request',
    ])
    expect((await send(form, `grant_type=client_credentials&x=${'x'.repeat(60_000)}`))[0]).toBe(413)
    await app.close()
    http.closeAllConnections()
  })

  test("whatever Host and X-Forwarded-… say, addresses are the issuer's", async () => {
    const { server } = made()
    const app = await start(server)
    const http = await app.listen()
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    const spoofed = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', forwarded: 'host=evil.example' }
    const metadata = await (await fetch(`${url}/.well-known/openid-configuration`, { headers: spoofed })).text()
    expect(metadata).not.toMatch(/evil|127\.0\.0\.1/)
    const query = {
      client_id: 'web',
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    }
    const { location, header } = await browser(url).go(authorizeUrl(query), undefined, spoofed)
    expect(location).toMatch(/^\/oauth\/interaction\//)
    expect(header('set-cookie')).toMatch(/secure/i)
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404)
    await app.close()
    http.closeAllConnections()
  })
})
