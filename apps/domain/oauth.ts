import { hashClientSecret, type OAuthClient, oauthServer } from '@countersign/oauth-server'
import type { PasswordLogin } from '@countersign/passwords'
import type { Endpoint } from '@countersign/policy'
import { rateLimit } from '@countersign/rate-limits'
import type { LocalIssuer, StoreLike } from '@countersign/tokens'
import type { User, Users } from './users.ts'

/** Clients of the demo data. Not secret: they exist only where DEMO=1 asked for them. */
const DEMO_CLIENTS: readonly OAuthClient[] = [
  {
    id: 'demo-service',
    name: 'Demo service',
    secretHash: hashClientSecret('demo-service-secret'),
    grants: ['client_credentials'],
    scopes: ['posts:read', 'posts:write'],
  },
  { id: 'demo-web', name: 'Demo app', redirectUris: ['http://127.0.0.1/callback'] },
]

/** Who asks for tokens in somebody's name. */
export const OAUTH_CLIENTS: readonly string[] = DEMO_CLIENTS.map(({ id }) => id)

/** What an application can be given. Not `keys:manage`: a key would go on when the application was sent away. */
export const OAUTH_SCOPES: readonly string[] = ['posts:read', 'posts:write', 'posts:delete']

export interface OAuthParts {
  readonly own: LocalIssuer
  readonly store: StoreLike
  readonly users: PasswordLogin<User>
  readonly table: Users
  /** Resources that tokens can be for: the API first. */
  readonly resources: readonly string[]
  readonly demo: boolean
}

/** Codes, clients and secrets are not tried at leisure, and pages that nobody fills in do not fill the store. */
const PER_ADDRESS = () => rateLimit({ name: 'oauth', by: 'address', limit: 6000, window: 60 })

/** The authorization server of the sample: the API's own issuer, users and store. */
export function oauthOf({ own, store, users, table, resources, demo }: OAuthParts): readonly Endpoint[] {
  return oauthServer({
    issuer: own,
    store,
    users,
    name: 'Sample API',
    account(subject) {
      const user = table.get(subject)
      const { username, scopes, roles } = user ?? {}
      return user && { scopes: scopes ?? [], roles: roles ?? [], claims: { preferred_username: username } }
    },
    resources: Object.fromEntries(resources.map((uri) => [uri, { scopes: OAUTH_SCOPES }])),
    clients: demo ? DEMO_CLIENTS : [],
    conditions: [PER_ADDRESS()],
    // What nobody signed in to is kept for ten minutes, so that the limit bounds how much of it there is.
    lifetimes: { interaction: 600 },
  }).endpoints
}
