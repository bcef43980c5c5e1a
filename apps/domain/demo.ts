import type { ApiKeys } from '@countersign/api-keys'
import { hashPassword, verifyPassword } from '@countersign/passwords'
import type { Users } from './users.ts'

/** The demo users of SAMPLE-API. Not secret: they exist only where DEMO=1 asked for them. */
export const DEMO_USERS = [
  { id: 'usr_admintak', username: 'admintak', password: 'pwdforapitest', roles: ['admin'] },
  { id: 'usr_admintak01', username: 'admintak01', password: 'pwdforapitest01', roles: ['author'] },
  { id: 'usr_admintak02', username: 'admintak02', password: 'pwdforapitest02', roles: ['reader'] },
  { id: 'usr_test', username: 'test', password: '123£', roles: ['reader'] },
] as const

const KEY = { subject: 'usr_admintak01', name: 'demo', scopes: ['posts:read', 'posts:write'] } as const

/** Seeds the demo users, revokes the demo key of the start before, and makes a new one: the one secret ever printed. */
export async function seedDemo(users: Users, keys: ApiKeys): Promise<string> {
  await Promise.all(
    DEMO_USERS.map(async ({ id, username, password, roles }) => {
      const known = users.find(username)
      if (known?.subject === id && (await verifyPassword(password, known.passwordHash))) return
      users.put(id, username, await hashPassword(password), roles)
    }),
  )
  for (const { id, name } of await keys.list(KEY.subject)) if (name === KEY.name) await keys.revoke(id)
  const { key } = await keys.create(KEY)
  return key
}
