import type { DatabaseSync } from 'node:sqlite'
import type { StoredUser } from '@countersign/passwords'

/** What a login gets, by role. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  admin: ['posts:read', 'posts:write', 'posts:delete', 'keys:manage'],
  author: ['posts:read', 'posts:write', 'keys:manage'],
  reader: ['posts:read'],
}

export interface User extends StoredUser {
  readonly username: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
}

export type Users = ReturnType<typeof usersIn>

/** The user table. */
export function usersIn(database: DatabaseSync) {
  const byName = database.prepare('SELECT id, username, password, roles FROM users WHERE username = ?')
  const byId = database.prepare('SELECT username FROM users WHERE id = ?')
  const put = database.prepare(
    'INSERT INTO users (id, username, password, roles) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET username = excluded.username, password = excluded.password, roles = excluded.roles',
  )
  const setPassword = database.prepare('UPDATE users SET password = ? WHERE id = ? AND password = ?')
  const users = {
    /** By id. */
    get(id: string): User | undefined {
      const row = byId.get(id) as { username: string } | undefined
      return row && users.find(row.username)
    },
    find(username: string): User | undefined {
      const row = byName.get(username) as { id: string; username: string; password: string; roles: string } | undefined
      if (!row) return undefined
      const roles = row.roles.split(' ')
      return {
        subject: row.id,
        username: row.username,
        passwordHash: row.password,
        roles,
        scopes: [...new Set(roles.flatMap((role) => SCOPES[role] ?? []))],
      }
    },
    upgrade(user: User, passwordHash: string): void {
      setPassword.run(passwordHash, user.subject, user.passwordHash)
    },
    put(id: string, username: string, passwordHash: string, roles: readonly string[]): void {
      put.run(id, username, passwordHash, roles.join(' '))
    },
  }
  return users
}
