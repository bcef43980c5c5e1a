import type { Changes, Engine, Row } from '@countersign/store/engine'
import { type Connections, isAnswer } from './connections.ts'
import { listen } from './listen.ts'
import { migration } from './migration.ts'

/** How long, in milliseconds by the database's clock, a cursor is good for: far less than changes are kept. */
const CURSOR_FOR = 60_000
/** Changes that are read at once; more are no less to read than all there is. */
const MOST = 10_000
/** Milliseconds that making the tables may take. */
const MIGRATING = 4_500

interface Stored {
  readonly key: string
  readonly value: string | null
  readonly version: string
  readonly expires_at: string | null
}
interface Found {
  readonly missing: boolean
  readonly encoding: string
  readonly isolation: string
  readonly version: number
}
interface Changed extends Omit<Stored, 'key'> {
  readonly key: string | null
  readonly snapshot: string
  readonly server: string
  readonly at: string
}

/** Where in the changes a watcher is: what it has seen, of which start of which server, and when that was there. */
interface Cursor {
  readonly snapshot: string
  readonly server: string
  readonly at: number
}

const FOUND = `SELECT to_regprocedure('countersign_commit(jsonb, bigint, int)') IS NULL
    OR to_regprocedure('countersign_take(text, bigint, int)') IS NULL OR to_regclass('countersign_version') IS NULL
    OR to_regclass('countersign_entries') IS NULL OR to_regclass('countersign_changes') IS NULL AS missing,
  current_setting('server_encoding') AS encoding, current_setting('transaction_isolation') AS isolation, current_setting('server_version_num')::int AS version`
const COMMIT = 'SELECT countersign_commit($1, $2, $3) AS done'
const TAKE = 'SELECT countersign_take($1, $2, $3) AS taken'
const GET = `SELECT value, version FROM countersign_entries WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2)`
const SCAN = `SELECT key, value, version, expires_at FROM countersign_entries
  WHERE key >= $1 AND key > $2 AND ($3::text IS NULL OR key < $3) AND (expires_at IS NULL OR expires_at > $4)
  ORDER BY key LIMIT $5`
const NOW = `SELECT pg_current_snapshot()::text AS snapshot, pg_postmaster_start_time()::text AS server,
  (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at`
/** What the snapshot of now shows and that of the cursor did not: however long a transaction took, it is in one of the two. */
const CHANGES = `SELECT here.*, c.key, c.value, c.version, c.expires_at FROM (${NOW}) AS here
  LEFT JOIN countersign_changes c
    ON c.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(c.xid, $1::pg_snapshot)
  ORDER BY c.version LIMIT $2`

/** PostgreSQL as an engine. `lockTimeout`: milliseconds to wait for another's transaction. */
export function postgresEngine(connections: Connections, lockTimeout: number): Engine {
  const { ask } = connections
  const listener = listen(connections)
  let telling: Promise<unknown> | undefined

  /** Wakes the other processes. Of many commits at once, one does it for all. */
  function tell(): void {
    telling ??= new Promise(setImmediate).then(() => {
      telling = undefined
      return ask(`SELECT pg_notify('countersign', '')`).catch(() => {}) // they ask by themselves, only later
    })
  }

  return {
    name: 'PostgreSQL',

    async prepared() {
      const [found] = await ask<Found>(FOUND)
      if (found && found.version < 130_000)
        throw new TypeError(
          `postgresStore: needs PostgreSQL 13 or newer; this is ${Math.floor(found.version / 10_000)}`,
        )
      if (found && found.encoding !== 'UTF8')
        throw new TypeError(`postgresStore: the database must be encoded in UTF8; this one is in ${found.encoding}`)
      if (found && found.isolation !== 'read committed')
        throw new TypeError(
          `postgresStore: transactions must be "read committed" by default, not "${found.isolation}"; what waits for a lock must see what the other wrote`,
        )
      return found?.missing === false
    },

    async migrate() {
      await ask(migration, undefined, MIGRATING)
    },

    async get(key, now) {
      const [row] = await ask<Stored>(GET, [key, now])
      return row && { value: row.value as string, version: row.version }
    },

    async commit(writes, now) {
      const rows = writes.map(({ key, value, expected, expiresAt }) => ({
        key,
        value: value ?? null,
        expected: expected ?? null,
        checked: expected !== undefined,
        expires_at: expiresAt ?? null,
      }))
      const [row] = await ask<{ done: boolean }>(COMMIT, [JSON.stringify(rows), now, lockTimeout])
      if (row?.done) tell()
      return row?.done === true
    },

    async getAndDelete(key, now) {
      const [row] = await ask<{ taken: string | null }>(TAKE, [key, now, lockTimeout])
      if (row?.taken == null) return undefined
      tell()
      return row.taken
    },

    async scan({ prefix, after, end: below, limit }, now) {
      return (await ask<Stored>(SCAN, [prefix, after, below ?? null, now, limit])).map(rowOf)
    },

    async changes(text) {
      if (text === undefined) {
        const [here] = await ask<Changed>(NOW)
        return here && { cursor: cursorOf(here), rows: [] }
      }
      const cursor = JSON.parse(text) as Cursor
      const rows = await ask<Changed>(CHANGES, [cursor.snapshot, MOST + 1])
      const [here] = rows
      if (rows.length > MOST) return undefined
      return here && follows(here, cursor) ? changesOf(here, rows) : undefined
    },

    listen: listener.listen,
    isAnswer,

    reset() {
      connections.reset()
      listener.reset()
    },

    async close() {
      await telling
      listener.close()
      await connections.close()
    },
  }
}

/** False after a restart or a failover, and when the cursor is so old that what came after it may be gone. */
function follows(here: Changed, cursor: Cursor): boolean {
  const age = Number(here.at) - cursor.at
  return here.server === cursor.server && Math.abs(age) <= CURSOR_FOR
}

function cursorOf({ snapshot, server, at }: Changed): string {
  return JSON.stringify({ snapshot, server, at: Number(at) } satisfies Cursor)
}

function changesOf(here: Changed, rows: readonly Changed[]): Changes {
  return {
    cursor: cursorOf(here),
    rows: rows.flatMap((row) => (row.key === null ? [] : [rowOf({ ...row, key: row.key })])),
  }
}

function rowOf({ key, value, version, expires_at }: Stored): Row {
  return { key, value: value ?? undefined, version, ...(expires_at !== null && { expiresAt: Number(expires_at) }) }
}
