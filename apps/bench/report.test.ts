import { expect, test } from 'vitest'
import { CANDIDATES, type CandidateName } from './candidates.ts'
import { chart } from './chart.ts'
import { goals } from './goals.ts'
import type { Window } from './http.ts'
import type { InProcessRow } from './inprocess.ts'
import { page } from './page.ts'
import { paired, type Results, routeRows } from './results.ts'
import { median, rotated, spread } from './statistics.ts'

const window = (candidate: CandidateName, round: number, requestsPerSecond: number, more: Partial<Window> = {}) => ({
  round,
  candidate,
  algorithm: 'RS256' as const,
  traffic: 'repeated' as const,
  path: '/posts',
  requestsPerSecond,
  cpuPerRequest: 1e6 / requestsPerSecond,
  serverBusy: 1,
  loadBusy: 0.3,
  ...more,
})
const judged = (
  scenario: string,
  verifier: string,
  values: number[],
  algorithm: InProcessRow['algorithm'] = 'HS256',
) => ({
  algorithm,
  scenario,
  verifier,
  values,
})
const found = (routes: Window[], inProcess: InProcessRow[], what: RegExp) => {
  const all = goals({ routes: routeRows(routes), inProcess }).filter((goal) => what.test(goal.what))
  expect(all).toHaveLength(1)
  return all[0]
}

test('the median is the middle, and the quartiles lie around it', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7])
  expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4, rounds: 5 })
  expect(() => median([])).toThrow(RangeError)
})

test('one lucky round moves no figure', () => {
  expect(spread([10, 10, 10, 10, 10, 10, 1]).median).toBe(10)
})

test('the order turns, and nobody is lost', () => {
  expect([rotated([1, 2, 3], 0), rotated([1, 2, 3], 4), rotated([], 3)]).toEqual([[1, 2, 3], [2, 3, 1], []])
})

test('a row is compared with the bare route of its own round, both of its windows', () => {
  const [, ours] = routeRows([
    window('bare-express', 0, 20_000),
    window('countersign-express', 0, 9000),
    window('bare-express', 0, 10_000),
    window('bare-express', 1, 30_000),
    window('countersign-express', 1, 24_000),
    window('bare-express', 1, 30_000),
  ])
  expect(ours?.fraction).toEqual([0.6, 0.8])
  expect(ours?.addedCpu?.map((value) => value.toFixed(2))).toEqual(['36.11', '8.33'])
})

test('pairs are compared round by round, and unequal rows are no pairs', () => {
  expect(paired([2, 30], [1, 10], (a, b) => a / b).median).toBe(2.5)
  expect(() => paired([1], [1, 2], (a, b) => a - b)).toThrow(RangeError)
})

test('2 µs over the floor with a map is met, more is not', () => {
  const run = (cpu: number) => [
    window('bare-fastify', 0, 20_000, { cpuPerRequest: 50 }),
    window('floor-map-fastify', 0, 18_000, { cpuPerRequest: 51 }),
    window('countersign-fastify', 0, 17_000, { cpuPerRequest: cpu }),
  ]
  expect(found(run(52.9), [], /Fastify, RS256: CPU over/)).toMatchObject({
    met: true,
    figure: { median: expect.closeTo(1.9) },
  })
  expect(found(run(53.1), [], /Fastify, RS256: CPU over/)).toMatchObject({ met: false })
  expect(found(run(53), [], /Fastify, RS256: of the bare/)).toMatchObject({ met: true, figure: { median: 0.85 } })
})

test('every token new is a ratio of requests a second', () => {
  const run = (ours: number) => [
    window('countersign-fastify', 0, ours, { traffic: 'new' }),
    window('fastify-jwt', 0, 10_000, { traffic: 'new' }),
  ]
  expect(found(run(14_000), [], /of @fastify\/jwt/)?.met).toBe(true)
  expect(found(run(13_900), [], /of @fastify\/jwt/)?.met).toBe(false)
})

test('the fastest peer is the one compared with, and the floor is no peer', () => {
  const rows = [
    judged('new', 'countersign', [5, 5, 5]),
    judged('new', 'jose', [20, 20, 20]),
    judged('new', 'jsonwebtoken', [6, 6, 6]),
    judged('new', 'fast-jwt', [4, 4, 4]),
    judged('new', 'floor', [1, 1, 1]),
  ]
  expect(found([], rows, /HS256, every token new/)).toMatchObject({
    met: false,
    against: 'fast-jwt',
    figure: { median: 1.25 },
  })
  const close = [judged('new', 'countersign', [5, 5, 5]), judged('new', 'fast-jwt', [4.9, 5, 5.3])]
  expect(found([], close, /HS256, every token new/)?.met).toBe(true)
})

test('hits, misses and bytes are judged by their bounds', () => {
  const hit = [judged('repeated', 'countersign, its cache', [1]), judged('repeated', 'fast-jwt, its cache', [1.9])]
  expect(found([], hit, /a hit/)).toMatchObject({ met: false, figure: { median: 1.9 } })
  const miss = (values: number[]) => [
    judged('missing', 'countersign', [10]),
    judged('missing', 'countersign, its cache', values),
  ]
  expect([found([], miss([13]), /always misses/)?.met, found([], miss([13.1]), /always misses/)?.met]).toEqual([
    true,
    false,
  ])
  const bytes = (value: number) => [judged('heap', 'countersign, its cache', [value])]
  expect([found([], bytes(600), /heap/)?.met, found([], bytes(601), /heap/)?.met]).toEqual([true, false])
})

test('refusals are compared with the fastest peer of the framework', () => {
  const run = [
    window('countersign-express', 0, 9000, { traffic: 'garbage' }),
    window('passport-jwt', 0, 10_000, { traffic: 'garbage' }),
    window('express-jwt-key', 0, 8000, { traffic: 'garbage' }),
    window('fastify-jwt', 0, 90_000, { traffic: 'garbage' }),
  ]
  expect(found(run, [], /refusing no token/)).toMatchObject({
    met: false,
    against: 'passport-jwt',
    figure: { median: 0.9 },
  })
})

test('keys, Basic and bodies must keep 0.90', () => {
  const run = (ours: number) => [
    window('bare-express', 0, 10_000, { traffic: 'key' }),
    window('countersign-express', 0, ours, { traffic: 'key', path: '/keys' }),
  ]
  expect([found(run(9000), [], /API key/)?.met, found(run(8990), [], /API key/)?.met]).toEqual([true, false])
})

const results: Results = {
  date: '2026-11-21T12:00:00.000Z',
  rounds: 1,
  seconds: 60,
  machine: { cpu: 'A & B <CPU>', cores: 2, pinned: false, node: '24.0.0', openssl: '3', os: 'linux' },
  versions: { express: '5.3.0' },
  routes: routeRows((Object.keys(CANDIDATES) as CandidateName[]).map((name, at) => window(name, 0, 20_000 - 500 * at))),
  inProcess: [judged('new', 'countersign', [3.25])],
}

test('the page says what was measured, and that cores were shared', () => {
  const text = page(results)
  expect(text).toContain('| **countersign** | 0.97 (0.97 – 0.97) | 1.3 (1.3 – 1.3) | 19500 (19500 – 19500) |')
  expect(text).toContain('not kept apart')
  expect(text).toContain('| countersign | 3.25 (3.25 – 3.25) |')
})

test('the chart is small, well formed, and fetches nothing', () => {
  const svg = chart(results)
  expect(Buffer.byteLength(svg)).toBeLessThan(30_000)
  expect(svg).toContain('A &#38; B &#60;CPU&#62;')
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|<script|href/)
  expect(svg.match(/<rect /g)).toHaveLength(results.routes.filter(({ kind }) => kind !== 'bare').length)
})
