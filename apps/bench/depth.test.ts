import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { DEPTH_GROUPS, type DepthGroup, type Entrant } from './depth-groups.ts'
import { depthPage } from './depth-page.ts'
import { type DepthResults, depthComparisons, depthGoals, entrantRows } from './depth-results.ts'
import type { DepthWindow } from './depth-run.ts'
import { signer } from './settings.ts'
import { startServer, takeTurns } from './turns.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('depth.ts', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
afterAll(() => rmSync(out, { recursive: true }))

const GROUP = DEPTH_GROUPS[0] as DepthGroup
const [BARE, OURS, PEER] = GROUP.entrants as [Entrant, Entrant, Entrant]
const window = (entrant: Entrant, round: number, cpuPerRequest: number, group = GROUP): DepthWindow => ({
  ...{ round, group, entrant, cpuPerRequest, requestsPerSecond: 1e6 / cpuPerRequest },
  ...{ serverBusy: 0.97, loadBusy: 0.4 },
})

test('a row is compared with the route without, in its own round', () => {
  const rows = entrantRows([
    ...[window(OURS, 1, 60), window(OURS, 0, 25)],
    ...[window(BARE, 0, 20), window(BARE, 1, 40)],
  ])
  const ours = rows.find(({ kind }) => kind === 'ours')
  expect([ours?.addedCpu, ours?.fraction]).toEqual([
    [5, 20],
    [expect.closeTo(0.8), expect.closeTo(2 / 3)],
  ])
  expect(entrantRows([window(OURS, 0, 25), window(PEER, 0, 20)])[0]).not.toHaveProperty('addedCpu')
})

test('ours is set against the peer that does the same work, and against no other', () => {
  const compare = (ours: number[]) =>
    depthComparisons({
      routes: entrantRows([
        ...ours.map((cpu, round) => window(OURS, round, cpu)),
        ...ours.map((_, round) => window(PEER, round, 30)),
        ...ours.map((_, round) => window({ ...PEER, against: 'more work' }, round, 1)),
        ...ours.map((_, round) => window(PEER, round, 2, DEPTH_GROUPS[1])),
      ]),
    })
  expect(compare([20, 22, 24])).toMatchObject([{ says: 'less', difference: { median: -8 } }])
  expect(compare([40, 42, 44])).toMatchObject([{ says: 'more', difference: { median: 12 } }])
  expect(compare([20, 30, 40])).toMatchObject([{ says: 'within the spread' }])
})

test('5 µs an event is met, more is not', () => {
  const goal = (...values: number[]) => depthGoals({ inProcess: [{ part: 'audit', lane: 'an event', values }] })
  expect([goal(4, 5, 9)[0]?.met, goal(4, 5.1, 6)[0]?.met]).toEqual([true, false])
  expect(depthGoals({ inProcess: [{ part: 'audit', lane: 'writing it, after', values: [9] }] })).toEqual([])
})

test('the page says what was measured, what is not met and where ours costs more', () => {
  const results: DepthResults = {
    date: '2026-11-22T12:00:00.000Z',
    rounds: 1,
    seconds: 60,
    machine: { cpu: 'a CPU', cores: 2, pinned: false, node: '24.0.0', openssl: '3', os: 'linux' },
    versions: { 'express-rate-limit': '8.0.0' },
    routes: entrantRows([window(BARE, 0, 20), window(OURS, 0, 25), window(PEER, 0, 24)]),
    inProcess: [{ part: 'audit', lane: 'an event', values: [5.5] }],
  }
  const page = depthPage(results)
  expect(page).toContain('| an event, on the request path | at most 5 µs | 5.50 (5.50 – 5.50) µs | **not met** |')
  expect(page).toContain('| **countersign** | no credential | 0.80 (0.80 – 0.80) | 5.0 (5.0 – 5.0) | 40000')
  expect(page).toContain('| 1.0 (1.0 – 1.0) | 0.96 (0.96 – 0.96) × | **more** |')
  expect(page).toContain('not kept apart')
  expect(page).not.toContain('## Gateway')
})

test('a service behind a server counts as load, and what may be sent once is sent once', async () => {
  const sent: number[] = []
  let cpu = 0
  let stopped = 0
  const behind = {
    send: () => {},
    answer: async <T>() => ({ cpu: (cpu += 1e9) }) as T, // a thousand seconds each time
    stop: async () => void stopped++,
  }
  const ask = {
    ...{ traffic: 'one', path: '/posts', status: 200, says: 'a GET', fresh: 'once' as const },
    texts(_server: unknown, at: number) {
      sent.push(at)
      return [`GET /posts?turn=${at} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`]
    },
  }
  const start = async () => ({ ...(await startServer('bare-fastify', {})), behind })
  const times = { milliseconds: 30, atLeast: 20 }
  const [row] = await takeTurns(
    [[{ name: 'a gateway', start, asks: [ask] }]],
    { rounds: 1, times: { turns: 2, start: times, warm: times, measure: times } },
    () => {},
  )
  expect(row?.requestsPerSecond).toBeGreaterThan(0)
  expect(row?.serverBusy).toBeLessThan(10)
  expect(row?.loadBusy).toBeGreaterThan(1000)
  // Four short runs of warming, then two turns: each with texts of its own.
  expect(sent).toEqual([0, 1, 2, 3, 2, 3])
  expect(stopped).toBe(1)
}, 60_000)

test('what is still to be written counts: it is on file before a server tells its CPU', async () => {
  const folder = mkdtempSync(join(out, 'log-'))
  const { settings, token } = signer('EdDSA')
  const { child, url } = await startServer('pino-http', { ...settings, folder })
  try {
    const headers = { authorization: `Bearer ${token(1)}` }
    expect((await fetch(`${url}/posts`, { headers })).status).toBe(200)
    child.send({ kind: 'cpu' })
    expect(await child.answer()).toEqual({ cpu: expect.any(Number) })
    expect(readFileSync(join(folder, 'log.jsonl'), 'utf8')).toContain('"url":"/posts"')
  } finally {
    await child.stop()
  }
}, 60_000)

test('a quick run of a part writes the page that its values give, and leaves no file behind', async () => {
  const env = { ...process.env, TMPDIR: mkdtempSync(join(out, 'tmp-')) }
  const args = [MAIN, '--quick', '--only', 'limits', '--out', out]
  const { stdout } = await run(process.execPath, args, { env })
  expect(stdout).toContain('this is no full run')
  expect(stdout).toMatch(/limits, Express, by address, refusing \(429\): countersign/)
  const { goals: _, comparisons, ...results } = JSON.parse(readFileSync(join(out, 'bench-depth.json'), 'utf8'))
  expect(comparisons).toHaveLength(6)
  for (const { requestsPerSecond, cpuPerRequest } of results.routes)
    expect(Math.min(...requestsPerSecond, ...cpuPerRequest)).toBeGreaterThan(0)
  expect(readFileSync(join(out, 'bench-depth.md'), 'utf8')).toBe(depthPage(results))
  expect(readdirSync(env.TMPDIR)).toEqual([])
}, 120_000)

test('--help says what can be asked, and a wrong name is refused', async () => {
  expect((await run(process.execPath, [MAIN, '--help'])).stdout).toContain('--only NAME')
  await expect(run(process.execPath, [MAIN, '--only', 'nobody'])).rejects.toThrow('--only limits |')
})
