import { apiKeys } from '@countersign/api-keys'
import type { GatewayRoute } from '@countersign/gateway'
import { anyOf, apiKey, bearer, type Condition, policy, publicRoute } from '@countersign/policy'
import type { Store } from '@countersign/store'
import type { LocalIssuer } from '@countersign/tokens'

/** A route of the gateway: who may, and where it goes on to. */
export interface ProxyRoute extends GatewayRoute {
  /** The service, as it calls itself in `forwarded`. */
  readonly audience: string
}

/** Who may call what behind this gateway, and how often. What is not listed is 404. */
export function routeTable(
  issuer: LocalIssuer,
  store: Store,
  audience: string,
  conditions: readonly Condition[],
): readonly ProxyRoute[] {
  const accept = anyOf(bearer(issuer), apiKey(apiKeys({ store, prefix: 'sample' })))
  const caller = policy({ accept, conditions })
  const readers = policy({ accept, scopes: ['posts:read'], conditions })
  const writers = policy({ accept, scopes: ['posts:write'], conditions })
  const allow = { anyOf: [{ scope: 'posts:delete' }, { role: 'admin' }] } as const
  const removers = policy({ accept, allow, conditions })
  const everybody = publicRoute({ conditions })
  return [
    { methods: ['GET'], path: '/public/*', policy: everybody, audience },
    { methods: ['GET'], path: '/posts/*', policy: readers, audience },
    { methods: ['POST', 'PUT'], path: '/posts/*', policy: writers, audience },
    { methods: ['DELETE'], path: '/posts/*', policy: removers, audience },
    { methods: ['GET'], path: '/events', policy: caller, audience },
  ]
}
