import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { revocations } from '../src/revocation.ts'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void
const names = { jti: undefined, sid: undefined, sub: 'ada', kid: undefined, iat: 1000 }
const id = (number: number) => `jti-${String(number).padStart(18, '0')}`

function heap(): number {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

/** Microseconds of CPU a look, the median of 15 batches. */
function look(held: ReturnType<typeof revocations>, first: number): number {
  const asked = Array.from({ length: 4096 }, (_, at) => ({
    ...names,
    jti: id(first + at * 241),
    sid: `sid-${at}`,
    kid: 'k',
  }))
  const batches = Array.from({ length: 15 }, () => {
    const start = process.cpuUsage()
    for (let round = 0; round < 20; round++) for (const each of asked) held.isRevoked(each)
    const { user, system } = process.cpuUsage(start)
    return (user + system) / (20 * asked.length)
  })
  return batches.toSorted((a, b) => a - b)[7] as number
}

test('a million revocations: at most 150 MB, and a look takes at most 0.2 µs', { timeout: 60_000 }, () => {
  const before = heap()
  const held = revocations('revoked:', () => Date.now())
  for (let number = 0; number < 1_000_000; number++) held.take(JSON.stringify(['jti', id(number)]), 9e12)
  const megabytes = heap() - before
  const [live, revoked] = [look(held, 5_000_000), look(held, 0)]
  const [took, found] = [live.toFixed(3), revoked.toFixed(3)]
  console.log(
    `1,000,000 revocations: ${megabytes.toFixed(0)} MB; a look ${took} µs, ${found} µs for one that is revoked`,
  )
  expect(held.size()).toBe(1_000_000)
  expect(held.isRevoked({ ...names, jti: id(999_999) })).toBe(true)
  expect(megabytes).toBeLessThan(150)
  expect(live).toBeLessThan(0.2)
})
