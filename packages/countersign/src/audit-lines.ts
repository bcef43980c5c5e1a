import { createReadStream } from 'node:fs'

export interface Place {
  readonly seq: number
  readonly mac: string
}

/** A line as it stands in the file, by what it says of itself: nothing of it is believed before its HMAC is right. */
export interface Link extends Place {
  readonly at: string
  readonly key: string
  /** The bytes that the HMAC covers. */
  readonly covered: Buffer
  readonly says: Readonly<Record<string, unknown>>
}

const LONGEST = 64 * 1024
const END = /^,"seq":(\d{1,15}),"key":"([\w-]{8})","mac":"([\w-]{43})"\}$/
const END_LENGTH = ',"seq":000000000000000,"key":"xxxxxxxx","mac":""}'.length + 43
const MAC_LENGTH = ',"mac":""}'.length + 43

/** What a line says of itself; `undefined` for one that has no place in a chain. */
export function linkFrom(at: string, bytes: Buffer): Link | undefined {
  const text = bytes.subarray(Math.max(0, bytes.length - END_LENGTH)).toString('latin1')
  const [, seq, key, mac] = END.exec(text.slice(Math.max(0, text.lastIndexOf(',"seq":')))) ?? []
  if (seq === undefined || key === undefined || mac === undefined) return undefined
  try {
    const says = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    const covered = bytes.subarray(0, bytes.length - MAC_LENGTH)
    return { at, seq: Number(seq), key, mac, covered, says }
  } catch {
    return undefined
  }
}

/** Lines by their bytes: what stands after the last line end is not whole, nor is one that is too long. */
export async function* linesOf(file: string): AsyncGenerator<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let bytes = Buffer.concat([rest, chunk])
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a)) {
      yield { bytes: bytes.subarray(0, end), isWhole: true }
      bytes = bytes.subarray(end + 1)
    }
    if (bytes.length > LONGEST) throw new Error(`${file} is no audit log: a line of it is longer than ${LONGEST} bytes`)
    rest = Buffer.from(bytes)
  }
  if (rest.length > 0) yield { bytes: rest, isWhole: false }
}

/** For the order of files. */
export async function firstSeqOf(file: string): Promise<number> {
  for await (const { bytes } of linesOf(file)) {
    const link = linkFrom(file, bytes)
    if (link) return link.seq
  }
  return Number.POSITIVE_INFINITY
}
