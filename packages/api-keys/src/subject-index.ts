import { hash } from 'node:crypto'
import type { Store, Write } from '@countersign/store'
import { endOf, isLive, type KeyRecord, readRecord, recordKey } from './key-record.ts'

/** Keys that a subject may have. Each stands in a numbered place, so that no race of makers exceeds it. */
const PLACES = 100

interface TakenPlace {
  readonly number: number
  readonly id: string
  readonly version: string
}

export interface FreePlace {
  readonly number: number
  /** The version of what stands there now, or null when nothing does. */
  readonly expected: string | null
  /** What the newcomer replaces: the record of a key that ended. So whoever finds a record finds its place kept. */
  readonly replaced: readonly Write[]
}

/** The places that a subject's keys stand in. */
export async function placesOf(store: Pick<Store, 'scan'>, subject: string): Promise<readonly TakenPlace[]> {
  const prefix = prefixOf(subject)
  const found = await store.scan(prefix, undefined, PLACES)
  return found.map(([key, { value, version }]) => ({ number: Number(key.slice(prefix.length)), id: value, version }))
}

/** A place for one more key: an empty one, else that of a key that ended. Undefined: all hold live keys. */
export async function freePlace(
  store: Pick<Store, 'scan' | 'get'>,
  subject: string,
  now: number,
): Promise<FreePlace | undefined> {
  const taken = await placesOf(store, subject)
  const numbers = new Set(taken.map(({ number }) => number))
  const empty = Array.from({ length: PLACES }, (_, number) => number).filter((number) => !numbers.has(number))
  // Any of them: concurrent makers seldom meet.
  const number = empty[Math.floor(Math.random() * empty.length)]
  if (number !== undefined) return { number, expected: null, replaced: [] }
  for (const { number, id, version } of taken) {
    const entry = await store.get(recordKey(id))
    if (entry && isLive(readRecord(id, entry).record, now)) continue
    return { number, expected: version, replaced: [{ key: recordKey(id), value: undefined }] }
  }
  return undefined
}

/** One write of `api-key-of:<subject>:<place>` → id. It is forgotten with the record. */
export function writePlace(id: string, record: KeyRecord): Write {
  return { key: placeKey(record), value: id, ...endOf(record) }
}

function placeKey({ subject, place }: KeyRecord): string {
  return `${prefixOf(subject)}${`${place}`.padStart(2, '0')}`
}

/** A subject may hold any character and be long: its digest is neither. */
function prefixOf(subject: string): string {
  return `api-key-of:${hash('sha256', subject, 'base64url')}:`
}
