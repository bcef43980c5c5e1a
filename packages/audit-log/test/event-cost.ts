// What an event costs the request that it is about. `node packages/audit-log/test/event-cost.ts` prints it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bearer, policy } from '@countersign/policy'
import { type AuditSink, auditLog, jsonLines } from '../src/index.ts'

export interface Cost {
  /** Microseconds of a `check` without a log, with one, and the difference: medians of the rounds. */
  readonly without: number
  readonly with: number
  readonly event: number
  /** Microseconds of text, HMAC and file for an event, off the request path. */
  readonly written: number
}

const ROUNDS = 15
const EVENTS = 4_000

const message = () => ({
  headers: {},
  rawHeaders: [
    ...[
      'Host',
      'api.acme.com',
      'User-Agent',
      'node',
      'Accept',
      '*/*',
      'Accept-Encoding',
      'gzip',
      'Connection',
      'keep-alive',
    ],
    ...[
      'traceparent',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'X-Request-Id',
      '3f1c2d8e-1111-4222-8333-444455556666',
    ],
    ...['Authorization', 'Bearer x'],
  ],
  method: 'GET',
  url: '/orders/17?page=2',
  socket: { remoteAddress: '203.0.113.7' },
})

/** A request that passes, with and without a log that listens, `EVENTS` to a round; what is held is written between the rounds. */
export async function eventCost(sinkIn: (folder: string) => AuditSink = chained): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-cost-'))
  const read = policy({
    accept: bearer(() => ({ subject: 'user-17', scopes: ['a'], credential: { id: 'jti-1', session: 'sid-1' } })),
    scopes: ['a'],
  })
  const round = () => {
    const messages = Array.from({ length: EVENTS }, message)
    const start = performance.now()
    for (const one of messages) void read.check(one)
    return ((performance.now() - start) * 1000) / EVENTS
  }
  const without: number[] = []
  const withLog: number[] = []
  const written: number[] = []
  for (let at = 0; at < ROUNDS; at++) {
    without.push(round())
    const log = auditLog({ sink: sinkIn(folder), service: 'orders', host: 'node-1' })
    await log.flush()
    withLog.push(round())
    const start = performance.now()
    await log.flush()
    written.push(((performance.now() - start) * 1000) / EVENTS)
    await log.close()
  }
  rmSync(folder, { recursive: true })
  const cost = { without: median(without), with: median(withLog), written: median(written) }
  return { ...cost, event: cost.with - cost.without }
}

const chained = (folder: string) => jsonLines(join(folder, 'audit.log'), { chain: { key: 'k'.repeat(32) } })

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

if (import.meta.main)
  console.log(
    JSON.stringify(await eventCost(), (_name, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)),
  )
