import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { authError } from '@countersign/http'
import { oauthServer } from '@countersign/oauth-server'
import type { Condition } from '@countersign/policy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API, post, type Running, running, SECRET, users } from './flow.ts'

/** As a limit by address would. */
let left = 0
const limit: Condition = {
  name: 'limit',
  refuses: ['too_many_requests'],
  before: () =>
    left-- > 0
      ? { headers: { ratelimit: '"limit"' } }
      : authError('too_many_requests', 'limit.reached', { headers: { 'retry-after': '7' } }),
}
let at: Running
beforeAll(async () => {
  at = await running({ conditions: [limit] })
})
afterAll(() => at.stop())

test('who is refused by a condition hears it in the words of the place, once, with what it says of itself', async () => {
  left = 0
  const limited: unknown[] = []
  const hear = (message: unknown) => limited.push(message)
  subscribe('countersign:limited', hear)
  const token = await post(`${at.url}/oauth/token`, { grant_type: 'client_credentials', client_id: 'service' })
  expect([token.status, token.header('retry-after'), token.header('content-type')]).toEqual([
    429,
    '7',
    'application/json',
  ])
  expect(token.body).toEqual({ error: 'too_many_requests', error_description: expect.any(String) })
  expect(limited).toHaveLength(1)
  for (const [language, words] of [
    ['en', 'Too many attempts'],
    ['ko', '시도가 너무 많습니다'],
  ] as const) {
    const page = await fetch(`${at.url}/oauth/authorize`, { headers: { 'accept-language': language } })
    expect([page.status, page.headers.get('retry-after')]).toEqual([429, '7'])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await page.text()).toContain(words)
  }
  left = 1
  const passed = await fetch(`${at.url}/oauth/authorize`)
  expect([passed.status, passed.headers.get('ratelimit')]).toEqual([400, '"limit"'])
  unsubscribe('countersign:limited', hear)
})

test('inventories and explanations see the conditions', () => {
  const { endpoints } = oauthServer({
    issuer: at.own,
    store: at.store,
    users,
    account: () => undefined,
    resources: { [API]: { scopes: [] } },
    clients: [],
    conditions: [limit],
  })
  for (const { policy } of endpoints)
    expect(policy?.describe().conditions).toEqual([{ name: 'limit', refuses: ['too_many_requests'] }])
})

test('conditions are asked before a secret is looked at, at every place of the server', async () => {
  left = 1
  const token = () =>
    post(`${at.url}/oauth/token`, { grant_type: 'client_credentials', client_id: 'service', client_secret: SECRET })
  const good = await token()
  expect([good.status, good.header('ratelimit')]).toEqual([200, '"limit"'])
  for (const path of ['/oauth/authorize', '/oauth/jwks', '/.well-known/openid-configuration']) {
    const refused = await fetch(`${at.url}${path}`)
    expect([refused.status, refused.headers.get('retry-after')], path).toEqual([429, '7'])
  }
  expect((await token()).status).toBe(429)
})
