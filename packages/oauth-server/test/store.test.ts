// Nothing is held in a process, and nothing that opens a door is in the store as it is.
import { inspect } from 'node:util'
import { Unavailable } from '@countersign/http'
import { oauthServer } from '@countersign/oauth-server'
import { memoryStore, type Store } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { expect, test, vi } from 'vitest'
import {
  API,
  accounts,
  authorizeUrl,
  basic,
  browser,
  CALLBACK,
  codeFor,
  hiddenOf,
  pkce,
  post,
  redeem,
  running,
  users,
} from './flow.ts'

async function everything(store: Store): Promise<string> {
  let all = ''
  for (let after: string | undefined; ; ) {
    const page = await store.scan('', after, 1000)
    for (const [key, { value }] of page) all += `${key} ${value}\n`
    after = page.at(-1)?.[0]
    if (page.length < 1000) return all
  }
}

test('codes, tokens, session ids, device codes and secrets are in the store as hashes alone', async () => {
  const at = await running({
    deviceCodes: true,
    registration: true,
    clients: [
      { id: 'web', redirectUris: [CALLBACK] },
      { id: 'tv', grants: ['device_code'] },
    ],
  })
  const device = (await post(`${at.url}/oauth/device/auth`, { client_id: 'tv', scope: 'openid' })).body
  const waiting = browser(at.url)
  const form = await waiting.go('/oauth/device')
  const confirm = await waiting.go('/oauth/device', { xsrf: hiddenOf(form.text, 'xsrf'), user_code: device.user_code })
  await waiting.go('/oauth/device', {
    xsrf: hiddenOf(confirm.text, 'xsrf'),
    user_code: device.user_code,
    confirm: 'yes',
  })
  const unused = await codeFor(at)
  const got = await codeFor(at)
  const { body } = await redeem(at, got)
  const registered = await fetch(`${at.url}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [CALLBACK] }),
  })
  const { client_secret, client_id } = (await registered.json()) as { client_secret: string; client_id: string }
  const cookies = [...got.user.jar.values(), ...waiting.jar.values()].map(({ pair }) => pair.split('=')[1] as string)
  const sessions = [got.user, waiting].map(({ jar }) => jar.get('oauth /')?.pair.split('=')[1] as string)
  const all = await everything(at.store)
  for (const secret of [
    unused.code,
    got.code,
    body.access_token,
    body.refresh_token,
    body.id_token,
    device.device_code,
    client_secret,
    ...sessions,
  ])
    expect(secret.length > 20 && !all.includes(secret), `${secret} in the store`).toBe(true)
  expect(cookies.length).toBeGreaterThan(1)
  expect(all).not.toContain('"cookie"')
  // The hash of a registered client's secret is no secret.
  const stored = /sha256:[\w-]{43}/.exec(all)?.[0] as string
  expect(
    (await post(`${at.url}/oauth/token`, { grant_type: 'authorization_code', code: 'x' }, basic(client_id, stored)))
      .status,
  ).toBe(401)
  await at.stop()
})

test('each request on another process: sign-in, consent, code and refresh', async () => {
  const store = memoryStore()
  const issuer = 'http://127.0.0.1:1'
  const servers = await Promise.all([1, 2, 3].map(() => running({ store }, { issuer })))
  const jar: ReturnType<typeof browser>['jar'] = new Map()
  let turn = 0
  const next = () => servers[turn++ % servers.length] as (typeof servers)[number]
  const { verifier, challenge } = pkce()
  const query = {
    client_id: 'web',
    redirect_uri: CALLBACK,
    scope: 'openid posts:read',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  let target = authorizeUrl(query)
  let form: Record<string, string> | undefined
  for (let step = 0; target.startsWith('/') && step < 12; step++) {
    const one = browser(next().url)
    for (const [name, cookie] of jar) one.jar.set(name, cookie)
    const answer = await one.go(target, form)
    jar.clear()
    for (const [name, cookie] of one.jar) jar.set(name, cookie)
    if (answer.location !== null) [target, form] = [answer.location, undefined]
    else form = { csrf: hiddenOf(answer.text), username: 'anna', password: 'anna', decision: 'allow' }
  }
  const code = new URL(target).searchParams.get('code') as string
  const { body } = await redeem(next(), { code, verifier, redirect_uri: CALLBACK, client_id: 'web' })
  expect(await next().own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
  const refreshed = await post(`${next().url}/oauth/token`, {
    grant_type: 'refresh_token',
    refresh_token: body.refresh_token,
    client_id: 'web',
  })
  expect(refreshed.status).toBe(200)
  for (const server of servers) {
    server.server.closeAllConnections()
    server.server.close()
  }
})

test('a store that does not answer: 503, for a machine and for a person; a bug is a bug', async () => {
  const store = memoryStore()
  let fault: Error | undefined
  const failing = new Proxy(store, {
    get(target, name) {
      const verb = Reflect.get(target, name)
      if (typeof verb !== 'function' || name === 'close') return verb
      return (...args: unknown[]) => {
        if (fault) throw fault
        return verb.apply(target, args)
      }
    },
  })
  const at = await running({ store: failing }, { store })
  const got = await codeFor(at)
  const user = browser(at.url)
  const login = await user.go(
    authorizeUrl({
      client_id: 'web',
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    }),
  )
  fault = new Unavailable('the test store', { retryAfter: 3 })
  for (const answer of [
    await redeem(at, got),
    await post(`${at.url}/oauth/revoke`, { token: 'x', client_id: 'web' }),
  ]) {
    expect([answer.status, answer.body.error, answer.header('retry-after')]).toEqual([
      503,
      'temporarily_unavailable',
      '3',
    ])
    expect(answer.header('cache-control')).toBe('no-store')
  }
  for (const path of [login.location as string, '/oauth/account', '/oauth/logout']) {
    const page = await (path === login.location ? user : got.user).go(path)
    expect([path, page.status]).toEqual([path, 503])
    expect(page.header('content-type')).toMatch(/^text\/html/)
  }
  expect(at.faults).toEqual([])
  fault = new Error('a bug of the store')
  expect((await redeem(at, got)).status).toBe(500)
  expect(at.faults).toEqual([fault])
  fault = undefined
  expect((await redeem(at, got)).status).toBe(200)
  await at.stop()
})

test('nothing is printed, and no key is shown', async () => {
  const said = vi.fn()
  const spies = (['log', 'info', 'warn', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(said),
  )
  const own = localIssuer({ issuer: 'https://login.example', audience: API, store: memoryStore() })
  const at = await running({ deviceCodes: true, registration: true, clientDocuments: true, backchannelLogout: true })
  await redeem(at, await codeFor(at))
  await browser(at.url).go('/oauth/authorize')
  const server = oauthServer({
    issuer: own,
    store: memoryStore(),
    users,
    account: (id) => accounts.get(id),
    resources: { [API]: { scopes: [] } },
    clients: [],
  })
  await server.ready()
  for (const spy of spies) spy.mockRestore()
  expect(said.mock.calls).toEqual([])
  const shown = inspect([own, at.own, server], { depth: 12, showHidden: true }) + JSON.stringify([own, server])
  expect(shown).not.toMatch(/\bd"?: ?['"][\w-]{40}/)
  expect(JSON.stringify(await own.jwks())).not.toContain('"d"')
  await at.stop()
})

test('a store that takes its time: of 50 at once that all find a code unused, one gets tokens', async () => {
  const store = memoryStore()
  const slow = new Proxy(store, {
    get(target, name) {
      const verb = Reflect.get(target, name)
      if (name !== 'get' && name !== 'commit') return typeof verb === 'function' ? verb.bind(target) : verb
      return async (...args: unknown[]) => {
        const result = await verb.apply(target, args)
        await new Promise((done) => setTimeout(done, 20))
        return result
      }
    },
  })
  const at = await running({ store: slow }, { store })
  const got = await codeFor(at)
  const all = await Promise.all(Array.from({ length: 50 }, () => redeem(at, got)))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  const refresh = { grant_type: 'refresh_token', client_id: 'web' }
  const { body } = await redeem(at, await codeFor(at))
  const next = await Promise.all(
    Array.from({ length: 50 }, () => post(`${at.url}/oauth/token`, { ...refresh, refresh_token: body.refresh_token })),
  )
  expect(next.filter(({ status }) => status === 200)).toHaveLength(1)
  await at.stop()
})
