// A sink that hangs, fails or is full (THREATS F19): requests go on, what must be on record does not, and the loss is told.
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import { type AuditLog, type AuditSink, auditLog, jsonLines } from '../src/index.ts'
import { start } from './hosts.ts'
import { folder, linesIn, listSink, verify } from './lines.ts'

/** A sink in front of another, that does not come back, or fails, until it is told to. */
function troubled(to: AuditSink, trouble: 'hangs' | 'throws') {
  let isWell = false
  const well = Promise.withResolvers<void>()
  const sink: AuditSink = {
    ...to,
    async write(lines) {
      if (trouble === 'hangs') await well.promise
      else if (!isWell) throw Object.assign(new Error('CANARY in a message'), { code: 'ECONNREFUSED' })
      return to.write(lines)
    },
  }
  const heal = () => {
    isWell = true
    well.resolve()
  }
  return { sink, heal }
}

let log: AuditLog | undefined
afterEach(async () => {
  await log?.close(50).catch(() => {})
  log = undefined
})
const until = async (holds: () => boolean) => {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) throw new Error('it never came to that')
    await sleep(10)
  }
}

describe.each(['Express', 'Fastify', 'node:http'])('on %s', (host) => {
  test.each(['hangs', 'throws'] as const)(
    'a sink that %s: reads pass, changes are 503, all comes in order when it is back',
    async (trouble) => {
      using place = folder()
      const file = place.in('audit.log')
      writeFileSync(place.in('key'), 'k'.repeat(32))
      const { sink, heal } = troubled(jsonLines(file, { chain: { key: 'k'.repeat(32) } }), trouble)
      log = auditLog({ sink, service: 'orders', buffer: 20, patience: 100 })
      await using app = await start(host, log.required)
      // The first one is let pass: nobody knows yet.
      expect((await app.ask('/keys', undefined, 'POST')).status).toBe(200)
      await until(() => log?.health().failing === true)
      for (let at = 0; at < 40; at++) expect((await app.ask('/posts')).status).toBe(200)
      const refused = await app.ask('/keys', undefined, 'POST')
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await refused.json()).toMatchObject({ code: 'temporarily_unavailable' })
      // A wrong credential is still refused as one, where no log is asked for.
      expect((await app.ask('/posts', { authorization: 'Bearer x' })).status).toBe(401)
      expect(log.health()).toEqual({
        buffered: 20,
        dropped: 23,
        written: 0,
        failing: true,
        sampledOut: 0,
        ...(trouble === 'throws' && { error: 'ECONNREFUSED' }),
        head: { seq: 0, mac: expect.any(String) },
      })
      heal()
      await until(() => log?.health().buffered === 0)
      expect((await app.ask('/keys', undefined, 'POST')).status).toBe(200)
      await log.close()
      const lines = linesIn(file)
      expect(lines.slice(1, 21).map(({ event }) => event)).toEqual(Array.from({ length: 20 }, () => 'authz_allowed'))
      expect(lines[21]).toMatchObject({
        event: 'sys_monitor_disabled',
        reason: 'audit.dropped',
        count: 23,
        source: 'audit-log',
      })
      expect(lines[22]).toMatchObject({ event: 'authz_allowed', policy: 'manage keys', request_uri: '/keys' })
      const verified = await verify(file, '-k', place.in('key'), '--whole', '--closed')
      expect(verified).toMatchObject({ code: 0, out: expect.stringContaining('23 events were dropped here') })
    },
  )

  test.skipIf(!existsSync('/dev/full'))('a full disk: the same', async () => {
    log = auditLog({ sink: jsonLines('/dev/full'), service: 'orders' })
    await using app = await start(host, log.required)
    expect((await app.ask('/posts')).status).toBe(200)
    await until(() => log?.health().error === 'ENOSPC')
    expect((await app.ask('/posts')).status).toBe(200)
    expect((await app.ask('/keys', undefined, 'POST')).status).toBe(503)
    expect(log.health()).toMatchObject({ written: 0, dropped: 0, buffered: 3 })
  })
})

test('ten thousand events are held, and not one more', async () => {
  const { sink, got } = listSink()
  const { sink: slow, heal } = troubled(sink, 'hangs')
  log = auditLog({ sink: slow, service: 'orders' })
  const kept = Array.from({ length: 10_100 }, (_, at) => log?.record({ event: 'user_created', object: `${at}` }))
  expect(kept.filter(Boolean)).toHaveLength(10_000)
  expect(log.health()).toMatchObject({ buffered: 10_000, dropped: 100 })
  await expect(log.flush(), 'who must be sure is told').rejects.toThrow('100 events were dropped')
  heal()
  await until(() => got.length === 10_001)
  await log.flush()
  expect(got.slice(0, 10_000).map(({ object }) => Number(object))).toEqual(
    Array.from({ length: 10_000 }, (_, at) => at),
  )
  expect(got[10_000]).toMatchObject({ reason: 'audit.dropped', count: 100 })
})

test('a write that failed halfway leaves nothing behind, chained or not', async () => {
  const { open } = await import('node:fs/promises')
  using place = folder()
  const probe = await open(place.in('probe'), 'a')
  const prototype = Object.getPrototypeOf(probe)
  await probe.close()
  const real = prototype.appendFile
  for (const chain of [undefined, { key: 'k'.repeat(32) }]) {
    const file = place.in(chain ? 'chained.log' : 'plain.log')
    log = auditLog({ sink: jsonLines(file, chain ? { chain } : {}), service: 'orders' })
    log.record({ event: 'user_created', object: 'one' })
    await log.flush()
    let failures = 0
    prototype.appendFile = async function (bytes: Buffer) {
      if (failures++ > 1) return real.call(this, bytes)
      await real.call(this, bytes.subarray(0, 30))
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    }
    try {
      log.record({ event: 'user_created', object: 'two' })
      await log.flush()
    } finally {
      prototype.appendFile = real
    }
    await log.close()
    const objects = (lines: readonly string[]) => lines.flatMap((line) => /"object":"(\w+)"/.exec(line)?.[1] ?? [])
    const { readFileSync } = await import('node:fs')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(objects(lines)).toEqual(['one', 'two'])
    // Without a chain others may write to the file, so half a line stays, on a line of its own.
    expect(lines.filter((line) => !line.endsWith('}'))).toHaveLength(chain ? 0 : 2)
    if (!chain) continue
    writeFileSync(place.in('key'), chain.key)
    expect((await verify(file, '-k', place.in('key'), '--whole', '--closed')).code).toBe(0)
  }
})

test('closing does not wait for a sink that hangs, and what must be on record is refused from then on', async () => {
  const { sink } = troubled(listSink().sink, 'hangs')
  log = auditLog({ sink, service: 'orders' })
  log.record({ event: 'user_created' })
  const start = performance.now()
  await expect(log.close(100)).rejects.toThrow(
    'audit log: 1 events are not written after 100 ms: the sink does not answer',
  )
  expect(performance.now() - start).toBeLessThan(1_000)
  expect(log.required.before?.({} as never, { dry: false })).toMatchObject({ code: 'temporarily_unavailable' })
  expect(log.record({ event: 'user_created' })).toBe(false)
})

test('what is said of a failure is its code, never its words', async () => {
  const { sink } = troubled(listSink().sink, 'throws')
  log = auditLog({ sink, service: 'orders' })
  log.record({ event: 'user_created' })
  await until(() => log?.health().failing === true)
  expect(log.health().error).toBe('ECONNREFUSED')
  await expect(log.flush(20)).rejects.toThrow(
    /^audit log: 1 events are not written after 20 ms: the sink fails with ECONNREFUSED$/,
  )
})

test('what a flush gave up with is kept by nobody, however long the sink hangs', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const { sink } = troubled(listSink().sink, 'hangs')
  log = auditLog({ sink, service: 'orders' })
  log.record({ event: 'user_created' })
  const given = async () => {
    const [flushed] = await Promise.allSettled([log?.flush(1)])
    return new WeakRef((flushed as PromiseRejectedResult).reason as Error)
  }
  const all = await Promise.all(Array.from({ length: 20 }, given))
  await until(() => {
    collect()
    return all.every((one) => one.deref() === undefined)
  })
  expect(log.health().buffered).toBe(1)
})
