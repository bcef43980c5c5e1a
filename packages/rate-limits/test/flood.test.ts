// One user, guessed from another address each time, by many at once: how many guesses a second are judged, over all processes.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAuthError } from '@countersign/http'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { afterAll, describe, expect, it } from 'vitest'
import { type LoginLimits, loginLimits, memoryLimits } from '../src/index.ts'
import { hasPostgres, hasRedis } from './databases.ts'
import { startHost } from './login-hosts.ts'
import { openLimits } from './open-store.ts'
import { requestFrom } from './request.ts'

const folder = mkdtempSync(join(tmpdir(), 'flood-'))
afterAll(() => rmSync(folder, { recursive: true }))
const id = randomBytes(6).toString('hex')
const WORKERS = 16
const SECONDS = 2
const delay = { after: 1, most: 1, waiting: 2, newcomers: 2 }
/** Two wait a second in each process, and may all end at both edges; two newcomers in each of the seconds that are touched. */
const mostIn = (processes: number) => processes * 2 * (SECONDS + 1) + 2 * (SECONDS + 1)

let address = 0
/** Another /64 each time, and another /48 too, so that no budget but the user's ever has two. */
const fresh = () => `2001:${(++address >> 16).toString(16)}:${(address & 0xffff).toString(16)}:1::1`

/** Guesses for a second, then counts. */
async function flood(guess: (address: string) => Promise<boolean>): Promise<number> {
  let [isOver, judged] = [false, 0]
  const worker = async () => {
    while (!isOver) {
      if (await guess(fresh())) judged++
      await sleep(2)
    }
  }
  const workers = Array.from({ length: WORKERS }, worker)
  await sleep(1_200)
  judged = 0
  await sleep(SECONDS * 1_000)
  const seen = judged
  isOver = true
  await Promise.all(workers)
  return seen
}

async function begins(limits: LoginLimits, from: string): Promise<boolean> {
  const begun = await limits.begin('ada', requestFrom(from))
  if (isAuthError(begun)) {
    expect([begun.code, begun.reason]).toEqual(['too_many_requests', 'login.waiting'])
    expect(Number(begun.headers?.['retry-after'])).toBeGreaterThan(0)
    return false
  }
  await begun.failed()
  return true
}

it('is no faster for sixteen at once, and its home still gets in at once', async () => {
  const limits = loginLimits({ store: memoryLimits(), delay })
  const home = await limits.begin('ada', requestFrom('192.0.2.1'))
  if (!isAuthError(home)) await home.succeeded()
  const guesses = flood((from) => begins(limits, from))
  await sleep(2_000)
  const start = performance.now()
  const again = await limits.begin('ada', requestFrom('192.0.2.1'))
  expect(isAuthError(again)).toBe(false)
  expect(performance.now() - start).toBeLessThan(200)
  const count = await guesses
  expect(count).toBeGreaterThan(0)
  expect(count).toBeLessThanOrEqual(mostIn(1))
}, 10_000)

it('newcomers: 0 lets nobody by who did not wait', async () => {
  const limits = loginLimits({ delay: { ...delay, newcomers: 0 } })
  expect(await flood((from) => begins(limits, from))).toBeLessThanOrEqual(2 * (SECONDS + 1))
}, 10_000)

const SHARED = [
  { name: 'SQLite', at: `sqlite:${join(folder, 'limits.db')}`, isThere: true },
  { name: 'Redis', at: `redis:flood-test-${id}`, isThere: hasRedis },
  { name: 'PostgreSQL', at: `postgres:flood_test_${id}`, isThere: hasPostgres },
]
describe.concurrent.each(SHARED.filter(({ isThere }) => isThere))('two instances on one store in $name', ({ at }) => {
  it('let as many newcomers by together as one', async () => {
    const stores = await Promise.all([openLimits(at), openLimits(at)])
    try {
      const both = stores.map(({ store }) => loginLimits({ store, delay, whenDown: 'refuse' }))
      let turn = 0
      const count = await flood((from) => begins(both[turn++ % 2] as LoginLimits, from))
      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThanOrEqual(mostIn(2))
    } finally {
      await stores[0]?.clear()
      for (const { close } of stores) await close()
    }
  }, 15_000)
})

it.each(['Express behind a proxy', 'Fastify behind a proxy'])(
  'over sockets, %s: 429, never 401, for the rest',
  async (name) => {
    const passwordHash = await hashPassword('right')
    const find = (who: string) => (who === 'ada' ? { subject: 'usr_ada', passwordHash } : undefined)
    const users = passwordLogin({ find, limits: loginLimits({ delay }) })
    const host = await startHost(name, (body, request) => users.require(body, request))
    const statuses = new Map<number, number>()
    try {
      const home = { 'x-forwarded-for': '192.0.2.1' }
      expect((await host.post({ username: 'ada', password: 'right' }, home)).status).toBe(200)
      const count = await flood(async (from) => {
        const got = await host.post({ username: 'ada', password: 'guess' }, { 'x-forwarded-for': from })
        statuses.set(got.status, (statuses.get(got.status) ?? 0) + 1)
        if (got.status === 429) expect(Number(got.headers['retry-after'])).toBeGreaterThan(0)
        return got.status === 401
      })
      expect(count).toBeLessThanOrEqual(mostIn(1))
      expect([...statuses.keys()].sort()).toEqual([401, 429])
      expect((await host.post({ username: 'ada', password: 'right' }, home)).status).toBe(200)
    } finally {
      await host.stop()
    }
  },
  15_000,
)
