// The chain of lines, and the command that judges it from the files alone: what was done to a log, and at which line.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { auditLog, jsonLines } from '../src/index.ts'
import { folder, linesIn, verify } from './lines.ts'

const KEY = 'k'.repeat(40)

/** A log of so many events, closed; lines by their text. */
async function written(place: ReturnType<typeof folder>, events: number, options = {}) {
  const file = place.in('audit.log')
  const keyFile = place.in('key')
  writeFileSync(keyFile, `${KEY}\n`)
  const log = auditLog({ sink: jsonLines(file, { chain: { key: KEY }, ...options }), service: 'orders' })
  for (let at = 0; at < events; at++) {
    log.record({ event: 'user_created', subject: 'ada', object: `user ${at}` })
    if (at % 10 === 9) await log.flush()
  }
  await log.close()
  const { head } = log.health()
  const check = (...args: readonly string[]) => verify(file, '--key-file', keyFile, ...args)
  return {
    file,
    keyFile,
    check,
    head: `${head?.seq}:${head?.mac}`,
    lines: () => readFileSync(file, 'utf8').split('\n').slice(0, -1),
  }
}

test('a log that nobody touched is right: first line, last line, every number', async () => {
  using place = folder()
  const { file, check, head, lines } = await written(place, 20)
  expect(linesIn(file).map(({ seq }) => seq)).toEqual(Array.from({ length: 22 }, (_, at) => at))
  expect(linesIn(file).at(0)).toMatchObject({ event: 'sys_monitor_enabled', reason: 'audit.started' })
  expect(linesIn(file).at(-1)).toMatchObject({ event: 'sys_monitor_disabled', reason: 'audit.closed' })
  expect(await check('--whole', '--closed', '--expect-head', head)).toEqual({
    code: 0,
    out: `✓ 22 lines, from number 0: nothing between them was changed, taken out, put in or moved\nhead ${head}\n`,
    err: '',
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(lines().join()).not.toContain(KEY)
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('\n!!! openssl is not here: the HMACs are not compared with its own\n')

test.skipIf(!hasOpenssl)('the HMAC is what the page says: openssl comes to the same', async () => {
  using place = folder()
  const { lines } = await written(place, 3)
  let before = ''
  for (const line of lines()) {
    const [, covered, mac] = /^(.*),"mac":"(.{43})"\}$/.exec(line) ?? []
    const hash = execFileSync('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `key:${KEY}`, '-binary'], {
      input: `${before}\n${covered}`,
    })
    expect(hash.toString('base64url')).toBe(mac)
    before = mac as string
  }
})

describe('what was done to the lines', () => {
  type Change = (lines: string[]) => void
  const swap = (lines: string[], one: number, other: number) =>
    ([lines[one], lines[other]] = [lines[other] as string, lines[one] as string])
  const CHANGES: readonly (readonly [string, Change, RegExp])[] = [
    [
      'one letter of a line',
      (lines) => (lines[7] = lines[7]?.replace('user 6', 'user 9') ?? ''),
      /audit\.log:8 {2}edited, or put in/,
    ],
    ['a space in a line', (lines) => (lines[7] = lines[7]?.replace('"ada"', ' "ada"') ?? ''), /audit\.log:8 {2}edited/],
    [
      'the HMAC of a line',
      (lines) => (lines[7] = lines[7]?.replace(/"mac":"./, '"mac":"_') ?? ''),
      /audit\.log:8 {2}edited/,
    ],
    [
      'the number of a line',
      (lines) => (lines[7] = lines[7]?.replace('"seq":7', '"seq":70') ?? ''),
      /audit\.log:8 {2}edited, or put in: it says that it is number 70/,
    ],
    [
      'the key that a line names',
      (lines) => (lines[7] = lines[7]?.replace(/"key":"..../, '"key":"AAAA') ?? ''),
      /audit\.log:8 {2}written with the key AAAA/,
    ],
    [
      'a line taken out',
      (lines) => void lines.splice(7, 1),
      /audit\.log:8 {2}1 line is missing before it, from number 7/,
    ],
    [
      'three lines taken out',
      (lines) => void lines.splice(7, 3),
      /audit\.log:8 {2}3 lines are missing before it, from number 7/,
    ],
    [
      'the first line taken out',
      (lines) => void lines.splice(0, 1),
      /audit\.log:1 {2}the lines before number 1 are missing/,
    ],
    ['two lines that changed places', (lines) => swap(lines, 7, 8), /audit\.log:8 {2}number 8 before number 7: moved/],
    [
      'a line twice',
      (lines) => void lines.splice(7, 0, lines[6] as string),
      /audit\.log:8 {2}number 6 after number 6: moved, or repeated/,
    ],
    [
      'a line put in, with the number and HMAC of its place',
      (lines) => void lines.splice(7, 0, (lines[7] as string).replace('user 6', 'user 9')),
      /audit\.log:8 {2}edited, or put in/,
    ],
    [
      'a line without a place',
      (lines) => void lines.splice(7, 0, '{"event":"user_created"}'),
      /audit\.log:8 {2}no line of a chain/,
    ],
    ['a line that is no JSON', (lines) => (lines[7] = `x${lines[7]}`), /audit\.log:8 {2}no line of a chain/],
    ['half a line at the end', (lines) => (lines[21] = lines[21]?.slice(0, 40) ?? ''), /audit\.log:22 {2}/],
    ['an empty file', (lines) => void lines.splice(0), /there is no line/],
  ]

  test.each(CHANGES)('%s is found, and where', async (_what, change, found) => {
    using place = folder()
    const { file, check, lines } = await written(place, 20)
    const changed = lines()
    change(changed)
    writeFileSync(file, changed.map((line) => `${line}\n`).join(''))
    const { code, out } = await check()
    expect(out).toMatch(found)
    expect(code).toBe(1)
    // One thing was done: one thing is told; beside it at most the line that can no longer be proven.
    expect(out.match(/^✗ .*:\d+ {2}/gm)?.length ?? 0, out).toBeLessThanOrEqual(2)
  })

  test('an end that was cut off at a line: by the head that was kept elsewhere, or where it must be closed', async () => {
    using place = folder()
    const { file, check, head, lines } = await written(place, 20)
    writeFileSync(
      file,
      lines()
        .slice(0, -3)
        .map((line) => `${line}\n`)
        .join(''),
    )
    expect(await check()).toMatchObject({ code: 0, out: expect.stringContaining('its end was cut off at a line') })
    expect(await check('--closed')).toMatchObject({ code: 1 })
    expect(await check('--expect-head', head)).toMatchObject({
      code: 1,
      out: expect.stringContaining('number 21, which was kept elsewhere, is not there'),
    })
  })

  test('a log written anew by who has the key: by the head alone', async () => {
    using place = folder()
    using other = folder()
    const { head } = await written(place, 20)
    const { check } = await written(other, 20)
    expect((await check('--whole', '--closed')).code).toBe(0)
    expect(await check('--expect-head', head)).toMatchObject({ code: 1, out: expect.stringContaining('written anew') })
  })

  test('another key opens nothing', async () => {
    using place = folder()
    const { file } = await written(place, 3)
    writeFileSync(place.in('other'), 'x'.repeat(40))
    expect(await verify(file, '--key-file', place.in('other'))).toMatchObject({
      code: 1,
      out: expect.stringContaining('which was not given'),
    })
  })
})

test('full files are numbered, and the chain goes on from one to the next; the oldest are let go', async () => {
  using place = folder()
  const { file, keyFile, check } = await written(place, 60, { maxBytes: 4096, files: 3 })
  const all = [`${file}.3`, file, `${file}.1`, `${file}.2`]
  expect(all.every(existsSync)).toBe(true)
  expect(existsSync(`${file}.4`)).toBe(false)
  for (const one of all) expect(statSync(one).mode & 0o777).toBe(0o600)
  const begins = linesIn(`${file}.2`)[0]
  expect(begins).toMatchObject({ reason: 'audit.continued', prev: linesIn(`${file}.3`).at(-1)?.mac })
  const right = await verify(...all, '--key-file', keyFile, '--closed')
  expect(right).toMatchObject({
    code: 0,
    out: expect.stringMatching(/the log begins at number \d+: what came before was not given/),
  })
  expect((await verify(...all, '--key-file', keyFile, '--whole')).code).toBe(1)
  expect((await check()).code).toBe(0)
  // A file between two others that is gone.
  const gap = await verify(file, `${file}.1`, `${file}.3`, '--key-file', keyFile)
  expect(gap).toMatchObject({
    code: 1,
    out: expect.stringMatching(/audit\.log\.1:1 {2}\d+ lines are missing before it/),
  })
})

test('no numbered file is kept where none is asked for', async () => {
  using place = folder()
  const { file, check } = await written(place, 60, { maxBytes: 4096, files: 0 })
  expect(existsSync(`${file}.1`)).toBe(false)
  expect(linesIn(file)[0]).toMatchObject({ reason: 'audit.continued' })
  expect((await check('--closed')).code).toBe(0)
})

test.each([true, false])('fsync %s: the disk is waited for at each batch, or not', async (fsync) => {
  using place = folder()
  const probe = await open(place.in('probe'), 'a')
  const datasync = vi.spyOn(Object.getPrototypeOf(probe), 'datasync')
  await probe.close()
  await written(place, 20, { fsync })
  // The first line, two batches, the last line.
  expect(datasync).toHaveBeenCalledTimes(fsync ? 4 : 0)
  datasync.mockRestore()
})

test('another process goes on where the last one stopped, with another key too', async () => {
  using place = folder()
  const { file, keyFile, check } = await written(place, 3)
  await written(place, 2)
  expect(linesIn(file)[5]).toMatchObject({ reason: 'audit.resumed', seq: 5, prev: linesIn(file)[4]?.mac })
  expect((await check('--whole', '--closed')).code).toBe(0)

  const log = auditLog({ sink: jsonLines(file, { chain: { key: Buffer.alloc(32, 7) } }), service: 'orders' })
  log.record({ event: 'user_created' })
  await log.close()
  writeFileSync(place.in('new'), Buffer.alloc(32, 7))
  expect((await check()).code).toBe(1)
  expect((await verify(file, '--key-file', keyFile, '--key-file', place.in('new'), '--whole')).code).toBe(0)
})

test('a process that ended between a full file and the next: the chain goes on from the full one', async () => {
  using place = folder()
  const { file, keyFile } = await written(place, 3)
  renameSync(file, `${file}.1`)
  await written(place, 1)
  expect(linesIn(file)[0]).toMatchObject({ reason: 'audit.resumed', seq: 5, prev: linesIn(`${file}.1`).at(-1)?.mac })
  expect((await verify(file, `${file}.1`, '--key-file', keyFile, '--whole', '--closed')).code).toBe(0)
})

test('a log that lost events at its end does not say that it was closed', async () => {
  using place = folder()
  const file = place.in('audit.log')
  const sink = jsonLines(file, { chain: { key: KEY } })
  const log = auditLog({ sink: { ...sink, write: () => Promise.reject(new Error('down')) }, service: 'orders' })
  log.record({ event: 'user_created' })
  await expect(log.close(50)).rejects.toThrow('1 events are not written')
  expect(linesIn(file).map(({ reason }) => reason)).toEqual(['audit.started'])
})

test('half a line that a killed writer left is told by the next writer, and vouched for as it stands', async () => {
  using place = folder()
  const { file, check } = await written(place, 5)
  truncateSync(file, statSync(file).size - 20)
  expect(await check()).toMatchObject({ code: 1, out: expect.stringContaining('half a line at the end') })
  await written(place, 1)
  expect(await check()).toMatchObject({
    code: 0,
    out: expect.stringContaining('audit.log:7  half a line: the writer was stopped'),
  })
  // What stands there cannot be another half.
  writeFileSync(file, readFileSync(file, 'utf8').replace('audit.clos', 'audit.xxxx'))
  expect(await check()).toMatchObject({ code: 1, out: expect.stringContaining('audit.log:7  no line of a chain') })
})

test('a file that somebody moved away begins again, in the chain; one that somebody wrote into is told of', async () => {
  using place = folder()
  const file = place.in('audit.log')
  writeFileSync(place.in('key'), KEY)
  const log = auditLog({ sink: jsonLines(file, { chain: { key: KEY } }), service: 'orders' })
  const tell = async () => {
    log.record({ event: 'user_created' })
    await log.flush()
  }
  await tell()
  renameSync(file, place.in('moved.log'))
  await tell()
  expect((await verify(file, place.in('moved.log'), '--key-file', place.in('key'), '--whole')).code).toBe(0)
  appendFileSync(file, 'somebody was here\n')
  await tell()
  await log.close()
  const { code, out } = await verify(file, place.in('moved.log'), '--key-file', place.in('key'))
  expect(out).toMatch(/audit\.log:3 {2}no line of a chain/)
  expect(out).toMatch(/audit\.log:4 {2}the writer itself found here/)
  expect(code).toBe(1)
})

test('a log that was cut, and continued by a writer with the key, is not passed as whole', async () => {
  using place = folder()
  const { file, check, lines } = await written(place, 10)
  writeFileSync(file, `${lines().slice(0, 6).join('\n')}\n`)
  await written(place, 5)
  const closed = await check('--whole', '--closed')
  expect(closed).toMatchObject({ code: 1, out: expect.stringMatching(/^✗ \S+:7 {2}a writer went on/) })
  const open = await check('--whole')
  expect(open).toMatchObject({ code: 0, out: expect.stringContaining('but at 1 place lines may have been cut off') })
})

test('kill -9 in the middle of writing: what stands is right, and the next writer goes on', async () => {
  using place = folder()
  const { file, check, keyFile } = await written(place, 1)
  const child = spawn(process.execPath, [fileURLToPath(new URL('write-forever.ts', import.meta.url)), file, keyFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await sleep(200)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const before = linesIn(file).length
  expect(before).toBeGreaterThan(100)
  await written(place, 1)
  const { code, out } = await check('--whole')
  expect(out).toMatch(/^(! .*half a line.*\n)?! .*a writer went on.*\n✓/)
  expect(code).toBe(0)
  // The files cannot tell a writer that was killed from lines that were cut off.
  expect((await check('--whole', '--closed')).code).toBe(1)
})

test('a second process on one chained file is refused at start while the first lives, and takes over once it is gone', async () => {
  using place = folder()
  const { file, keyFile } = await written(place, 1)
  expect(existsSync(place.in('.audit.log.lock'))).toBe(false)
  const child = spawn(process.execPath, [fileURLToPath(new URL('write-forever.ts', import.meta.url)), file, keyFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const start = () => jsonLines(file, { chain: { key: KEY } })
  try {
    expect(start).toThrow(`another process (${child.pid}) writes ${file}`)
    expect(start).toThrow(/One file a process, such as `audit\.\$\{process\.pid\}\.log`/)
    expect(() => jsonLines(file)).not.toThrow()
    expect(() => jsonLines(place.in('other.log'), { chain: { key: KEY } })).not.toThrow()
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  expect(start).not.toThrow()
})

test('a mark of another machine, of before the machine began, or of nonsense keeps nobody out', () => {
  using place = folder()
  const start = () => jsonLines(place.in('audit.log'), { chain: { key: KEY } })
  const lock = place.in('.audit.log.lock')
  for (const mark of [`${process.ppid} another-host\n`, 'nonsense', '']) {
    writeFileSync(lock, mark)
    expect(start, mark).not.toThrow()
  }
  writeFileSync(lock, `${process.ppid} ${hostname()}\n`)
  expect(start).toThrow(`another process (${process.ppid})`)
  utimesSync(lock, 1, 1)
  expect(start).not.toThrow()
})

test('a file that changed behind its writer is warned of, once', async () => {
  using place = folder()
  const file = place.in('audit.log')
  const warnings: (Error & { readonly code?: string })[] = []
  const listen = (warning: Error) => void warnings.push(warning)
  process.on('warning', listen)
  const log = auditLog({ sink: jsonLines(file, { chain: { key: KEY } }), service: 'orders' })
  for (let times = 0; times < 3; times++) {
    log.record({ event: 'user_created' })
    await log.flush()
    appendFileSync(file, '{"another":"process"}\n')
  }
  await log.close()
  await sleep(1)
  process.off('warning', listen)
  expect(warnings.map(({ code }) => code)).toEqual(['COUNTERSIGN_AUDIT_CHANGED'])
  expect(warnings[0]?.message).toContain(`${file} was not as it had been left`)
})

test('a question that is wrong is answered in words', async () => {
  using place = folder()
  const { file, keyFile } = await written(place, 1)
  writeFileSync(place.in('short'), 'short')
  const wrong = async (...args: readonly string[]) => {
    const { code, out, err } = await verify(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    return err
  }
  expect(await wrong(file)).toContain("required option '-k, --key-file <file>' not specified")
  expect(await wrong(file, '-k', place.in('short'))).toContain('holds no key: at least 32 bytes')
  expect(await wrong(place.in('none'), '-k', keyFile)).toContain('ENOENT')
  expect(await wrong(file, '-k', keyFile, '--expect-head', '7')).toContain('NUMBER:HMAC')
})
