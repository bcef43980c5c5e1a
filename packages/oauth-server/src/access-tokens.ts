import { isAuthError, type Maybe } from '@countersign/http'
import type { TokenPrincipal } from '@countersign/tokens'
import { type AccessToken, type ClientCredentials, Provider } from 'oidc-provider'
import { asked } from './asked.ts'
import type { Models } from './models.ts'
import type { Setup } from './options.ts'

/** The principal of an own access token for whatever resource; undefined for what is none, expired or revoked. */
export async function judged(setup: Setup, token: string): Promise<TokenPrincipal | undefined> {
  const principal: Maybe<unknown> = setup.authority.verify(token)
  const given = await principal
  return given === undefined || isAuthError(given) ? undefined : (given as TokenPrincipal)
}

/** A JWS, as the endpoints for opaque tokens would refuse it. */
export const isJwt = (token: string): boolean => token.split('.').length === 3

/**
 * Access tokens are JWTs that nobody stores (RFC 9068). Where oidc-provider looks one up, the issuer judges it, and what
 * destroys it revokes it.
 */
export function judgeAccessTokens(provider: Provider, setup: Setup, models: Models): void {
  const find = async (value: string): Promise<TokenPrincipal | undefined> => {
    const held = asked.getStore()?.token
    if (held !== undefined && held.alias === value) return held.principal
    return typeof value === 'string' && isJwt(value) ? judged(setup, value) : undefined
  }
  const membersOf = ({ claims }: TokenPrincipal) => {
    const { sub, jti, aud, exp, iat, client_id: clientId, scope, sid, auth_time, roles } = claims
    const { jkt } = (claims.cnf ?? {}) as { readonly jkt?: string }
    const extra = { sub, ...(auth_time !== undefined && { auth_time }), ...(roles !== undefined && { roles }) }
    return { jti, aud, exp, iat, clientId, scope, sid, extra, format: 'jwt', ...(jkt !== undefined && { jkt }) }
  }
  const revoking = <M extends AccessToken | ClientCredentials>(model: M, { claims }: TokenPrincipal): M =>
    Object.defineProperty(model, 'destroy', {
      value: () => setup.own.revoke({ jti: claims.jti as string, expiresAt: claims.exp }),
    })
  const isOfUser = ({ claims }: TokenPrincipal) => claims.sid !== undefined

  provider.AccessToken.find = async (value: string) => {
    const principal = await find(value)
    if (!principal || !isOfUser(principal)) return undefined
    const members = membersOf(principal)
    // The userinfo endpoint alone asks for account and grant, and takes no token that is for a resource. Elsewhere the client may
    // be one that is not here: tokens of a login are told of too.
    const isUserinfo = Provider.ctx?.oidc.route === 'userinfo'
    const grantId = isUserinfo ? await models.refTo('Grant', members.sid as string) : undefined
    const all = isUserinfo ? { ...members, accountId: principal.subject, grantId, aud: undefined } : members
    return revoking(new provider.AccessToken(all as never), principal) as never
  }
  provider.ClientCredentials.find = async (value: string) => {
    const principal = await find(value)
    if (!principal || isOfUser(principal)) return undefined
    return revoking(new provider.ClientCredentials(membersOf(principal) as never), principal) as never
  }
  // Who names no scope gets what the client is known with (RFC 6749 section 3.3).
  const { save } = provider.ClientCredentials.prototype
  provider.ClientCredentials.prototype.save = async function (this: ClientCredentials, ...rest) {
    const ctx = Provider.ctx
    if (this.scope === undefined && ctx?.oidc.params?.scope === undefined) {
      const resource = (this as unknown as { readonly resourceServer?: { readonly scope?: string } }).resourceServer
      if (resource?.scope) this.scope = resource.scope
    }
    return save.apply(this, rest)
  }
}
