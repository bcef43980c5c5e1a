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
  /** Deletes by `sid`, and only the subject's where one is given. Says whether there was one: `changes > 0`. */
  remove(sid: string, subject?: string): Maybe<boolean>
}

/** A row as `find` and `list` must give it. A database may name a column otherwise, or give a number as text. */
export function checkRow(row: SessionRow): SessionRow {
  for (const name of ['version', 'expiresAt'] as const)
    if (!Number.isSafeInteger(row[name]))
      throw new TypeError(
        `sessions: \`${name}\` of a row must be a whole number, got ${typeof row[name]}: name or convert the column`,
      )
  for (const name of ['handle', 'sid', 'subject', 'data'] as const)
    if (typeof row[name] !== 'string')
      throw new TypeError(
        `sessions: \`${name}\` of a row must be text, got ${typeof row[name]}: name or convert the column`,
      )
  return row
}

const digest = (text: string) => hash('sha256', text, 'base64url')
/** Rows of a subject that are read at once. */
const PAGE = 50

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
      const rows: SessionRow[] = []
      for (let after: string | undefined; ; ) {
        const page = await store.scan(ofSubject(subject), after, PAGE)
        const found = await Promise.all(page.map(([, { value }]) => find(value)))
        rows.push(...found.filter((row) => row !== undefined))
        await forget(page.filter((_, at) => found[at] === undefined).map(([key]) => key))
        after = page.at(-1)?.[0]
        if (page.length < PAGE) return rows
      }
    },
    async remove(sid, subject) {
      const entry = await store.get(sidKey(sid))
      if (!entry) return false
      const { handle, subject: whose } = JSON.parse(entry.value) as SessionRow
      if (subject !== undefined && subject !== whose) return false
      const isThere = (await find(handle)) !== undefined
      await store.commit([
        { key: sidKey(sid), value: undefined },
        { key: rowKey(handle), value: undefined },
        { key: ofSubject(whose) + digest(sid), value: undefined },
      ])
      return isThere
    },
  }

  /** Rows slide, their names stand until the session could end at the latest: those that are left are taken away here. */
  async function forget(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += 8)
      await store.commit(keys.slice(at, at + 8).map((key) => ({ key, value: undefined })))
  }
}
