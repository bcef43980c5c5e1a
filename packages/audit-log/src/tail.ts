import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { placeOf } from './chain.ts'
import type { ChainHead } from './sink.ts'

/** Longer than any line that is written here. */
const LOOK = 64 * 1024

export interface End {
  /** Of the last line that has a place in a chain. */
  readonly head?: ChainHead
  /** SHA-256 of what comes after the last line end: a write that broke off. */
  readonly torn?: string
}

/** How a file ends. Looks at its last 64 KiB. */
export async function endOf(handle: FileHandle, size: number): Promise<End> {
  const length = Math.min(size, LOOK)
  if (length === 0) return {}
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
  const bytes = buffer.subarray(0, bytesRead)
  const last = bytes.lastIndexOf(0x0a)
  const rest = bytes.subarray(last + 1)
  const lines = bytes
    .subarray(0, last + 1)
    .toString('utf8')
    .split('\n')
  const head = lines
    .reverse()
    .map(placeOf)
    .find((place) => place !== undefined)
  return {
    ...(head && { head }),
    ...(rest.length > 0 && { torn: createHash('sha256').update(rest).digest('base64url') }),
  }
}
