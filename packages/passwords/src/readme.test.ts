// The examples of README.md, run.
import { subscribe } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import { verifyPassword } from './index.ts'

// What README.md shows begins here.

import { hashPassword, passwordLogin } from '@countersign/passwords'

// Your user table: `find` gives the row with its hash, `upgrade` stores a better hash after a login.
const django = 'pbkdf2_sha256$600000$seasalt2$lInljIn1IzIzniisQWjsE7ejYNfdRm52ce0LhNe9yf0=' // an older one
const rows = [
  { username: 'ada', subject: 'user-1', passwordHash: await hashPassword('correct horse'), scopes: ['posts:read'] },
  { username: 'bob', subject: 'user-2', passwordHash: django, scopes: [] },
]
const table = new Map(rows.map((user) => [user.username, user]))
const users = passwordLogin({
  find: (name) => table.get(name),
  upgrade: (user, passwordHash) => void table.set(user.username, { ...user, passwordHash }),
})

const user = await users.require({ username: 'ada', password: 'correct horse' }) // else throws: 401, 503
console.log(user.subject, user.scopes)

// What README.md shows of a hash in no listed format.

import { scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** `crypto.scrypt(password, salt, 64)`, as Node's own options make it: the salt was text, the hash is hex. */
const asWerkzeug = (salt: string, hex: string) => `scrypt:16384:8:1$${salt}$${hex}`

const derive = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>

/** A row of before, whose salt was bytes: judged by you, once. Then it is replaced. */
async function loginBefore(row: { salt: string; hash: string }, password: string): Promise<string | undefined> {
  const stored = Buffer.from(row.hash, 'hex')
  if (stored.length < 32) return undefined // nothing is the hash of nothing
  const right = timingSafeEqual(await derive(password, Buffer.from(row.salt, 'hex'), stored.length), stored)
  return right ? hashPassword(password) : undefined // store this as passwordHash, and delete the old hash
}

test('a login, and an older hash that a login replaces', async () => {
  expect(user).toEqual({ username: 'ada', subject: 'user-1', scopes: ['posts:read'] })
  await users.require({ username: 'bob', password: 'battery staple' })
  expect(table.get('bob')?.passwordHash).toMatch(/^\$argon2id\$/)
})

describe('a hash of crypto.scrypt', () => {
  const password = 'correct horse'
  const nodes = promisify(scrypt) as (password: string, salt: string | Buffer, length: number) => Promise<Buffer>

  test('with a salt that was text is read as it stands, in the words of werkzeug', async () => {
    const salt = 'b3d1f60c5a7e48929f0e7c1d2a6b8453'
    const hash = asWerkzeug(salt, (await nodes(password, salt, 64)).toString('hex'))
    expect([await verifyPassword(password, hash), await verifyPassword('wrong', hash)]).toEqual([true, false])
  })

  test('with a salt of bytes, or of another length, is judged once and replaced', async () => {
    const salt = 'b3d1f60c5a7e48929f0e7c1d2a6b8453'
    const hash = (await nodes(password, Buffer.from(salt, 'hex'), 32)).toString('hex')
    expect(await loginBefore({ salt, hash }, 'wrong')).toBeUndefined()
    expect(await loginBefore({ salt, hash: '' }, password)).toBeUndefined()
    const better = await loginBefore({ salt, hash }, password)
    expect(await verifyPassword(password, better ?? '')).toBe(true)
  })

  test('that nobody converted is a wrong password, and told', async () => {
    const told: unknown[] = []
    subscribe('countersign:unreadable-hash', (event) => void told.push(event))
    const unread = passwordLogin({ find: () => ({ subject: 'user-3', passwordHash: 'b3d1:9f0e' }) })
    expect(await unread.verify({ username: 'eve', password })).toMatchObject({ code: 'invalid_credentials' })
    expect(told).toMatchObject([{ type: 'unreadable_hash', subject: 'user-3', reason: 'format' }])
  })
})
