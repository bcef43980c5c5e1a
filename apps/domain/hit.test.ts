import type { Message } from '@countersign/http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSample, readSettings, type Sample } from './index.ts'

let sample: Sample
let demoKey: string
beforeAll(async () => {
  sample = await openSample(readSettings({ STORE: 'memory:', DB: 'memory:', DEMO: '1' }))
  demoKey = await sample.seed()
})
afterAll(() => sample.close())

const message = (name: string, value: string): Message => ({
  headers: { [name.toLowerCase()]: value },
  rawHeaders: [name, value],
  method: 'GET',
  url: '/me',
  socket: {},
})
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

test('a credential seen before is judged without a promise, from the header to the principal', async () => {
  const { access_token } = await sample.own.issue({ subject: 'ada', scopes: ['posts:read'] })
  const seen = {
    bearer: message('Authorization', `Bearer ${access_token}`),
    basic: message('Authorization', basic('test', '123£')),
    apiKey: message('X-API-Key', demoKey),
  }
  const { caller, readPosts } = sample.policies
  for (const [scheme, first] of Object.entries(seen)) {
    expect(await caller.check(first), scheme).toBeUndefined()
    for (const policy of [caller, readPosts]) {
      const again = { ...first }
      const verdict = policy.check(again)
      expect(verdict instanceof Promise, `${scheme}: check returned a promise`).toBe(false)
      expect(policy.decision(again).scheme).toBe(scheme)
    }
  }
})

test('refusing makes no Error: nothing captures a stack', async () => {
  const refused = [
    message('Authorization', 'Bearer a.b.c'),
    message('Authorization', basic('a', '').slice(0, -1)),
    message('X-API-Key', 'sample_wrong'),
    message('X-Nothing', ''),
  ]
  const { caller } = sample.policies
  for (const one of refused) await caller.check(one)
  let errors = 0
  const Original = globalThis.Error
  globalThis.Error = new Proxy(Original, {
    construct(target, args, newTarget) {
      errors++
      return Reflect.construct(target, args, newTarget)
    },
  })
  try {
    for (const one of refused) {
      const verdict = caller.check({ ...one })
      expect(verdict instanceof Promise).toBe(false)
      if (!(verdict instanceof Promise)) expect([400, 401]).toContain(verdict?.status)
    }
  } finally {
    globalThis.Error = Original
  }
  expect(errors).toBe(0)
})
