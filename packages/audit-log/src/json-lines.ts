import { accessSync, constants, statSync } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { checkOptions } from '@countersign/http'
import { type Chain, type ChainOptions, chainBy } from './chain.ts'
import { ownEvent, type Writer } from './event.ts'
import type { AuditSink, ChainHead } from './sink.ts'
import { endOf } from './tail.ts'
import { lockFor } from './writer-lock.ts'

export interface JsonLinesOptions {
  /** A file that would grow beyond this gets a number and a new one begins: bytes, at least 1,024. Default 100 MiB. */
  readonly maxBytes?: number
  /** How many such files are kept, `FILE.1` the newest; 0 to 1,000. Default 10. */
  readonly files?: number
  /** Waits until the disk has each batch. Default false: what the system holds survives this process, not the machine. */
  readonly fsync?: boolean
  /** Links each line to the one before, so that `npx countersign audit verify` finds what was changed. One process a file. */
  readonly chain?: ChainOptions
}

const OPTIONS = ['maxBytes', 'files', 'fsync', 'chain'] as const
/** Made readable for its owner alone. */
const MODE = 0o600

/**
 * A file with one event a line. It is appended to, numbered when it is full, and made anew when somebody moved it away. Throws
 * where its folder is not there, or where another process of this machine writes the same chained file, and a TypeError for a
 * wrong option.
 */
export function jsonLines(path: string, options: JsonLinesOptions = {}): AuditSink {
  const { file, maxBytes, files, fsync, chain } = checked(path, options)
  const unlock = chain ? lockFor(file) : () => {}
  let writer: Writer
  let handle: FileHandle | undefined
  /** Bytes of the file that are whole lines of ours; what is beyond is of a write that failed. */
  let size = 0
  let inode = 0n
  let isRegular = true
  let isDirty = false
  let isWarned = false
  let head: ChainHead | undefined
  /** What the next write begins with. */
  let opening: Opening | undefined

  async function begin(): Promise<void> {
    const opened = await open(file, 'a+', MODE)
    handle = opened
    const found = await opened.stat({ bigint: true })
    isRegular = found.isFile()
    inode = found.ino
    size = isRegular ? Number(found.size) : 0
    isDirty = false
    if (!isRegular) opening ??= chain && { reason: 'audit.started' }
    else if (chain) opening = await placeIn(opened)
    else if ((await endOf(opened, size)).torn) isDirty = true
  }

  /** Where the chain goes on: from this process's own end, or from the last line that another one left. */
  async function placeIn(opened: FileHandle): Promise<Opening> {
    const end = await endOf(opened, size)
    if (head) return { reason: 'audit.continued', prev: head, ...(end.torn && { torn: end.torn }) }
    const before = end.head ?? (size === 0 ? await endOfNumbered() : undefined)
    head = before
    if (end.torn) return { reason: 'audit.torn', torn: end.torn, ...(before && { prev: before }) }
    return before ? { reason: 'audit.resumed', prev: before } : { reason: 'audit.started' }
  }

  /** Between a full file's new name and the new file's first line a process may have ended. */
  async function endOfNumbered(): Promise<ChainHead | undefined> {
    const last = await open(`${file}.1`, 'r').catch(() => undefined)
    if (!last) return undefined
    try {
      return (await endOf(last, (await last.stat()).size)).head
    } finally {
      await last.close()
    }
  }

  async function append(texts: readonly string[]): Promise<void> {
    let next = head
    let text = opening?.torn || (isDirty && !chain && (await isBroken())) ? '\n' : ''
    const add = (line: string) => {
      if (!chain) return (text += `${line}\n`)
      const linked = chain.link(line, next)
      next = linked.head
      return (text += `${linked.line}\n`)
    }
    if (chain && opening) add(JSON.stringify(openingLine(writer, opening)))
    for (const line of texts) add(line)
    const bytes = Buffer.from(text)
    if (size > 0 && size + bytes.length > maxBytes && isRegular && !opening) {
      await number()
      return append(texts)
    }
    const to = handle as FileHandle
    // What a write that failed left behind is no line.
    if (isDirty && chain && isRegular) await to.truncate(size)
    isDirty = true
    await to.appendFile(bytes)
    if (fsync) await to.datasync()
    if (!chain && isRegular) size = (await to.stat()).size
    else size += bytes.length
    isDirty = false
    head = next
    opening = undefined
  }

  /** Whether a write that failed left half a line, which must not become the head of the next. */
  async function isBroken(): Promise<boolean> {
    const to = handle as FileHandle
    return isRegular && (await endOf(to, (await to.stat()).size)).torn !== undefined
  }

  /** FILE.1 becomes FILE.2 and so on, FILE becomes FILE.1, and FILE begins again. */
  async function number(): Promise<void> {
    await handle?.close()
    handle = undefined
    if (files > 0) await rm(`${file}.${files}`, { force: true })
    for (let at = files - 1; at >= 1; at--) await moved(`${file}.${at}`, `${file}.${at + 1}`)
    if (files === 0) await rm(file)
    else await rename(file, `${file}.1`)
    await begin()
  }

  /** Another file under the name, or other bytes in it than ours: somebody was there. */
  async function lookAround(): Promise<void> {
    if (!handle) return begin()
    if (!isRegular) return
    const there = await stat(file, { bigint: true }).catch(() => undefined)
    if (there?.ino !== inode) {
      await handle.close()
      handle = undefined
      return begin()
    }
    if (!chain || isDirty || Number(there.size) === size) return
    const end = await endOf(handle, Number(there.size))
    size = Number(there.size)
    warnChanged()
    opening = { reason: 'audit.changed', ...(head && { prev: head }), ...(end.torn && { torn: end.torn }) }
  }

  function warnChanged(): void {
    if (isWarned) return
    isWarned = true
    process.emitWarning(
      `${file} was not as it had been left: cut, or written into by another process. A chain is one process's: ` +
        'one file a process, such as audit.PID.log',
      { code: 'COUNTERSIGN_AUDIT_CHANGED' },
    )
  }

  /** One after the other: a log that is closed while a write hangs must not write beside it. */
  let turn: Promise<void> = Promise.resolve()
  function inTurn(act: () => Promise<void>): Promise<void> {
    const mine = turn.then(act)
    turn = mine.catch(() => {})
    return mine
  }

  return {
    open: (about) =>
      inTurn(async () => {
        writer = about
        if (!handle) await begin()
        if (chain) await append([])
      }),
    write: (lines) =>
      inTurn(async () => {
        await lookAround()
        await append(lines.map(({ text }) => text))
      }),
    close: (isComplete) =>
      inTurn(async () => {
        try {
          if (!handle) return
          if (chain && isComplete) {
            await lookAround()
            await append([JSON.stringify(ownEvent(writer, 'sys_monitor_disabled', 'audit.closed'))])
          }
          await handle.close()
          handle = undefined
        } finally {
          unlock()
        }
      }),
    head: () => head,
  }
}

interface Opening {
  readonly reason: 'audit.started' | 'audit.resumed' | 'audit.continued' | 'audit.torn' | 'audit.changed'
  readonly prev?: ChainHead
  /** SHA-256 of the bytes before it that are no line. */
  readonly torn?: string
}

/** The line that says how a chain, or a file of one, begins. */
function openingLine(writer: Writer, { reason, prev, torn }: Opening): object {
  return {
    ...ownEvent(writer, 'sys_monitor_enabled', reason),
    ...(prev && { prev: prev.mac }),
    ...(torn && { torn_sha256: torn }),
  }
}

async function moved(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
}

interface Checked {
  readonly file: string
  readonly maxBytes: number
  readonly files: number
  readonly fsync: boolean
  readonly chain: Chain | undefined
}

function checked(path: string, options: JsonLinesOptions): Checked {
  checkOptions('jsonLines()', options, OPTIONS)
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new TypeError("jsonLines() takes the name of a file, such as 'audit.log'")
  const { maxBytes = 100 * 1024 ** 2, files = 10, fsync = false, chain } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1024)
    throw new TypeError('jsonLines(): `maxBytes` must be a whole number, at least 1024')
  if (!Number.isInteger(files) || files < 0 || files > 1000)
    throw new TypeError('jsonLines(): `files` must be a whole number from 0 to 1000')
  if (typeof fsync !== 'boolean') throw new TypeError('jsonLines(): `fsync` must be true or false')
  if (chain !== undefined) checkOptions('chain', chain, ['key'])
  const file = resolve(path)
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK)
  } catch {
    throw new TypeError(`jsonLines(): the folder ${dirname(path)} is not there, or may not be written to: make it`)
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new TypeError(`jsonLines(): ${path} is a folder: name a file in it`)
  return { file, maxBytes, files, fsync, chain: chain && chainBy(chain) }
}
