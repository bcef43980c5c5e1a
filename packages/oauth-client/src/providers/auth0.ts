import { checkOptions } from '@countersign/http'
import { type Claims, memberOf, textsOf } from '../claims.ts'
import type { Provider } from '../provider.ts'
import { domainOption, optionError } from './option.ts'

export interface Auth0Options {
  /** The tenant's domain, or its custom one: `acme.eu.auth0.com`. */
  readonly domain: string
  /** Identifier of the API that access tokens are for. Left out: they are opaque, and good for /userinfo alone. */
  readonly audience?: string
  /** Claim that `roles` come from, which an Action adds: `https://acme.com/roles`. Left out: no roles. */
  readonly roles?: string
}

const MAKER = 'auth0'

/**
 * Auth0. `subject` is `sub`. Its metadata names no way to sign out in tenants where that is off: `/v2/logout` it is then, whose
 * `returnTo` must be among the application's Allowed Logout URLs. Throws a TypeError for wrong options.
 */
export function auth0(options: Auth0Options): Provider {
  checkOptions(MAKER, options, ['domain', 'audience', 'roles'])
  const { audience, roles } = options ?? {}
  const domain = domainOption(MAKER, options?.domain, 'acme.eu.auth0.com')
  if (audience !== undefined && (typeof audience !== 'string' || audience === ''))
    throw optionError(MAKER, 'audience', 'the identifier of an API')
  if (roles !== undefined && (typeof roles !== 'string' || roles === ''))
    throw optionError(MAKER, 'roles', "the name of a claim, such as 'https://acme.com/roles'")

  return Object.freeze({
    issuer: `https://${domain}/`,
    ...(audience !== undefined && { parameters: { audience }, service: { audience } }),
    offline: { scopes: ['offline_access'] },
    ...(roles !== undefined && { rolesOf: (claims: Claims) => textsOf(memberOf(claims, roles)) }),
    logoutUrl: (clientId: string, back: string) =>
      `https://${domain}/v2/logout?${new URLSearchParams({ client_id: clientId, returnTo: back })}`,
  })
}
