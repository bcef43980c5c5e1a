import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mount, problems, protect } from '@countersign/express'
import { cookieSession, oauthClient, type SessionKind, storeSession, type UserTokens } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import express from 'express'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, browser } from './browser.ts'
import { APP, CLIENT, type RealProvider, realProvider } from './real-provider.ts'

const secret = Buffer.alloc(32, 1)
let idp: RealProvider
beforeAll(async () => {
  idp = await realProvider()
})
beforeEach(() => {
  idp.grants.length = 0
  idp.fault = undefined
})
afterAll(() => idp.close())
const refreshes = () => idp.grants.filter((one) => one === 'refresh_token').length

/** Somebody who signed in, and processes that share the sessions. */
async function signedIn(session: () => SessionKind, { processes = 1, offline = true } = {}) {
  const closing: (() => void)[] = []
  const ports: number[] = []
  const errors: string[] = []
  for (let one = 0; one < processes; one++) {
    const login = oauthClient({
      provider: { issuer: idp.issuer },
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      redirectUri: `${APP}/callback`,
      session: session(),
      scopes: ['openid', 'read'],
      offline,
      clock: () => Date.now() + 0.25,
    })
    const app = express()
    app.use(mount(login.endpoints))
    app.get('/tokens', protect(policy({ accept: login.session })), (req, res, next) => {
      const { instead } = req.query as { readonly instead?: string }
      login.tokens(req, instead === undefined ? undefined : { instead }).then((tokens) => void res.json(tokens), next)
    })
    app.use(problems({ log: (error: unknown) => void errors.push(`${error}`) }))
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as AddressInfo).port)
    closing.push(() => void server.close())
  }
  const ada = browser({ [APP]: ports[0] as number })
  await ada.open(`${APP}/login`)
  const at = (port: number): Browser => browser({ [APP]: port }, ada.jar)
  const close = () => {
    for (const one of closing) one()
  }
  return { ada, errors, others: ports.map(at), close }
}
const tokensOf = async (one: Browser, instead?: string) =>
  JSON.parse((await one.ask(`${APP}/tokens${instead === undefined ? '' : `?instead=${instead}`}`)).text) as UserTokens

test('a token that an API refused is replaced once, however many ask, in whatever process', async () => {
  const store = memoryStore()
  const { ada, others, close } = await signedIn(() => storeSession({ store, secret }), { processes: 3 })
  const { accessToken: refused } = await tokensOf(ada)
  expect(refreshes()).toBe(0)
  const all = await Promise.all(others.flatMap((one) => Array.from({ length: 6 }, () => tokensOf(one, refused))))
  expect(new Set(all.map((one) => one.accessToken)).size).toBe(1)
  expect(all[0]?.accessToken).not.toBe(refused)
  expect(refreshes()).toBe(1)
  // Whoever was refused the old one gets the one that is there by now.
  expect((await tokensOf(ada, refused)).accessToken).toBe(all[0]?.accessToken)
  expect(refreshes()).toBe(1)
  close()
})

test('a provider that does not answer then is 503, not the refused token again', async () => {
  const { ada, close } = await signedIn(() => storeSession({ store: memoryStore(), secret }))
  const { accessToken } = await tokensOf(ada)
  idp.fault = (path) => (path === '/token' ? 503 : undefined)
  expect((await ada.ask(`${APP}/tokens?instead=${accessToken}`)).status).toBe(503)
  expect((await tokensOf(ada)).accessToken).toBe(accessToken)
  close()
})

test('without a refresh token there is no other: 401', async () => {
  const { ada, close } = await signedIn(() => storeSession({ store: memoryStore(), secret }), { offline: false })
  const { accessToken } = await tokensOf(ada)
  expect((await ada.ask(`${APP}/tokens?instead=${accessToken}`)).status).toBe(401)
  close()
})

test('a session in a cookie cannot be renewed in the middle of a request, and says so', async () => {
  const { ada, errors, close } = await signedIn(() => cookieSession({ secret, tokens: true }))
  const { accessToken } = await tokensOf(ada)
  expect((await ada.ask(`${APP}/tokens?instead=${accessToken}`)).status).toBe(500)
  expect(errors.join()).toContain('tokens(request, { instead }) needs sessions in a store')
  expect((await ada.ask(`${APP}/tokens?instead=`)).status).toBe(500)
  expect(errors.join()).toContain('instead must be the access token that the API refused')
  close()
})

test('expiresAt is whole seconds', async () => {
  const { ada, close } = await signedIn(() => storeSession({ store: memoryStore(), secret }))
  const { expiresAt } = await tokensOf(ada)
  expect(Number.isInteger(expiresAt)).toBe(true)
  expect(expiresAt).toBeGreaterThan(Date.now() / 1000 + 50)
  close()
})
