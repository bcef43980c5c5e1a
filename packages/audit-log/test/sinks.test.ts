// Every sink, every kind of event, every place of a request: the schema holds, and no secret arrives.
import { channel } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { LoggerProvider, type ReadableLogRecord, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import pino from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { MAPPINGS } from '../src/channels.ts'
import {
  type AuditEvent,
  type AuditLog,
  type AuditSink,
  auditLog,
  jsonLines,
  openTelemetrySink,
  pinoSink,
} from '../src/index.ts'
import { HOSTS, start, TOKEN } from './hosts.ts'
import { folder, linesIn, listSink } from './lines.ts'

const ajv = new Ajv2020({ strict: true, allErrors: true })
addFormats.default(ajv)
const fits = ajv.compile(JSON.parse(readFileSync(new URL('../event.schema.json', import.meta.url), 'utf8')))
const mustFit = (event: unknown) =>
  expect(fits(event), `${JSON.stringify(event)}\n${JSON.stringify(fits.errors)}`).toBe(true)

interface Caught {
  readonly sink: AuditSink
  /** All that the sink's other end got. */
  all(): string
  /** The events as they can be had again from there. */
  events(): readonly Partial<AuditEvent>[]
}

const SINKS: Readonly<Record<string, (place: ReturnType<typeof folder>) => Caught>> = {
  'a file': (place) => file(place, {}),
  'a chained file': (place) => file(place, { chain: { key: 'CANARY-key'.repeat(4) } }),
  pino: () => {
    let all = ''
    const to = new Writable({
      write(chunk, _encoding, done) {
        all += chunk
        done()
      },
    })
    const events = () =>
      all
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).audit)
    return { sink: pinoSink(pino(to)), all: () => all, events }
  },
  OpenTelemetry: () => {
    const records: ReadableLogRecord[] = []
    const exporter = {
      export: (batch: ReadableLogRecord[], done: (result: { code: number }) => void) => {
        records.push(...batch)
        done({ code: 0 })
      },
      shutdown: async () => {},
      forceFlush: async () => {},
    }
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
    const seen = () =>
      records.map(({ eventName, severityText, body, attributes }) => ({ eventName, severityText, body, attributes }))
    const events = () =>
      seen().map(({ eventName, severityText }) => ({ event: eventName, level: severityText }) as Partial<AuditEvent>)
    return { sink: openTelemetrySink(provider), all: () => JSON.stringify(seen()), events }
  },
  'one of your own': () => {
    const { sink, got, texts } = listSink()
    return { sink, all: () => texts.join('\n'), events: () => got }
  },
}

function file(place: ReturnType<typeof folder>, options: object): Caught {
  const path = place.in('audit.log')
  const all = () => readFileSync(path, 'utf8')
  return { sink: jsonLines(path, options), all, events: () => linesIn(path) }
}

/** Requests with a secret in each place that has one. */
const SECRETS: readonly (readonly [path: string, headers: Record<string, string>, method?: string])[] = [
  ['/posts?token=CANARY-query', { authorization: `Bearer ${TOKEN}` }],
  ['/posts', { authorization: 'Bearer CANARY-wrong' }],
  ['/posts', { authorization: 'CANARY-scheme CANARY-value' }],
  ['/posts', { authorization: `Basic ${Buffer.from('ada:CANARY-password').toString('base64')}` }],
  ['/posts', { 'x-api-key': 'CANARY-api-key' }],
  ['/posts', { cookie: 'session=CANARY-cookie' }],
  ['/posts', { authorization: 'Bearer CANARY-down' }],
  ['/posts', { authorization: 'Bearer a', 'x-api-key': 'CANARY-second' }],
  ['/admin', { authorization: `Bearer ${TOKEN}`, referer: 'https://x/?CANARY', 'user-agent': 'CANARY' }],
  [
    '/posts',
    { traceparent: 'CANARY', tracestate: 'x=CANARY', baggage: 'x=CANARY', 'x-request-id': 'CANARY with a space' },
  ],
  ['/posts', { forwarded: 'for=CANARY', 'x-forwarded-for': 'CANARY', dpop: 'CANARY', signature: 'sig=:CANARY:' }],
  ['/keys?api_key=CANARY-query', { authorization: `Bearer ${TOKEN}`, 'content-type': 'CANARY' }, 'POST'],
]

let log: AuditLog | undefined
afterEach(async () => {
  await log?.close().catch(() => {})
  log = undefined
})

describe.each(Object.keys(SINKS))('to %s', (name) => {
  const made = (place: ReturnType<typeof folder>) => (SINKS[name] as (typeof SINKS)[string])(place)

  test.each(Object.keys(HOSTS))('from %s: no secret of any request', async (host) => {
    using place = folder()
    const { sink, all, events } = made(place)
    log = auditLog({ sink, service: 'orders', host: 'node-1' })
    await using app = await start(host)
    for (const [path, headers, method] of SECRETS) await app.ask(path, headers, method)
    await log.flush()
    expect(all()).not.toMatch(/CANARY/i)
    expect(all()).not.toContain(Buffer.from('ada:CANARY').toString('base64').slice(0, 8))
    const mine = events().filter(({ event }) => event !== 'sys_monitor_enabled')
    expect(mine.map(({ event }) => event)).toEqual([
      'authz_allowed',
      ...Array.from({ length: 5 }, () => 'authn_login_fail'),
      'sys_unavailable',
      'authn_login_fail',
      'authz_fail',
      'authn_login_fail',
      'authn_login_fail',
      'authz_allowed',
    ])
  })

  test.each(MAPPINGS.map((row, at) => [`${row.channel} (${row.when})`, at] as const))(
    '%s: named fields alone',
    async (_title, at) => {
      using place = folder()
      const { sink, all, events } = made(place)
      log = auditLog({ sink, service: 'orders' })
      const row = MAPPINGS[at] as (typeof MAPPINGS)[number]
      channel(row.channel).publish(published(at))
      await log.flush()
      expect(all()).not.toContain('CANARY')
      expect(events().at(-1)).toMatchObject({ event: row.event })
      expect(all()).toContain('ada')
    },
  )
})

/** What fits the row, with all that may be there, and much that may not. */
function published(at: number): object {
  const row = MAPPINGS[at] as (typeof MAPPINGS)[number]
  const common = {
    type: 'CANARY',
    at: Date.now(),
    subject: 'ada',
    client: 'web',
    session: 'sid-1',
    credential: { id: 'jti-1', session: 'sid-1', secret: 'CANARY' },
    principal: { password: 'CANARY' },
    token: 'CANARY',
    fault: 'CANARY',
    detail: 'CANARY',
    headers: { authorization: 'CANARY' },
    expected: 'CANARY',
    got: 'CANARY',
    reason: 'the words of an error: CANARY',
    method: 'GET',
    path: '/posts',
  }
  const others = [
    {},
    { reason: 'token.revoked' },
    { reason: 'host.unknown' },
    { reason: 'transport.plain' },
    { code: 'unauthenticated' },
    { place: 'back channel' },
    { type: 'api_key_created' },
    { type: 'api_key_rotated' },
  ]
  const more = others.find(
    (one) => MAPPINGS.find((other) => other.channel === row.channel && (other.is?.(one) ?? true)) === row,
  )
  return { ...common, ...more }
}

describe.each(Object.keys(HOSTS))('on %s', (host) => {
  test('an event says when, who, what, how it went and from where, and fits the schema', async () => {
    const { sink, texts } = listSink()
    log = auditLog({ sink, service: 'orders', host: 'node-1' })
    await using app = await start(host)
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await app.ask('/posts?page=1', { authorization: `Bearer ${TOKEN}`, traceparent: trace, 'x-request-id': 'abc-1' })
    for (const [path, headers, method] of SECRETS) await app.ask(path, headers, method)
    await log.flush()
    const events = texts.map((text) => JSON.parse(text))
    for (const event of events) mustFit(event)
    expect(events[0]).toEqual({
      datetime: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      appid: 'orders',
      hostname: 'node-1',
      event: 'authz_allowed',
      level: 'INFO',
      source: 'countersign:authenticated',
      subject: 'ada',
      scheme: 'bearer',
      credential_id: 'jti-1',
      session: 'sid-1',
      policy: 'read',
      request_method: 'GET',
      request_uri: '/posts',
      decision: 'allowed',
      source_ip: expect.stringMatching(/127\.0\.0\.1$/),
      client_request_id: 'abc-1',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
      ...(host === 'Fastify' && { request_id: expect.stringMatching(/^req-/) }),
    })
    expect(events.find(({ event }) => event === 'authz_fail')).toMatchObject({
      level: 'CRITICAL',
      subject: 'ada',
      policy: 'admin',
      decision: 'refused',
      code: 'access_denied',
      reason: 'rule.refused',
    })
  })

  test.each([
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
    ['cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings', true],
    ['cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.no', false],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more', false],
    ['ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
    ['00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
    ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331', false],
    ['0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1x', false],
  ])('traceparent %s counts: %s (W3C Trace Context section 3.2)', async (traceparent, counts) => {
    const { sink, got } = listSink()
    log = auditLog({ sink, service: 'orders' })
    await using app = await start(host)
    await app.ask('/posts', { traceparent })
    await log.flush()
    expect(got[0]?.trace_id).toBe(counts ? '0af7651916cd43dd8448eb211c80319c' : undefined)
  })

  test.each(['x'.repeat(65), 'a b', 'a"b', 'ä', '\u202e'.slice(1) || '{}'])(
    'an X-Request-Id of %j is left out',
    async (id) => {
      const { sink, got } = listSink()
      log = auditLog({ sink, service: 'orders' })
      await using app = await start(host)
      await app.ask('/posts', { 'x-request-id': id })
      await log.flush()
      expect(got[0]?.client_request_id).toBeUndefined()
    },
  )
})

test('pino gets each event at its level; OpenTelemetry with its severity and the names of its conventions', async () => {
  const lines: string[] = []
  const to = new Writable({
    write(chunk, _encoding, done) {
      lines.push(`${chunk}`)
      done()
    },
  })
  const records: object[] = []
  for (const sink of [pinoSink(pino(to)), openTelemetrySink({ emit: (record) => void records.push(record) })]) {
    log = auditLog({ sink, service: 'orders' })
    log.record({ event: 'authz_fail', subject: 'ada' })
    await log.close()
  }
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 50,
    msg: 'authz_fail',
    audit: { event: 'authz_fail', subject: 'ada' },
  })
  expect(records).toEqual([
    {
      eventName: 'authz_fail',
      timestamp: expect.any(Number),
      severityNumber: 18,
      severityText: 'CRITICAL',
      body: 'authz_fail',
      attributes: { 'service.name': 'orders', 'countersign.source': 'application', 'user.id': 'ada' },
    },
  ])
})
