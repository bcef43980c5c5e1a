// What an operator sees who forgot `trust proxy`: every client behind the proxy is one address.
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { requestFrom } from './request.ts'

let packages: typeof import('../src/index.ts')
const warnings: (Error & { readonly code?: string })[] = []
const listen = (warning: Error) => void warnings.push(warning)
beforeEach(async () => {
  vi.resetModules() // a process warns once
  packages = await import('../src/index.ts')
  warnings.length = 0
  process.on('warning', listen)
})
afterEach(() => void process.off('warning', listen))

const headers = ['X-Forwarded-For', '198.51.100.77']

it("a limit by address warns once, and counts the proxy's address", async () => {
  const limit = packages.rateLimit({ name: 'per-address', by: 'address', limit: 1, window: 60 })
  const statuses = []
  for (let times = 0; times < 3; times++)
    statuses.push(await limit.before?.(requestFrom('10.0.0.7', { ip: '10.0.0.7', headers }), { dry: false }))
  expect(statuses.slice(1)).toMatchObject([{ reason: 'limit.reached' }, { reason: 'limit.reached' }])
  await setImmediate()
  expect(warnings.map(({ code }) => code)).toEqual(['COUNTERSIGN_PROXY'])
  expect(warnings[0]?.message).toContain('X-Forwarded-For')
  expect(warnings[0]?.message).toContain("app.set('trust proxy', '10.0.0.7')")
  expect(warnings[0]?.message).not.toContain('198.51')
})

it('so do login limits', async () => {
  await packages.loginLimits().begin('ada', requestFrom('::ffff:127.0.0.1', { headers }))
  await setImmediate()
  expect(warnings.map(({ code }) => code)).toEqual(['COUNTERSIGN_PROXY'])
})

it('not where the framework heard the proxy, nor for what strangers send', async () => {
  const limit = packages.rateLimit({ name: 'per-address', by: 'address', limit: 1, window: 60 })
  limit.before?.(requestFrom('10.0.0.7', { ip: '198.51.100.77', headers }), { dry: false })
  limit.before?.(requestFrom('203.0.113.9', { ip: '203.0.113.9', headers }), { dry: false })
  await setImmediate()
  expect(warnings).toEqual([])
})
