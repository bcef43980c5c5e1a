import type { ApiKeys } from '@countersign/api-keys'
import type { PasswordLogin } from '@countersign/passwords'
import { anyOf, apiKey, basic, bearer, type Condition, policy } from '@countersign/policy'
import type { LocalIssuer } from '@countersign/tokens'
import { OAUTH_CLIENTS } from './oauth.ts'
import type { User } from './users.ts'

/** Who may do what in the sample API: each route holds one of these. */
export function policiesOf(
  own: LocalIssuer,
  keys: ApiKeys,
  users: PasswordLogin<User>,
  onRecord: readonly Condition[],
) {
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
      conditions: onRecord,
    }),
    session: policy({ name: 'session', accept: token }),
    // An application that was let in by somebody is not them: their sessions are no business of its.
    account: policy({
      name: 'account',
      accept: token,
      conditions: onRecord,
      allow: { name: 'own login', test: ({ credential }) => !OAUTH_CLIENTS.includes(credential?.client ?? '') },
    }),
    manageKeys: policy({ name: 'manage keys', accept: token, scopes: ['keys:manage'], conditions: onRecord }),
  }
}

export type Policies = ReturnType<typeof policiesOf>
