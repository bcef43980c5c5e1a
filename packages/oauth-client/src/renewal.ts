import { refreshTokenGrant, type TokenEndpointResponse } from 'openid-client'
import { claimsIn } from './claims.ts'
import type { LoginTerms } from './client-options.ts'
import { type Connection, refusedGrant, unavailableIn } from './connection.ts'
import type { KeptTokens, Renew } from './session.ts'

/** What is kept of a token endpoint's answer. A refresh token that is not replaced stays (RFC 6749 section 6). */
export function tokensOf(answer: TokenEndpointResponse, now: number, before?: KeptTokens): KeptTokens {
  const { access_token, expires_in, scope = before?.scope, refresh_token = before?.refresh } = answer
  return {
    access: access_token,
    at: now,
    ...(expires_in !== undefined && { expiresAt: now + expires_in }),
    ...(scope !== undefined && { scope }),
    ...(refresh_token !== undefined && { refresh: refresh_token }),
  }
}

/** Fetches new tokens. `undefined` when the provider gives no more to this session, or speaks of somebody else. */
export function renewal(terms: LoginTerms, connection: Connection): Renew {
  return async (signIn) => {
    const { refresh } = signIn.tokens ?? {}
    if (refresh === undefined) return undefined
    const configuration = await connection.configuration()
    try {
      const answer = await refreshTokenGrant(configuration, refresh)
      const { id_token = signIn.idToken } = answer
      // OpenID Connect Core section 12.2: a new ID token is about the same person, of the same issuer.
      const [was, is] = [claimsIn(signIn.idToken), claimsIn(id_token)]
      if (is.sub !== was.sub || is.iss !== was.iss || (await terms.provider.check?.(is))) return undefined
      return { ...signIn, idToken: id_token, tokens: tokensOf(answer, terms.now(), signIn.tokens) }
    } catch (error) {
      const down = unavailableIn(error)
      if (down) throw down
      if (refusedGrant(error) === 'invalid_grant') return undefined
      throw connection.fault(error)
    }
  }
}
