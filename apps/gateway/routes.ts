import { apiKeys } from '@countersign/api-keys'
import type { GatewayRoute } from '@countersign/gateway'
import { anyOf, anyone, apiKey, bearer, policy } from '@countersign/policy'
import type { Store } from '@countersign/store'
import type { LocalIssuer } from '@countersign/tokens'

/** A route of the gateway: who may, and where it goes on to. */
export interface ProxyRoute extends GatewayRoute {
  /** The service, as it calls itself in `forwarded`. */
  readonly audience: string
}

/** Who may call what behind this gateway. What is not listed is 404. */
export function routeTable(issuer: LocalIssuer, store: Store, audience: string): readonly ProxyRoute[] {
  const accept = anyOf(bearer(issuer), apiKey(apiKeys({ store, prefix: 'sample' })))
  const caller = policy({ accept })
  const readers = policy({ accept, scopes: ['posts:read'] })
  const writers = policy({ accept, scopes: ['posts:write'] })
  const removers = policy({ accept, allow: { anyOf: [{ scope: 'posts:delete' }, { role: 'admin' }] } })
  return [
    { methods: ['GET'], path: '/public/*', policy: anyone, audience },
    { methods: ['GET'], path: '/posts/*', policy: readers, audience },
    { methods: ['POST', 'PUT'], path: '/posts/*', policy: writers, audience },
    { methods: ['DELETE'], path: '/posts/*', policy: removers, audience },
    { methods: ['GET'], path: '/events', policy: caller, audience },
  ]
}
