// F09 and F10: the file of SQLite after kill -9 and with a cut log, and on a disk that is full.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOSTS } from '@sample/hosts'
import { type Fault, must, type Scope } from './fault.ts'
import { host } from './hosts.ts'
import { asBearer, ask, until } from './load.ts'
import { worker } from './workers.ts'

const SQLITE = 'store/src/sqlite.ts'

function newFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-faults-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const killed: Fault = {
  id: 'F09',
  on: 'SQLite, revocations',
  done: 'kill -9 while revocations are acknowledged one after the other, three times; the write-ahead log then ends in the middle of a frame',
  holds: 'the file opens, and every acknowledged revocation is refused',
  guards: [
    {
      what: 'a commit is acknowledged when it is in the file',
      changes: [
        { file: SQLITE, find: "database.exec('COMMIT')", replace: '' },
        {
          file: SQLITE,
          find: "database.exec('BEGIN IMMEDIATE')",
          replace:
            "if (!database.isTransaction) {\n        database.exec('BEGIN IMMEDIATE')\n        setTimeout(() => database.exec('COMMIT'), 50)\n      }",
        },
      ],
      bites: 'acknowledged revocations are lost',
    },
  ],
  unshown: [
    'PRAGMA synchronous = FULL: the kernel keeps what a killed process wrote; only a power cut would lose it, and no test here cuts power',
  ],
  async run(changes, scope) {
    const options = { address: `sqlite:${join(newFolder(scope), 'auth.db')}` }
    const file = options.address.slice('sqlite:'.length)
    let acknowledged = 0
    for (let round = 0; round < 3; round++) {
      const writer = await worker(options, changes, scope)
      const tokens = new Map<string, string>()
      for (let at = 0; at < 320; at++) {
        const token = (await writer.call('issue', 'anna')).value.access_token as string
        tokens.set(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti, token)
      }
      writer.call('revokeAll', [...tokens.keys()])
      const enough = await until(() => writer.output().split('\n').length > 100 + 50 * round, 10_000)
      if (!enough) throw new Error('no revocations were acknowledged')
      const ended = once(writer.child, 'close')
      writer.child.kill('SIGKILL')
      await ended
      const ids = writer
        .output()
        .split('\n')
        .filter((id) => tokens.has(id))
      const wal = readFileSync(`${file}-wal`)
      if (round > 0) appendFileSync(`${file}-wal`, wal.subarray(32, 32 + 24 + 1_000)) // a frame that the crash cut short
      const reader = await worker(options, changes, scope)
      const judged = await Promise.all(ids.map((id) => reader.call('verify', tokens.get(id))))
      const lost = judged.filter(({ value }) => value !== 'token.revoked').length
      must(
        lost === 0,
        `${lost} of ${ids.length} acknowledged revocations are lost (${judged.find(({ value }) => value !== 'token.revoked')?.value})`,
      )
      acknowledged += ids.length
      reader.child.kill('SIGKILL')
    }
    return `${acknowledged} acknowledged revocations in three rounds, all there`
  },
}

/** A disk of one megabyte. */
function tinyDisk(scope: Scope): string {
  const folder = newFolder(scope)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', folder])
  scope.defer(() => execFileSync('umount', ['-l', folder]))
  return folder
}

/** Takes all but so many bytes; returns how to give it back. */
function fill(folder: string, room: number): () => void {
  const ballast = join(folder, 'ballast')
  const file = openSync(ballast, 'w')
  try {
    for (const size of [4_096, 1_024, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    }
    ftruncateSync(file, fstatSync(file).size - room)
  } finally {
    closeSync(file)
  }
  return () => rmSync(ballast)
}

const post = (path: string, body: unknown, token?: string) => ({
  name: path,
  path,
  method: 'POST',
  body: JSON.stringify(body),
  ...(token !== undefined && { headers: asBearer(token) }),
})

const full: Fault = {
  id: 'F10',
  missing: process.getuid?.() === 0 ? undefined : 'root, to mount a disk of 1 MiB',
  on: 'express, SQLite on a disk of 1 MiB',
  done: 'sessions are refreshed while the disk fills up; login, refresh and logout on the full disk; then there is room again',
  holds:
    'writes are 503, what only reads goes on; every refresh token that was given is stored; it recovers without a restart',
  guards: [
    {
      what: 'a transaction that failed is an error',
      changes: [
        {
          file: SQLITE,
          find: "if (database.isTransaction) database.exec('ROLLBACK')\n        throw error",
          replace: "if (database.isTransaction) database.exec('ROLLBACK')\n        return true as never",
        },
      ],
      bites: 'on the full disk got 200',
    },
  ],
  unshown: [
    'a file that is read-only: root may write to it, and CI runs as root; SQLite says READONLY in place of FULL, and both are `Unavailable`',
  ],
  async run(changes, scope) {
    const disk = tinyDisk(scope)
    const { port, login } = await host(
      HOSTS.express as string,
      changes,
      { STORE: `sqlite:${join(disk, 'sample.db')}`, REFRESH_GRACE: '0' },
      scope,
    )
    const given: string[] = []
    const { access_token, refresh_token } = await login('admintak', 'pwdforapitest')
    given.push(refresh_token)
    const other = (await login('admintak', 'pwdforapitest')).access_token // a logout may end its session and fail then
    const empty = fill(disk, 65_536)
    const seen: string[] = []
    // The log may still have room: refreshed until it has none.
    for (let at = 0; at < 500 && !seen.includes('503'); at++) {
      const one = await ask(port, post('/refresh', { refresh_token: given.at(-1) }))
      seen.push(`${one.status}`)
      if (one.status === 200) given.push(JSON.parse(one.body).refresh_token)
    }
    const before = given.length
    for (const what of [
      post('/login', { username: 'admintak', password: 'pwdforapitest' }),
      post('/refresh', { refresh_token: given.at(-1) }),
      post('/logout', {}, other),
    ]) {
      const { status, body } = await ask(port, what)
      must(status === 503 && body.includes('temporarily_unavailable'), `${what.path} on the full disk got ${status}`)
    }
    const me = await ask(port, { name: 'me', path: '/me', headers: asBearer(access_token) })
    must(me.status === 200, `what only reads got ${me.status}`)
    empty()
    const alive = await ask(port, post('/refresh', { refresh_token: given.at(-1) }))
    must(alive.status === 200, `the refresh token that was given last got ${alive.status}: it was not stored`)
    const again = await ask(port, post('/login', { username: 'admintak', password: 'pwdforapitest' }))
    must(again.status === 200, `a login with room again got ${again.status}`)
    return `${before - 1} refreshes, then 503 for login, refresh and logout, 200 for /me; the last token given lives`
  },
}

export const disks: readonly Fault[] = [killed, full]
