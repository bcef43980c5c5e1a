import { checkOptions, isSafeUrl } from '@countersign/http'
import { type Claims, memberOf, textsOf } from '../claims.ts'
import { isPlain, type Provider } from '../provider.ts'
import { optionError } from './option.ts'

export interface KeycloakOptions {
  /** Where Keycloak is, with the path of older versions: `https://sso.acme.com`, `https://sso.acme.com/auth`. */
  readonly url: string
  readonly realm: string
  /** Client whose roles are `roles`. Left out: the realm's. */
  readonly rolesOf?: string
}

const MAKER = 'keycloak'

/**
 * Keycloak. `subject` is `sub`; `roles` are those of the realm or of one client, where its mapper is told to add them to the ID
 * token. A refresh token comes without being asked for; `offline_access` would be a session that outlives the sign-out.
 */
export function keycloak(options: KeycloakOptions): Provider {
  checkOptions(MAKER, options, ['url', 'realm', 'rolesOf'])
  const { url, realm, rolesOf } = options ?? {}
  if (isPlain(url)) throw optionError(MAKER, 'url', 'https (http: this machine only)')
  if (!isSafeUrl(url) || /[?#]|\/realms(\/|$)/.test(url))
    throw optionError(MAKER, 'url', "where Keycloak is, without the realm: 'https://sso.acme.com'")
  if (typeof realm !== 'string' || !/^[^/?#\s]+$/.test(realm)) throw optionError(MAKER, 'realm', "the realm's name")
  if (rolesOf !== undefined && (typeof rolesOf !== 'string' || rolesOf === ''))
    throw optionError(MAKER, 'rolesOf', 'a client id')

  return Object.freeze({
    issuer: `${url.replace(/\/+$/, '')}/realms/${encodeURIComponent(realm)}`,
    offline: {},
    rolesOf: ({ realm_access, resource_access }: Claims) =>
      textsOf(memberOf(rolesOf === undefined ? realm_access : memberOf(resource_access, rolesOf), 'roles')),
  })
}
