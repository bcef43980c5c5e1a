import { checkOptions } from '@countersign/http'
import { type Claims, textsOf } from '../claims.ts'
import type { Provider } from '../provider.ts'
import { domainOption, optionError } from './option.ts'

export interface OktaOptions {
  /** The org's domain, or its custom one: `acme.okta.com`. */
  readonly domain: string
  /** A custom authorization server, such as `default`: access tokens are for your APIs then. Left out: the org's, whose are for Okta. */
  readonly authorizationServer?: string
}

const MAKER = 'okta'

/** Okta. `subject` is `sub`; `roles` are `groups`, where the authorization server is told to add that claim to ID tokens. */
export function okta(options: OktaOptions): Provider {
  checkOptions(MAKER, options, ['domain', 'authorizationServer'])
  const { authorizationServer: server } = options ?? {}
  const domain = domainOption(MAKER, options?.domain, 'acme.okta.com')
  if (/-admin\.okta(preview)?\.com$/.test(domain))
    throw optionError(MAKER, 'domain', 'that of the org, without -admin: that one is for the console')
  if (server !== undefined && !/^[A-Za-z0-9]+$/.test(`${server}`))
    throw optionError(MAKER, 'authorizationServer', "its id, such as 'default'")

  return Object.freeze({
    issuer: server === undefined ? `https://${domain}` : `https://${domain}/oauth2/${server}`,
    offline: { scopes: ['offline_access'] },
    rolesOf: ({ groups }: Claims) => textsOf(groups),
  })
}
