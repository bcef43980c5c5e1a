import { createHash } from 'node:crypto'
import type { Engine, Row } from '@countersign/store/engine'
import type { Connection, Reply } from './connection.ts'
import { listen } from './listen.ts'
import { SCRIPTS } from './scripts.ts'

/** Changes that are read at once. */
const PAGE = 1_000

const scripts = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, text]) => [name, { text, sha: createHash('sha1').update(text).digest('hex') }]),
) as Readonly<Record<keyof typeof SCRIPTS, { readonly text: string; readonly sha: string }>>

/** Redis as an engine. All keys start with `{prefix}`: one hash tag. */
export function redisEngine(connection: Connection, listening: Connection, prefix: string): Engine {
  const keys = ['entries', 'order', 'ends', 'changes', 'version'].map((name) => `{${prefix}}:${name}`)
  const listener = listen(listening, `{${prefix}}:changes`)

  async function run(name: keyof typeof SCRIPTS, ...args: readonly string[]): Promise<Reply> {
    const { text, sha } = scripts[name]
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await connection.send(['EVALSHA', sha, ...rest])
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return connection.send(['EVAL', text, ...rest])
    }
  }

  return {
    name: 'Redis',

    async prepared() {
      const info = await connection.send(['INFO']).catch((error: Error) => {
        if (/^(NOPERM|ERR unknown command)/.test(error.message)) return '' // who may not ask is not told
        throw error
      })
      if (typeof info !== 'string') return true
      const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? ''
      if (policy.startsWith('allkeys'))
        throw new TypeError(
          `redisStore: this Redis throws away keys when its memory is full (maxmemory-policy ${policy}), revocations too; ` +
            'set noeviction, or use another Redis',
        )
      const version = Number(/^redis_version:(\d+)/m.exec(info)?.[1])
      if (version < 7) throw new TypeError(`redisStore: needs Redis 7 or newer, or Valkey; this is Redis ${version}`)
      return true
    },

    async migrate() {},

    async get(key, now) {
      const found = (await run('get', String(now), key)) as readonly [string, string] | null
      return found ? { value: found[1], version: found[0] } : undefined
    },

    async commit(writes, now) {
      const args = writes.flatMap(({ key, value, expected, expiresAt }) => [
        key,
        value ?? '',
        value === undefined ? '0' : '1',
        expected === undefined ? '*' : (expected ?? '-'),
        expiresAt === undefined ? '' : String(expiresAt),
      ])
      return (await run('commit', String(now), ...args)) === 1
    },

    async getAndDelete(key, now) {
      return ((await run('take', String(now), key)) as string | null) ?? undefined
    },

    async scan({ prefix: start, after, end, limit }, now) {
      const from =
        Buffer.compare(Buffer.from(after), Buffer.from(start)) >= 0 && after !== '' ? `(${after}` : `[${start}`
      const rows = await run('scan', String(now), from, end === undefined ? '+' : `(${end}`, String(limit))
      return (rows as readonly [string, string, string, string][]).map(([key, version, last, value]) =>
        rowOf(key, version, last, value),
      )
    },

    async changes(cursor) {
      const server = await connection.server()
      const from = versionIn(cursor, server)
      const [last, entries] = (await run('changes', from ?? '', String(PAGE))) as [string, [string, string[]][]]
      if (cursor === undefined) return { cursor: `${server} ${last}`, rows: [] }
      if (from === undefined) return undefined
      const rows = entries.map(([id, fields]) => changeOf(id.slice(0, id.indexOf('-')), fields))
      const more = rows.length === PAGE
      if (!isWhole(from, last, rows, more)) return undefined
      return { cursor: `${server} ${rows.at(-1)?.version ?? last}`, rows, more }
    },

    listen: listener.listen,

    isAnswer: (error) => error instanceof Error && error.message.startsWith('OOM '),

    reset() {
      connection.reset()
      listener.reset()
    },

    async close() {
      listener.close()
      connection.close()
    },
  }
}

/** The version of a cursor, where it is of this server: a replica that was promoted may lack the newest changes. */
function versionIn(cursor: string | undefined, server: string): string | undefined {
  const [of, version] = cursor?.split(' ') ?? []
  return of === server ? version : undefined
}

/** Whether no change between `from` and `last` is missing: trimmed off the stream, or lost with the data. */
function isWhole(from: string, last: string, rows: readonly Row[], more: boolean): boolean {
  if (from === last) return true
  const [first, final] = [rows[0]?.version, rows.at(-1)?.version]
  if (first === undefined || final === undefined || BigInt(first) !== BigInt(from) + 1n) return false
  return more || final === last
}

function changeOf(version: string, fields: readonly string[]): Row {
  const key = fields[1] as string
  const packed = fields[3]
  if (packed === undefined) return { key, value: undefined, version }
  const [, last = ''] = packed.split('|', 2) // version|ends|value
  const value = packed.slice(packed.indexOf('|', packed.indexOf('|') + 1) + 1)
  return rowOf(key, version, last, value)
}

function rowOf(key: string, version: string, last: string, value: string): Row {
  return { key, value, version, ...(last !== '' && { expiresAt: Number(last) }) }
}
