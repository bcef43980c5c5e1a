import type { ApiKeys } from '@countersign/api-keys'
import type { PasswordLogin } from '@countersign/passwords'
import { anyOf, apiKey, basic, bearer, policy } from '@countersign/policy'
import type { LocalIssuer } from '@countersign/tokens'
import type { User } from './users.ts'

/** Who may do what in the sample API: each route holds one of these. */
export function policiesOf(own: LocalIssuer, keys: ApiKeys, users: PasswordLogin<User>) {
  const realm = 'sample'
  const token = bearer(own, { realm })
  const any = anyOf(token, apiKey(keys, { realm, header: ['X-API-Key', 'apikey'] }), basic(users, { realm }))
  return {
    caller: policy({ name: 'caller', accept: any }),
    readPosts: policy({ name: 'read posts', accept: any, scopes: ['posts:read'] }),
    writePosts: policy({ name: 'write posts', accept: any, scopes: ['posts:write'] }),
    deletePosts: policy({
      name: 'delete posts',
      accept: any,
      allow: { anyOf: [{ scope: 'posts:delete' }, { role: 'admin' }] },
    }),
    session: policy({ name: 'session', accept: token }),
    manageKeys: policy({ name: 'manage keys', accept: token, scopes: ['keys:manage'] }),
  }
}

export type Policies = ReturnType<typeof policiesOf>
