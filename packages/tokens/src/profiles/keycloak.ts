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

export interface KeycloakOptions extends ProfileOptions {
  /** The realm: `https://sso.acme.com/realms/acme`. */
  readonly issuer: string
  /** Client id of this API, which an audience mapper adds, or a list of which one is enough. */
  readonly audience: string | readonly string[]
  /** Client whose roles are the `roles`. Left out: the realm's. Never both: an `admin` of one is none of the other. */
  readonly rolesOf?: string
}

const MAKER = 'keycloak'

/**
 * Judges access tokens of a Keycloak realm: returns a verifier. `roles` are those of the realm (`realm_access`), or those of one
 * client (`resource_access`). Refuses what is no `Bearer` token by its `typ` claim (ID, refresh, offline and logout tokens of the
 * realm have the same keys), and what names no client (`azp`). Throws a TypeError for wrong options.
 */
export function keycloak(options: KeycloakOptions): RemoteVerifier & { readonly issuer: string } {
  const terms = profileTerms(MAKER, options, ['issuer', 'audience', 'rolesOf'], undefined)
  const issuer = terms.fetching.url('issuer', options.issuer, "the realm, such as 'https://sso.acme.com/realms/acme'")
  if (!/\/realms\/[^/?#]+$/.test(issuer)) throw wrong(MAKER, 'issuer', 'a realm: it ends with /realms/ and its name')
  const { rolesOf } = options
  if (rolesOf !== undefined) textOption(MAKER, 'rolesOf', rolesOf, 'a client id')
  const clients = clientsOption(MAKER, options.clients)

  function profile(principal: TokenPrincipal) {
    const { typ, azp, realm_access, resource_access } = principal.claims
    if (typ !== 'Bearer') return broken.purpose('typ Bearer', typ)
    const client = clientOf(azp, 'azp', clients)
    if (isAuthError(client)) return client
    const roles = rolesIn(rolesOf === undefined ? realm_access : memberOf(resource_access, rolesOf))
    return principalWith(principal, { roles, client })
  }
  const audience = audienceOption(MAKER, options.audience)
  return remoteVerifier(terms, { issuer, audience, keys: keysAt(terms, issuer), profile })
}

function rolesIn(access: unknown): readonly string[] | undefined {
  return listClaim((access as { readonly roles?: unknown } | null | undefined)?.roles)
}

/** Its own member: a client that is called like something of a prototype has no roles by that. */
function memberOf(access: unknown, client: string): unknown {
  return typeof access === 'object' && access !== null && Object.hasOwn(access, client)
    ? (access as Record<string, unknown>)[client]
    : undefined
}
