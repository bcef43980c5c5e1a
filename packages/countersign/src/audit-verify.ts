import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { firstSeqOf, type Link, linesOf, linkFrom, type Place } from './audit-lines.ts'
import { EXIT } from './exit.ts'

export interface AuditVerifyOptions {
  readonly keyFile: readonly string[]
  readonly expectHead?: string
  readonly whole?: boolean
  readonly closed?: boolean
  readonly json?: boolean
}

/** Something that is wrong, or that a reader should know, at a line. */
interface Finding {
  readonly at: string
  readonly what: string
}

/** So many lines may be wrong in a row before a right one after them can no longer be told. */
const WINDOW = 16
/** How a file or a chain may begin. */
const BEGINS: readonly unknown[] = ['audit.started', 'audit.resumed', 'audit.continued', 'audit.torn', 'audit.changed']
/** How a writer begins that found lines of another one. */
const GOES_ON: readonly unknown[] = ['audit.resumed', 'audit.torn']

/**
 * `countersign audit verify`: whether lines of an audit log were changed, taken out, put in, moved or cut off. Reads the files
 * alone: of the package that wrote them it shares nothing but the format (docs/audit-log.md).
 */
export async function verifyAudit(files: readonly string[], options: AuditVerifyOptions) {
  const keys = new Map(options.keyFile.map(keyFrom))
  const expected = options.expectHead === undefined ? undefined : placeFrom(options.expectHead)
  const parts = await Promise.all(files.map(async (file) => ({ file, from: await firstSeqOf(file) })))
  parts.sort((a, b) => a.from - b.from)
  const judge = judging(keys, expected, options)
  for (const { file } of parts) {
    let number = 0
    for await (const { bytes, isWhole } of linesOf(file)) judge.line(`${file}:${++number}`, bytes, isWhole)
  }
  const report = judge.end()
  const exit = report.faults.length === 0 ? EXIT.right : EXIT.wrong
  return { text: options.json ? `${JSON.stringify(report)}\n` : told(report), exit }
}

function judging(
  keys: ReadonlyMap<string, Buffer>,
  expected: Place | undefined,
  { whole, closed }: Pick<AuditVerifyOptions, 'whole' | 'closed'>,
) {
  const faults: Finding[] = []
  const notes: Finding[] = []
  let lines = 0
  let first: Place | undefined
  /** The last line whose HMAC was right. */
  let good: Place | undefined
  /** HMACs of the last lines, the newest first, right or wrong: what stands after a wrong line is not wrong for that. */
  let recent: readonly string[] = []
  /** A line that builds on none of these, and has a number too high: what the next one builds on tells why. */
  let ahead: Link | undefined
  /** Bytes that are no line of a chain; a line after them may vouch for them. */
  let stray: { readonly at: string; readonly bytes: Buffer; readonly isWhole: boolean } | undefined
  let lastReason: unknown
  /** Writers that went on where the one before had not closed. */
  let gaps = 0
  let isHeadSeen = false
  let lastAt = ''

  const fault = (at: string, what: string) => void faults.push({ at, what })

  function settle(link: Link | undefined): void {
    if (!stray) return
    const vouched = link?.says.torn_sha256 === createHash('sha256').update(stray.bytes).digest('base64url')
    if (vouched)
      notes.push({
        at: stray.at,
        what: 'half a line: the writer was stopped while it wrote; what it was to say is lost',
      })
    else if (!stray.isWhole)
      fault(stray.at, 'half a line at the end: the writer was stopped while it wrote, or the end was cut off')
    else fault(stray.at, 'no line of a chain: edited, or put in')
    stray = undefined
  }

  const fits = ({ key, covered, mac }: Link, before: string) => {
    const secret = keys.get(key)
    return (
      secret !== undefined &&
      createHmac('sha256', secret).update(`${before}\n`).update(covered).digest('base64url') === mac
    )
  }

  function begin(link: Link): void {
    const { at, seq, says } = link
    const prev = typeof says.prev === 'string' ? says.prev : ''
    if (!BEGINS.includes(says.reason)) {
      fault(at, `the lines before number ${seq} are missing: a file begins with a line that says what it follows`)
    } else if (!keys.has(link.key)) {
      fault(at, `written with the key ${link.key}, which was not given`)
    } else if (!fits(link, prev)) {
      fault(at, 'edited; or this is not the key that it was written with')
    } else {
      good = link
      if (seq > 0) {
        const where = `the log begins at number ${seq}: what came before was not given`
        if (whole) fault(at, where)
        else notes.push({ at, what: where })
      }
    }
    first = link
  }

  function follow(link: Link): void {
    const { at, seq, key, says } = link
    const due = (good?.seq ?? -1) + 1
    explain(link)
    if (recent.some((mac) => fits(link, mac))) {
      if (seq < due) fault(at, `number ${seq} after number ${due - 1}: moved, or repeated`)
      else good = link
    } else if (!keys.has(key)) {
      fault(at, `written with the key ${key}, which was not given`)
    } else if (seq === 0 && says.reason === 'audit.started' && fits(link, '')) {
      fault(at, 'another chain begins: nothing proves what stood between the two')
      good = link
    } else if (seq > due) {
      ahead = link
    } else {
      fault(at, seq === due ? 'edited, or put in' : `number ${seq} after number ${due - 1}: moved, or put in`)
    }
  }

  function explain(next: Link | undefined): void {
    if (!ahead) return
    const { at, seq, mac } = ahead
    const due = (good?.seq ?? -1) + 1
    if (next && good && fits(next, good.mac)) fault(at, `number ${seq} before number ${next.seq}: moved, or put in`)
    else if (next && fits(next, mac) && next.seq !== seq + 1)
      fault(at, `edited, or put in: it says that it is number ${seq}`)
    else fault(at, `${seq - due === 1 ? '1 line is' : `${seq - due} lines are`} missing before it, from number ${due}`)
    ahead = undefined
  }

  return {
    line(at: string, bytes: Buffer, isWhole: boolean): void {
      lines++
      lastAt = at
      const link = isWhole ? linkFrom(at, bytes) : undefined
      const isAfterClosed = lastReason === 'audit.closed'
      settle(link)
      if (!link) {
        stray = { at, bytes, isWhole }
        lastReason = undefined
        return
      }
      if (first) follow(link)
      else begin(link)
      recent = [link.mac, ...recent.slice(0, WINDOW - 1)]
      const isGood = good === link
      if (isGood && expected && link.seq === expected.seq) {
        isHeadSeen = true
        if (link.mac !== expected.mac)
          fault(at, `number ${link.seq} is not the one that was kept elsewhere: the log was written anew`)
      }
      lastReason = isGood ? link.says.reason : undefined
      if (!isGood) return
      if (GOES_ON.includes(link.says.reason) && !isAfterClosed && first !== link) {
        gaps++
        const gap =
          'a writer went on, and the one before had not closed the log: it was killed, or lines were cut off here'
        if (closed) fault(at, gap)
        else notes.push({ at, what: gap })
      }
      if (link.says.reason === 'audit.changed')
        fault(at, 'the writer itself found here that the file was not as it had left it')
      if (link.says.reason === 'audit.dropped')
        notes.push({ at, what: `${link.says.count} events were dropped here: the sink was behind` })
    },
    end() {
      settle(undefined)
      explain(undefined)
      if (lines === 0) fault('-', 'there is no line')
      if (expected && !isHeadSeen)
        fault(lastAt, `number ${expected.seq}, which was kept elsewhere, is not there: the end was cut off`)
      const isClosed = lastReason === 'audit.closed'
      if (!isClosed) {
        const open =
          'the log is not closed: it is being written, its writer was killed, or its end was cut off at a line'
        if (closed) fault(lastAt, open)
        else if (faults.length === 0) notes.push({ at: lastAt, what: open })
      }
      return {
        lines,
        ...(first && { first: first.seq }),
        ...(good && { head: `${good.seq}:${good.mac}` }),
        closed: isClosed,
        gaps,
        faults,
        notes,
      }
    },
  }
}

type Report = ReturnType<ReturnType<typeof judging>['end']>

function told({ lines, first, head, gaps, faults, notes }: Report): string {
  const sum = `${lines} lines${first === undefined ? '' : `, from number ${first}`}`
  const wrong = faults.map(({ at, what }) => `${styleText('red', '✗')} ${at}  ${what}`)
  const known = notes.map(({ at, what }) => `${styleText('yellow', '!')} ${at}  ${what}`)
  const end = head === undefined ? [] : [`head ${head}`]
  const shown =
    gaps === 0
      ? 'nothing between them was changed, taken out, put in or moved'
      : `nothing was changed, put in or moved; but at ${gaps === 1 ? '1 place' : `${gaps} places`} lines may have been cut off`
  const verdict =
    faults.length === 0
      ? styleText('green', `✓ ${sum}: ${shown}`)
      : styleText('red', `✗ ${sum}: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`)
  return `${[...wrong, ...known, verdict, ...end].join('\n')}\n`
}

/** The key's id, as lines name it, and its bytes. One line end after it, as editors leave it, is not part of it. */
function keyFrom(file: string): readonly [string, Buffer] {
  const bytes = readFileSync(file)
  const last = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? 2 : 1) : 0
  const key = bytes.subarray(0, bytes.length - last)
  if (key.length < 32)
    throw new Error(`${file} holds no key: at least 32 bytes, the same that \`chain: { key }\` was given`)
  return [createHmac('sha256', key).update('countersign audit key').digest('base64url').slice(0, 8), key]
}

function placeFrom(text: string): Place {
  const [, seq, mac] = /^(\d{1,15}):([\w-]{43})$/.exec(text) ?? []
  if (mac === undefined)
    throw new Error('--expect-head takes NUMBER:HMAC, as `log.health().head` and this command print it')
  return { seq: Number(seq), mac }
}
