import { authError } from '@countersign/http'
import type { Condition } from '@countersign/policy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { post, type Running, running, SECRET } from './flow.ts'

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
