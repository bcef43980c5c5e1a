import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forwardedIdentity } from '@countersign/gateway'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

const folder = mkdtempSync(join(tmpdir(), 'snippet-'))
const STORE = join(folder, 'auth.db')
const store = sqliteStore(STORE)
const issuer = localIssuer({ issuer: 'https://acme.com', audience: 'https://api.acme.com', store })
let token = ''
beforeAll(async () => {
  token = (await issuer.issue({ subject: 'usr_1', scopes: ['orders:read'] })).access_token
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

test('gateway-service: nobody but a gateway says who calls', async () => {
  const identity = forwardedIdentity({ issuer })
  const readers = policy({ accept: bearer(issuer) })
  const gateway = createServer(async (request, response) => {
    const [published] = identity.endpoints
    if (request.url === '/keys') return response.end((await published?.handle())?.body)
    await readers.check(request)
    const headers = await identity.headers(request, { audience: 'orders' })
    response.end(JSON.stringify(headers))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => gateway.once('listening', resolve))
  const at = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
  const service = await runSnippet('gateway-service.ts', { GATEWAY_KEYS: `${at}/keys` })
  try {
    const forwarded = await (await fetch(`${at}/orders`, { headers: { authorization: `Bearer ${token}` } })).json()
    const { host: _, connection: __, ...headers } = forwarded as Record<string, string>
    const answer = await fetch(`${service.url}/orders`, { headers })
    expect([answer.status, await answer.json()]).toMatchObject([200, { subject: 'usr_1', scheme: 'bearer' }])
    expect((await fetch(`${service.url}/orders`, { headers: { 'x-user': 'root' } })).status).toBe(401)
    expect((await fetch(`${service.url}/orders?page=2`, { headers })).status, 'of another request').toBe(401)
  } finally {
    service.stop()
    gateway.close()
  }
})

test('gateway with a service behind it: the caller of the gateway is the caller of the service; nobody else is', async () => {
  const keys = createServer((_request, response) => response.end(JSON.stringify(published))).listen(0, '127.0.0.1')
  await new Promise((resolve) => keys.once('listening', resolve))
  const GATEWAY_KEYS = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/`
  const service = await runSnippet('gateway-service.ts', { GATEWAY_KEYS })
  const gateway = await runSnippet('gateway.ts', { STORE, ORDERS: service.url })
  const published = await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json()
  try {
    const get = (url: string, headers: Record<string, string> = {}) => fetch(`${url}/orders?page=1`, { headers })
    const answer = await get(gateway.url, { authorization: `Bearer ${token}`, 'x-user': 'root' })
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { subject: 'usr_1', scopes: ['orders:read'], scheme: 'bearer' },
    ])
    expect((await get(gateway.url)).status).toBe(401)
    expect((await get(service.url, { 'x-user': 'root' })).status).toBe(401)
    expect((await get(service.url, { authorization: `Bearer ${token}` })).status).toBe(401)
  } finally {
    gateway.stop()
    service.stop()
    keys.close()
  }
})

test('gateway-check: 204 with the caller, or the refusal, of the request that is asked about', async () => {
  const app = await runSnippet('gateway-check.ts', { STORE })
  try {
    const ask = async (method: string, uri: string, headers: Record<string, string> = {}) => {
      const original = { 'x-original-method': method, 'x-original-uri': uri }
      const { status, headers: got } = await fetch(`${app.url}/auth/check`, { headers: { ...original, ...headers } })
      return [status, got.get('x-auth-subject')]
    }
    const authorization = `Bearer ${token}`
    expect(await ask('GET', '/orders/7', { authorization })).toEqual([204, 'usr_1'])
    expect(await ask('POST', '/orders', { authorization })).toEqual([403, null])
    expect(await ask('GET', '/orders')).toEqual([401, null])
    expect(await ask('GET', '/public/a')).toEqual([204, ''])
    expect(await ask('GET', '/elsewhere', { authorization })).toEqual([404, null])
  } finally {
    app.stop()
  }
})
