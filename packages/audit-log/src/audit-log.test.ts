import { channel } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { listSink } from '../test/lines.ts'
import { type AuditLog, auditLog, jsonLines, openTelemetrySink, pinoSink } from './index.ts'

const home = mkdtempSync(join(tmpdir(), 'countersign-audit-'))
afterAll(() => rmSync(home, { recursive: true }))
let log: AuditLog | undefined
afterEach(async () => {
  await log?.close()
  log = undefined
  vi.restoreAllMocks()
})
const listening = (options = {}) => {
  const { sink, got } = listSink()
  log = auditLog({ sink, service: 'orders', ...options })
  return { log, got }
}
const authenticated = channel('countersign:authenticated')
const forbidden = channel('countersign:forbidden')

describe('options', () => {
  const sink = { write() {} }
  test.each([
    [{ service: 'orders' }, '`sink` must have `write`'],
    [{ sink, service: '' }, '`service` must name the application'],
    [{ sink, service: 'a\nb' }, '`service` must name the application'],
    [{ sink, service: 'orders', host: 7 }, '`host` must name the machine'],
    [{ sink, service: 'orders', sample: 0 }, '`sample` must be a number over 0'],
    [{ sink, service: 'orders', sample: 1.5 }, '`sample` must be a number over 0'],
    [{ sink, service: 'orders', buffer: 0 }, '`buffer` must be a whole number from 1 to 1000000'],
    [{ sink, service: 'orders', patience: 0.5 }, '`patience` must be a whole number'],
    [{ sink, service: 'orders', chain: {} }, 'auditLog() has no option "chain"'],
  ])('%o is refused where it is given', (options, words) => {
    expect(() => auditLog(options as never)).toThrow(new RegExp(words.replace(/[()]/g, '\\$&')))
  })

  test.each([
    ['', {}, 'takes the name of a file'],
    [join(home, 'a.log'), { maxBytes: 10 }, '`maxBytes` must be a whole number, at least 1024'],
    [join(home, 'a.log'), { files: -1 }, '`files` must be a whole number from 0 to 1000'],
    [join(home, 'a.log'), { fsync: 1 }, '`fsync` must be true or false'],
    [join(home, 'a.log'), { chain: {} }, '`key` must be at least 32 bytes'],
    [join(home, 'a.log'), { chain: { key: 'CANARY-too-short' } }, '`key` must be at least 32 bytes'],
    [join(home, 'a.log'), { chain: { key: 'x'.repeat(32), keyId: 'k1' } }, 'chain has no option "keyId"'],
    [join(home, 'none', 'a.log'), {}, 'is not there, or may not be written to: make it'],
    [home, {}, 'is a folder: name a file in it'],
  ])('jsonLines(%j, %o) too', (path, options, words) => {
    const made = () => jsonLines(path, options as never)
    expect(made).toThrow(TypeError)
    expect(made).toThrow(words)
    expect(made).not.toThrow('CANARY')
  })

  test('sinks say what they take', () => {
    expect(() => pinoSink({ info() {} } as never)).toThrow('takes a logger with info, warn and error')
    expect(() => openTelemetrySink({} as never)).toThrow('takes a LoggerProvider or a Logger')
  })

  test('inspect shows no key', () => {
    expect(
      inspect(jsonLines(join(home, 'a.log'), { chain: { key: 'CANARY'.repeat(8) } }), { depth: 9, showHidden: true }),
    ).not.toContain('CANARY')
  })
})

describe('record', () => {
  test('an event of the application, at the level of the vocabulary or its own', async () => {
    const { log, got } = listening()
    log.record({ event: 'user_created', subject: 'ada', object: 'user 7' })
    log.record({ event: 'invoice_paid', level: 'WARN', decision: 'allowed', reason: 'late', count: 3 })
    await log.flush()
    const common = { datetime: expect.any(String), appid: 'orders', source: 'application' }
    expect(got).toEqual([
      { ...common, event: 'user_created', level: 'WARN', subject: 'ada', object: 'user 7' },
      { ...common, event: 'invoice_paid', level: 'WARN', decision: 'allowed', reason: 'late', count: 3 },
    ])
  })

  test('of a request the named things, and who called', async () => {
    const { policy, bearer } = await import('@countersign/policy')
    const request = {
      headers: {},
      rawHeaders: ['Authorization', 'Bearer CANARY'],
      method: 'POST',
      url: '/users?x=CANARY',
      socket: { remoteAddress: '::1' },
      id: 'req-7',
      body: { password: 'CANARY' },
    }
    await policy({ accept: bearer(() => ({ subject: 'ada', credential: { id: 'jti-1' } })) }).check(request)
    const { log, got } = listening()
    log.record({ event: 'user_created', request, object: 'user 7' })
    await log.flush()
    expect(got[0]).toMatchObject({
      subject: 'ada',
      scheme: 'bearer',
      credential_id: 'jti-1',
      request_method: 'POST',
      request_uri: '/users',
      source_ip: '::1',
      request_id: 'req-7',
    })
    expect(JSON.stringify(got)).not.toContain('CANARY')
  })

  test.each([
    [{ event: 'user_created', password: 'CANARY' }, 'record() has no field "password": there are event,'],
    [{ event: 'User Created' }, '`event` must be small letters'],
    [{ event: 'user_created', reason: 'CANARY in words' }, '`reason` must be a stable name'],
    [{ event: 'user_created', level: 'DEBUG' }, '`level` must be INFO, WARN or CRITICAL'],
    [{ event: 'user_created', decision: 'maybe' }, '`decision` must be allowed or refused'],
    [undefined, 'takes an object with `event`'],
  ])('%o is refused', (own, words) => {
    const { log } = listening()
    const told = () => log.record(own as never)
    expect(told).toThrow(words)
    expect(told).not.toThrow('CANARY')
  })

  test('no text forges or hides a line, and none is long', async () => {
    const { log, got } = listening()
    log.record({ event: 'user_created', subject: 'a\r\n{"event":"x"}\u202e\u2028\ud800', object: 'x'.repeat(5_000) })
    await log.flush()
    expect(got[0]?.subject).toBe('a%0D%0A{"event":"x"}%E2%80%AE%E2%80%A8\ufffd')
    expect(got[0]?.object).toHaveLength(256)
  })
})

describe('sampling', () => {
  test('leaves out requests let through, says which share it keeps, and never leaves out a refusal', async () => {
    const { log, got } = listening({ sample: 0.25 })
    vi.spyOn(Math, 'random').mockReturnValueOnce(0.2).mockReturnValueOnce(0.3).mockReturnValue(0.99)
    for (let at = 0; at < 10; at++) authenticated.publish({ at: Date.now(), subject: 'ada' })
    for (let at = 0; at < 10; at++) forbidden.publish({ at: Date.now(), subject: 'ada' })
    await log.flush()
    expect(got.map(({ event }) => event)).toEqual(['authz_allowed', ...Array.from({ length: 10 }, () => 'authz_fail')])
    expect(got[0]?.sample).toBe(0.25)
    expect(got[1]).not.toHaveProperty('sample')
    expect(log.health()).toMatchObject({ sampledOut: 9, written: 11, dropped: 0 })
  })
})

test.each([
  undefined,
  null,
  'text',
  7,
  [],
  {},
  { at: 'x', subject: {}, credential: 'x', trace: 7, reason: [] },
  { at: 1e300 },
])('a message of %o on a channel harms nobody', async (message) => {
  const { log } = listening()
  forbidden.publish(message)
  await log.flush()
  expect(log.health().failing).toBe(false)
})

test('an API key that was made, rotated or revoked is on record, by its id', async () => {
  const { log, got } = listening()
  for (const type of ['api_key_created', 'api_key_rotated', 'api_key_revoked'])
    channel('countersign:api-key').publish({ type, at: Date.now(), subject: 'ada', id: 'YxAr45sH2jntIqEV' })
  await log.flush()
  expect(got.map(({ event }) => event)).toEqual(['authn_token_created', 'authn_token_created', 'authn_token_revoked'])
  for (const event of got) expect(event).toMatchObject({ subject: 'ada', credential_id: 'YxAr45sH2jntIqEV' })
})

test('of a credential that came in the clear: where, from whom, and whether it was ended', async () => {
  const { log, got } = listening()
  for (const revoked of [true, false])
    channel('countersign:credential-exposed').publish({
      type: 'credential_exposed',
      at: Date.now(),
      method: 'GET',
      path: '/me',
      ip: '192.0.2.1',
      revoked,
    })
  await log.flush()
  const facts = { event: 'authn_credential_exposed', request_uri: '/me', source_ip: '192.0.2.1' }
  expect(got).toMatchObject([
    { ...facts, revoked: true },
    { ...facts, revoked: false },
  ])
})

test('a closed log listens no longer', async () => {
  const { log, got } = listening()
  await log.close()
  await log.close()
  forbidden.publish({ at: Date.now() })
  expect(got).toEqual([])
  expect(forbidden.hasSubscribers).toBe(false)
})

test('explain asks whether the log is behind, and tells', async () => {
  const { bearer, policy } = await import('@countersign/policy')
  const { log } = listening()
  const admin = policy({ accept: bearer(() => ({ subject: 'ada' })), conditions: [log.required] })
  const message = { headers: {}, rawHeaders: ['Authorization', 'Bearer x'], method: 'GET', url: '/', socket: {} }
  expect((await admin.explain(message)).passed).toBe(true)
  await log.close()
  expect(await admin.explain(message)).toMatchObject({ passed: false })
  expect(admin.describe().conditions).toEqual([{ name: 'audit log', refuses: ['temporarily_unavailable'] }])
})
