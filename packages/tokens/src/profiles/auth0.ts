import { isAuthError } from '@countersign/http'
import type { TokenPrincipal } from '../claims.ts'
import { audienceOption, textOption, wrong } from '../options.ts'
import { keysAt, type RemoteVerifier, remoteVerifier } from '../remote-course.ts'
import {
  broken,
  clientOf,
  clientsOption,
  listClaim,
  type ProfileOptions,
  principalWith,
  profileTerms,
} from './profile.ts'

export interface Auth0Options extends ProfileOptions {
  /** The tenant's domain, or its custom one: `acme.eu.auth0.com`. */
  readonly domain: string
  /** Identifier of the API, or a list of which one is enough. */
  readonly audience: string | readonly string[]
  /** Claim that `roles` come from, such as `https://acme.com/roles`: `permissions`, which RBAC adds. */
  readonly roles?: string
}

const MAKER = 'auth0'
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/
const MACHINE = 'client-credentials'

/**
 * Judges access tokens of Auth0, of both its token profiles: returns a verifier. `scopes` are those granted to the client, `roles` the
 * user's `permissions`. Refuses what names no client (`azp` or `client_id`: ID tokens), names two, and a token that a machine
 * got (`gty`) for anybody but itself (`<client>@clients`). Throws a TypeError for wrong options.
 */
export function auth0(options: Auth0Options): RemoteVerifier & { readonly issuer: string } {
  const terms = profileTerms(MAKER, options, ['domain', 'audience', 'roles'], ['RS256', 'PS256'])
  const { domain } = options
  if (typeof domain !== 'string' || !DOMAIN.test(domain))
    throw wrong(MAKER, 'domain', "the tenant's domain alone, such as 'acme.eu.auth0.com'")
  const roles = textOption(MAKER, 'roles', options.roles ?? 'permissions', 'the claim that roles come from')
  const clients = clientsOption(MAKER, options.clients)
  const issuer = `https://${domain}/`

  function profile(principal: TokenPrincipal) {
    const { azp, client_id, gty, sub } = principal.claims
    if (azp !== undefined && client_id !== undefined && azp !== client_id)
      return broken.client('azp and client_id alike', azp)
    const client = clientOf(client_id ?? azp, 'azp or client_id', clients)
    if (isAuthError(client)) return client
    if (gty === MACHINE && sub !== `${client}@clients`) return broken.subject(`${client}@clients`, sub)
    return principalWith(principal, { roles: listClaim(principal.claims[roles]), client })
  }
  const audience = audienceOption(MAKER, options.audience)
  return remoteVerifier(terms, { issuer, audience, keys: keysAt(terms, issuer), profile })
}
