import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { memoryStore } from '@countersign/store'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { apiKeys } from './index.ts'

const events: unknown[] = []
const listen = (event: unknown) => void events.push(event)
beforeEach(() => {
  events.length = 0
  subscribe('countersign:api-key', listen)
})
afterEach(() => void unsubscribe('countersign:api-key', listen))

it('tells of a key that is made, rotated and revoked, once each, and never the key', async () => {
  const keys = apiKeys({ prefix: 'acme', store: memoryStore() })
  const { id, key } = await keys.create({ subject: 'ada', scopes: [] })
  const rotated = await keys.rotate(id)
  expect(await keys.revoke(id)).toBe(true)
  expect(events).toEqual(
    ['api_key_created', 'api_key_rotated', 'api_key_revoked'].map((type) => ({
      type,
      at: expect.closeTo(Date.now(), -4),
      subject: 'ada',
      id,
    })),
  )
  expect(events.every(Object.isFrozen)).toBe(true)
  for (const text of [key, rotated?.key ?? 'none']) expect(JSON.stringify(events)).not.toContain(text.slice(-38))
})

it('tells nothing of what did not happen', async () => {
  const keys = apiKeys({ prefix: 'acme', store: memoryStore() })
  const { id } = await keys.create({ subject: 'ada', scopes: [] })
  events.length = 0
  expect(await keys.revoke(id, { subject: 'eve' })).toBe(false)
  expect(await keys.rotate(id, { subject: 'eve' })).toBeUndefined()
  expect(await keys.revoke('0123456789abcdef')).toBe(false)
  expect(events).toEqual([])
  await keys.revoke(id)
  await keys.revoke(id)
  expect(events).toHaveLength(1)
})
