// What was ended stays ended: by a logout elsewhere, against requests that were under way, against who has read the store.
import { createHmac, hash } from 'node:crypto'
import { isAuthError } from '@countersign/http'
import { memoryStore, type Store } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { expect, test, vi } from 'vitest'
import { API, browser, codeFor, hiddenOf, post, redeem, running } from './flow.ts'

const refresh = (url: string, token: string) =>
  post(`${url}/oauth/token`, { grant_type: 'refresh_token', refresh_token: token, client_id: 'web' })

test('a grant whose token was logged out does not come back when the revocation has run out', async () => {
  const at = await running({}, { maxLifetime: 300, leeway: 0 })
  const { body } = await redeem(at, await codeFor(at))
  const principal = await at.own.verify(body.access_token)
  if (!principal || isAuthError(principal)) throw new Error('no principal')
  await at.own.revoke(principal)
  vi.useFakeTimers({ now: Date.now() + 400_000, toFake: ['Date'] })
  try {
    expect((await refresh(at.url, body.refresh_token)).body.error).toBe('invalid_grant')
  } finally {
    vi.useRealTimers()
  }
  await at.stop()
})

test('nor when another process was told of it', async () => {
  const at = await running()
  const { body } = await redeem(at, await codeFor(at))
  const elsewhere = localIssuer({ issuer: at.issuer, audience: API, store: at.store })
  const principal = await elsewhere.verify(body.access_token)
  if (!principal || isAuthError(principal)) throw new Error('no principal')
  await elsewhere.revoke(principal)
  await vi.waitFor(async () =>
    expect(
      (await at.store.scan('oauth:', undefined, 1000)).filter(
        ([key, { value }]) => key.includes(':Grant:') && value !== 'ended',
      ),
    ).toEqual([]),
  )
  expect((await refresh(at.url, body.refresh_token)).body.error).toBe('invalid_grant')
  await at.stop()
})

test('a session that was ended while a request of it was under way stays ended', async () => {
  const store = memoryStore()
  let gate: Promise<void> | undefined
  let isWaiting = false
  const slow: Store = {
    ...store,
    async commit(writes) {
      const isSave = writes.some(({ key, value }) => key.includes(':Session:') && value?.startsWith('{'))
      if (gate && isSave) {
        isWaiting = true
        await gate
      }
      return store.commit(writes)
    },
  }
  const at = await running({ store: slow })
  const { user } = await codeFor(at)
  const page = await user.go('/oauth/account')
  const thief = browser(at.url)
  for (const [name, value] of user.jar) thief.jar.set(name, value)
  let open = () => {}
  gate = new Promise((resolve) => {
    open = resolve
  })
  const underWay = thief.go('/oauth/logout')
  await vi.waitFor(() => expect(isWaiting).toBe(true))
  const [, id] = /name="end" value="([^"]+)"/.exec(page.text) as RegExpExecArray
  await user.go('/oauth/account', { csrf: hiddenOf(page.text), end: id as string })
  open()
  await underWay
  gate = undefined
  const old = browser(at.url)
  for (const [name, value] of user.jar) old.jar.set(name, value)
  expect((await old.go('/oauth/account')).status).toBe(403)
  await at.stop()
})

test('who has read the store can name no row', async () => {
  const at = await running()
  const { body } = await redeem(at, await codeFor(at))
  const rows = await at.store.scan('oauth:', undefined, 1000)
  const secret = Buffer.from(rows.find(([key]) => key.endsWith(':secret'))?.[1].value ?? '', 'base64url')
  const forged = (model: string) => {
    const [key] = rows.find(([one]) => one.includes(`:${model}:`)) as (typeof rows)[number]
    const digest = key.slice(key.lastIndexOf(':') + 1)
    return `~${digest}~${createHmac('sha256', secret).update(`${model}:${digest}`).digest('base64url')}`
  }
  expect(hash('sha256', body.refresh_token, 'base64url'), 'the row is there').toBe(forged('RefreshToken').split('~')[1])
  expect((await refresh(at.url, forged('RefreshToken'))).body.error).toBe('invalid_request')
  expect((await refresh(at.url, `urn:x:${forged('RefreshToken')}`)).body.error).toBe('invalid_request')
  const user = browser(at.url)
  user.jar.set('oauth', { pair: `oauth=${forged('Session')}`, path: '/' })
  expect((await user.go('/oauth/account')).status).toBe(400)
  user.jar.set('oauth', { pair: `oauth=${forged('Session').replaceAll('~', '%7E')}`, path: '/' })
  expect((await user.go('/oauth/account')).status).toBe(400)
  await at.stop()
})

test('a device that is connected through one process gets its tokens from another', async () => {
  const store = memoryStore()
  const issuer = 'http://127.0.0.1:1'
  const clients = [{ id: 'tv', grants: ['device_code'] as const }]
  const servers = await Promise.all([1, 2, 3].map(() => running({ store, clients, deviceCodes: true }, { issuer })))
  let turn = 0
  const next = () => servers[turn++ % servers.length] as (typeof servers)[number]
  const { device_code, user_code } = (
    await post(`${next().url}/oauth/device/auth`, { client_id: 'tv', scope: 'openid posts:read' })
  ).body
  const jar: ReturnType<typeof browser>['jar'] = new Map()
  let target = '/oauth/device'
  let form: Record<string, string> | undefined
  for (let step = 0; step < 20; step++) {
    const one = browser(next().url)
    for (const [name, cookie] of jar) one.jar.set(name, cookie)
    const answer = await one.go(target, form)
    jar.clear()
    for (const [name, cookie] of one.jar) jar.set(name, cookie)
    if (answer.location !== null) [target, form] = [answer.location, undefined]
    else if (!answer.text.includes('<form')) break
    else if (answer.text.includes('name="user_code"'))
      form = { xsrf: hiddenOf(answer.text, 'xsrf'), user_code, ...(form && { confirm: 'yes' }) }
    else form = { csrf: hiddenOf(answer.text), username: 'anna', password: 'anna', decision: 'allow' }
  }
  const grant = 'urn:ietf:params:oauth:grant-type:device_code'
  const { status } = await post(`${next().url}/oauth/token`, { grant_type: grant, device_code, client_id: 'tv' })
  expect(status).toBe(200)
  for (const { server } of servers) {
    server.closeAllConnections()
    server.close()
  }
})
