// The verifier on logs that were made here, by the format alone: what is written elsewhere, in another language, verifies too.
import { execFile } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { type AuditVerifyOptions, verifyAudit } from './audit-verify.ts'
import { EXIT } from './exit.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'countersign-audit-'))
afterAll(() => rmSync(home, { recursive: true }))

const KEYS = { old: 'o'.repeat(32), young: 'ÿ'.repeat(16) } as const
for (const [name, key] of Object.entries(KEYS)) writeFileSync(join(home, name), name === 'old' ? `${key}\r\n` : key)

const hmac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('base64url')
const macOf = (line: string) => /"mac":"(.{43})"\}$/.exec(line)?.[1] ?? ''

/** A line by the format of docs/audit-log.md. */
function line(seq: number, prev: string, says: object, key: string = KEYS.old): string {
  const id = hmac(key, 'countersign audit key').slice(0, 8)
  const covered = `${JSON.stringify(says).slice(0, -1)},"seq":${seq},"key":"${id}"`
  return `${covered},"mac":"${hmac(key, `${prev}\n${covered}`)}"}`
}

const started = line(0, '', { event: 'sys_monitor_enabled', reason: 'audit.started' })
const first = line(1, macOf(started), { event: 'user_created', subject: 'ada — ÿ', object: '","mac":"' })
const second = line(2, macOf(first), { event: 'user_created', subject: 'bob' })
const closed = line(3, macOf(second), { event: 'sys_monitor_disabled', reason: 'audit.closed' })

function run(text: string | Buffer, ...args: readonly string[]) {
  const file = join(home, 'audit.log')
  writeFileSync(file, text)
  return new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    const options = { cwd: home, env: { ...process.env, NO_COLOR: '1' }, timeout: 20_000 }
    execFile(
      process.execPath,
      [MAIN, 'audit', 'verify', 'audit.log', '-k', 'old', ...args],
      options,
      (error, out, err) => resolve({ code: error ? (error.code as number) : 0, out, err }),
    )
  })
}
const text = (...lines: readonly string[]) => lines.map((one) => `${one}\n`).join('')

test('a right log, and its report as data', async () => {
  expect(await run(text(started, first, second, closed), '--whole', '--closed')).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse((await run(text(started, first, second), '--json')).out)).toEqual({
    lines: 3,
    first: 0,
    head: `2:${macOf(second)}`,
    closed: false,
    gaps: 0,
    faults: [],
    notes: [{ at: 'audit.log:3', what: expect.stringContaining('not closed') }],
  })
})

test('a key that took the place of another; a line that only says so', async () => {
  const later = line(3, macOf(second), { event: 'sys_monitor_enabled', reason: 'audit.resumed' }, KEYS.young)
  expect((await run(text(started, first, second, later))).out).toContain('which was not given')
  expect((await run(text(started, first, second, later), '-k', 'young')).code).toBe(0)
  const forged = later.replace(/"mac":".*"/, `"mac":"${hmac('another', 'key')}"`)
  expect((await run(text(started, first, second, forged), '-k', 'young')).code).toBe(1)
})

test('half a line counts as told only when the next right line has its SHA-256', async () => {
  const half = second.slice(0, 30)
  const sha = (bytes: string) => createHash('sha256').update(bytes).digest('base64url')
  const vouch = (bytes: string) =>
    line(2, macOf(first), { event: 'sys_monitor_enabled', reason: 'audit.torn', torn_sha256: sha(bytes) })
  expect(await run(text(started, first, half, vouch(half)))).toMatchObject({
    code: 0,
    out: expect.stringContaining('audit.log:3  half a line: the writer was stopped'),
  })
  expect((await run(text(started, first, half, vouch('other')))).code).toBe(1)
  // Somebody without the key vouches for what they put in.
  const own = vouch('other').replace(sha('other'), sha(half))
  expect((await run(text(started, first, half, own))).code).toBe(1)
})

describe('nothing that a line says of itself is believed', () => {
  test.each([
    [
      'a line that says that it is far ahead',
      [started, first, second.replace('"seq":2', '"seq":900000000000000'), closed],
    ],
    [
      'a line that says that it begins another chain',
      [started, first, line(0, '', { reason: 'audit.started' }), second],
    ],
    [
      'a right line of another chain',
      [started, first, line(2, macOf(started), { event: 'user_created' }), second, closed],
    ],
    ['a head that another key signed', [line(0, '', { reason: 'audit.started' }, 'x'.repeat(32)), first]],
    ['bytes that are no UTF-8', [started, first.replace('ada', 'a\ufffda'), second]],
    ['a member after the HMAC', [started, first, second.replace(/\}$/, ',"x":1}'), closed]],
    ['spaces around a line', [started, first, ` ${second}`, closed]],
    ['a carriage return', [started, first, `${second}\r`, closed]],
  ])('%s', async (_what, lines) => {
    const { code, out } = await run(text(...lines))
    expect(out).toMatch(/^✗ audit\.log:[1-4] /)
    expect(code).toBe(1)
  })

  test('a file without line ends is no log, and is not read whole', async () => {
    expect(await run('x'.repeat(200_000))).toMatchObject({ code: 2, err: expect.stringContaining('is no audit log') })
  })
})

describe('what is wrong is named, at its line', () => {
  /** Files of a log, as they are given; faults as `file:line words`. */
  async function judged(parts: readonly string[], options: Partial<AuditVerifyOptions> = {}) {
    const files = parts.map((_, at) => join(home, `part ${at + 1}`))
    for (const [at, file] of files.entries()) writeFileSync(file, parts[at] ?? '')
    const verified = await verifyAudit(files, { keyFile: [join(home, 'old')], json: true, ...options })
    const report: Report = JSON.parse(verified.text)
    return { ...report, exit: verified.exit, faults: report.faults.map(({ at, what }) => `${basename(at)} ${what}`) }
  }
  type Report = Readonly<Record<'faults' | 'notes', readonly { readonly at: string; readonly what: string }[]>>
  const headOf = (one: string) => `3:${macOf(one)}`
  const continued = line(7, macOf(first), { reason: 'audit.continued', prev: macOf(first) })
  const changed = line(2, macOf(first), { event: 'sys_monitor_enabled', reason: 'audit.changed' })
  const resumed = line(2, macOf(first), { event: 'sys_monitor_enabled', reason: 'audit.resumed' })
  const half = second.slice(0, 30)
  const sha = createHash('sha256').update(half).digest('base64url')
  const torn = line(2, macOf(first), { event: 'sys_monitor_enabled', reason: 'audit.torn', torn_sha256: sha })
  const closedAfter = (before: string) =>
    line(3, macOf(before), { event: 'sys_monitor_disabled', reason: 'audit.closed' })
  const anew = line(3, macOf(second), { event: 'sys_monitor_disabled', reason: 'audit.closed', seq: 'another' })

  test('a right log has no fault, in whatever order its files are named', async () => {
    const parts = [text(second, closed), text(started, first)]
    const right = await judged(parts, { whole: true, closed: true, expectHead: headOf(closed) })
    expect(right).toMatchObject({ exit: EXIT.right, faults: [], notes: [] })
  })

  const CASES: readonly (readonly [string, readonly string[], string, Partial<AuditVerifyOptions>?])[] = [
    ['a line that was edited', [started, first, second.replace('bob', 'eve'), closed], '3 edited'],
    ['a line twice', [started, first, first, second, closed], '3 number 1 after number 1: moved, or repeated'],
    ['a line taken out', [started, second, closed], '2 1 line is missing before it, from number 1'],
    ['the last but one taken out', [started, first, closed], '3 1 line is missing before it, from number 2'],
    ['the first taken out', [first, second, closed], '1 the lines before number 1 are missing'],
    ['two that changed places', [started, second, first, closed], '2 number 2 before number 1: moved, or put in'],
    ['half a line in the middle', [started, first, second.slice(0, 30), resumed], '3 no line of a chain'],
    ['what the writer found itself', [started, first, changed], '3 the writer itself found here'],
    ['another chain after it', [started, first, started], '3 another chain begins'],
    ['a log written anew', [started, first, second, anew], '4 number 3 is not the one', { expectHead: headOf(closed) }],
    ['an end cut off', [started, first, second], '3 number 3, which was kept', { expectHead: headOf(closed) }],
    [
      'an end cut off, and the log continued',
      [started, first, resumed, closedAfter(resumed)],
      '3 a writer went on',
      { closed: true },
    ],
    [
      'half a line at a cut, and the log continued',
      [started, first, half, torn, closedAfter(torn)],
      '4 a writer went on',
      { closed: true },
    ],
    ['a log that is not closed', [started, first, second], '3 the log is not closed', { closed: true }],
    ['a log that is not whole', [continued], '1 the log begins at number 7', { whole: true }],
  ]
  test.each(CASES.map((one) => ({ what: one[0], one })))('$what', async ({ one: [, lines, fault, options] }) => {
    const { exit, faults } = await judged([text(...lines)], options)
    expect(faults).toEqual([expect.stringContaining(`part 1:${fault}`)])
    expect(exit).toBe(EXIT.wrong)
  })

  test('a log that was continued where it was not closed is not called whole; one that was closed is', async () => {
    const cut = await run(text(started, first, resumed, closedAfter(resumed)), '--whole')
    expect(cut).toMatchObject({ code: 0, out: expect.stringMatching(/^! audit\.log:3 {2}a writer went on/) })
    expect(cut.out).toContain(
      '✓ 4 lines, from number 0: nothing was changed, put in or moved; but at 1 place lines may',
    )
    const after = line(4, macOf(closed), { event: 'sys_monitor_enabled', reason: 'audit.resumed' })
    const end = line(5, macOf(after), { event: 'sys_monitor_disabled', reason: 'audit.closed' })
    const whole = await run(text(started, first, second, closed, after, end), '--whole', '--closed')
    expect(whole).toMatchObject({ code: 0, out: expect.stringMatching(/^✓ 6 lines, from number 0: nothing between/) })
    // What came before a file is not given: that is another note.
    const part = line(4, macOf(closed), { reason: 'audit.resumed', prev: macOf(closed) })
    expect(
      (await judged([text(part, line(5, macOf(part), { reason: 'audit.closed' }))], { closed: true })).faults,
    ).toEqual([])
  })

  test('half a line at the end', async () => {
    const { faults } = await judged([text(started, first) + second.slice(0, 30)])
    expect(faults).toEqual([expect.stringContaining('part 1:3 half a line at the end')])
  })

  test('no line at all', async () => {
    expect((await judged([''])).faults).toEqual(['- there is no line'])
  })
})
