import { hash } from 'node:crypto'
import type { Maybe } from '@countersign/http'
import type { StoreLike } from './store-like.ts'

/**
 * One session as it is stored: a row of `@countersign/store`, or of a table of yours with these columns. No secret in
 * it. `data` is for the issuer alone; `expiresAt` is in epoch milliseconds, and rows past it may be deleted.
 */
export interface SessionRow {
  /** Unique: by this a refresh token finds its session. */
  readonly handle: string
  /** Unique: the public name. */
  readonly sid: string
  readonly subject: string
  /** Grows by one with each change. */
  readonly version: number
  readonly expiresAt: number
  readonly data: string
}

/** Where sessions live. Five statements over one table; each must be atomic. */
export interface SessionTable {
  /** `endsAt`: epoch milliseconds after which no change will make the row live on. */
  insert(row: SessionRow, endsAt: number): Maybe<unknown>
  find(handle: string): Maybe<SessionRow | undefined | null>
  /** Puts `after` in the place of `before` if that has not changed (`WHERE handle = … AND version = before.version`); else false. */
  replace(before: SessionRow, after: SessionRow): Maybe<boolean>
  list(subject: string): Maybe<readonly SessionRow[]>
  /** Deletes by `sid`; nothing when there is none. */
  remove(sid: string): Maybe<unknown>
}

const digest = (text: string) => hash('sha256', text, 'base64url')
/** Sessions of a subject that are listed. */
const LISTED = 1_000

/** The table that an issuer uses unless it is given one: three entries a session. */
export function storedSessions(store: StoreLike, prefix: string): SessionTable {
  const rowKey = (handle: string) => `${prefix}family:${handle}`
  const sidKey = (sid: string) => `${prefix}session:${digest(sid)}`
  const ofSubject = (subject: string) => `${prefix}subject:${digest(subject)}:`
  const versions = new WeakMap<SessionRow, string>()

  async function find(handle: string): Promise<SessionRow | undefined> {
    const entry = await store.get(rowKey(handle))
    if (!entry) return undefined
    const row = JSON.parse(entry.value) as SessionRow
    versions.set(row, entry.version)
    return row
  }

  return {
    insert(row, endsAt) {
      const { handle, sid, subject, expiresAt } = row
      return store.commit([
        { key: rowKey(handle), value: JSON.stringify(row), expiresAt },
        { key: sidKey(sid), value: JSON.stringify({ handle, subject }), expiresAt: endsAt },
        { key: ofSubject(subject) + digest(sid), value: handle, expiresAt: endsAt },
      ])
    },
    find,
    replace(before, after) {
      const expected = versions.get(before)
      if (expected === undefined) throw new TypeError('replace takes a row that find returned')
      const { handle, expiresAt } = after
      return store.commit([{ key: rowKey(handle), value: JSON.stringify(after), expected, expiresAt }])
    },
    async list(subject) {
      const found = await store.scan(ofSubject(subject), undefined, LISTED)
      const rows = await Promise.all(found.map(([, { value }]) => find(value)))
      return rows.filter((row) => row !== undefined)
    },
    async remove(sid) {
      const entry = await store.get(sidKey(sid))
      if (!entry) return
      const { handle, subject } = JSON.parse(entry.value) as SessionRow
      await store.commit([
        { key: sidKey(sid), value: undefined },
        { key: rowKey(handle), value: undefined },
        { key: ofSubject(subject) + digest(sid), value: undefined },
      ])
    },
  }
}
