// What revocations that are in force cost a request: in a process of its own, so that no run warms another.
import { bearer, policy } from '@countersign/policy'
import { localIssuer, type StoreLike } from '@countersign/tokens'

const live = Number(process.argv[2])
const ISSUER = 'https://cost.test'
let calls = 0
const store = counting(live)
const own = localIssuer({ issuer: ISSUER, audience: ISSUER, store, lifetime: 3600 })
const caller = policy({ accept: bearer(own) })
const tokens = await Promise.all(
  Array.from({ length: 512 }, async () => (await own.issue({ subject: 'ada' })).access_token),
)
const requests = tokens.map((token) => ({
  method: 'GET',
  url: '/',
  headers: {},
  rawHeaders: ['Host', 'x', 'Authorization', `Bearer ${token}`],
  socket: {},
}))
for (const request of requests) if (await caller.check(request)) throw new Error('a good token was refused')
const before = calls
const batches: number[] = []
for (let batch = 0; batch < 40; batch++) {
  const start = process.cpuUsage()
  for (let round = 0; round < 20; round++)
    for (const request of requests) if (caller.check({ ...request })) throw new Error('refused, or not at once')
  const { user, system } = process.cpuUsage(start)
  batches.push((user + system) / (20 * requests.length))
}
const microseconds = batches.toSorted((a, b) => a - b)[20] as number
console.log(
  JSON.stringify({
    live: own.health().revocations,
    microseconds,
    perSecond: Math.round(1e6 / microseconds),
    storeCalls: calls - before,
    heap: Math.round(process.memoryUsage().heapUsed / 1e6),
  }),
)

/** A store in a map that says how often it was asked, with so many revocations that somebody wrote before. */
function counting(revocations: number): StoreLike {
  const entries = new Map<string, { value: string; version: string }>()
  let version = 0
  const count = <T>(result: T): T => {
    calls++
    return result
  }
  return {
    get: (key) => count(entries.get(key)),
    scan: () => count([]),
    commit(writes) {
      for (const { key, value } of writes) {
        if (value === undefined) entries.delete(key)
        else entries.set(key, { value, version: `${++version}` })
      }
      return count(true)
    },
    watch(prefix, changed) {
      calls++
      for (let number = 0; number < revocations; number++)
        changed(`${prefix}revoked:jti:${number}`, {
          value: JSON.stringify(['jti', `jti-${String(number).padStart(18, '0')}`]),
          expiresAt: Date.now() + 3_600_000,
        })
      return {
        get freshAt() {
          return performance.now() // it is told of everything at once, as long as this runs
        },
        catchUp: () => count(undefined),
        close() {},
      }
    },
  }
}
