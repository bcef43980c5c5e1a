// Two clients on one store, as two processes have them: what the one claims the other waits for.
import { randomBytes } from 'node:crypto'
import { oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { testClock } from '@countersign/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { browser } from './browser.ts'
import { type App, HOSTS } from './hosts.ts'
import { APP, CLIENT, type RealProvider, realProvider } from './real-provider.ts'

const clock = testClock()
const secret = randomBytes(32)
let idp: RealProvider
let apps: readonly App[]
beforeAll(async () => {
  idp = await realProvider()
  const store = memoryStore({ clock })
  const make = () => {
    const login = oauthClient({
      provider: { issuer: idp.issuer },
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      redirectUri: `${APP}/callback`,
      session: storeSession({ store, secret }),
      offline: true,
      clock,
    })
    return (HOSTS.node as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
  }
  apps = [await make(), await make()]
})
beforeEach(() => {
  idp.fault = undefined
  idp.grants.length = 0
})
afterAll(async () => {
  for (const app of apps) await app.close()
  await idp.close()
})
const person = (at: number, jar?: Parameters<typeof browser>[1]) => browser({ [APP]: (apps[at] as App).port }, jar)
const refreshes = () => idp.grants.filter((one) => one === 'refresh_token').length

test('a claim of another process is waited for, and what it fetched is used', async () => {
  const ada = person(0)
  await ada.open(`${APP}/login`)
  clock.advance(61)
  const pages = await Promise.all([0, 1, 0, 1, 1].map((at) => person(at, ada.jar).ask(`${APP}/tokens`)))
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect(new Set(pages.map(({ text }) => JSON.parse(text).accessToken)).size).toBe(1)
  expect(refreshes()).toBe(1)
})

test('a claim whose process died is taken over', async () => {
  const ada = person(0)
  await ada.open(`${APP}/login`)
  clock.advance(61)
  idp.fault = (path) => (path === '/token' ? 'hang' : undefined)
  const first = ada.ask(`${APP}/tokens`)
  for (let tries = 0; !idp.asked.includes('/token') || tries < 5; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  idp.fault = undefined
  clock.advance(16) // the claim is over, though its process still waits
  expect((await person(1, ada.jar).ask(`${APP}/tokens`)).status).toBe(200)
  expect((await first).status).toBe(503)
  expect((await person(1, ada.jar).ask(`${APP}/tokens`)).status).toBe(200)
  expect(refreshes()).toBe(1)
})

test('a provider that did not answer one process is not asked by the others at once', async () => {
  const ada = person(0)
  await ada.open(`${APP}/login`)
  clock.advance(61)
  idp.fault = (path) => (path === '/token' ? 503 : undefined)
  idp.asked.length = 0
  for (const at of [0, 1, 1, 0]) expect((await person(at, ada.jar).ask(`${APP}/tokens`)).status).toBe(503)
  expect(idp.asked.filter((path) => path === '/token')).toHaveLength(1)
  clock.advance(2)
  idp.fault = undefined
  expect((await person(1, ada.jar).ask(`${APP}/tokens`)).status).toBe(200)
})

test('a sign-out while tokens are fetched is not undone', async () => {
  const ada = person(0)
  await ada.open(`${APP}/login`)
  const copy = person(1, ada.copy().jar)
  clock.advance(61)
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  idp.hold = held
  const asking = copy.ask(`${APP}/tokens`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect((await ada.ask(`${APP}/logout`, { method: 'POST', headers: { origin: APP } })).status).toBe(303)
  release()
  idp.hold = undefined
  expect((await asking).status).toBe(401)
  expect((await copy.ask(`${APP}/me`)).status).toBe(401)
})
