import { readCookie } from '@countersign/credentials'
import { type Answer, empty, isUnavailable, problem, type RequestView, unavailableError } from '@countersign/http'
import { buildEndSessionUrl } from 'openid-client'
import type { LoginTerms } from './client-options.ts'
import type { Connection } from './connection.ts'
import { tell } from './event.ts'
import { outsideOf } from './prefix.ts'
import { crossOrigin } from './same-origin.ts'
import type { Sessions, SignIn } from './session.ts'
import { SESSION } from './session-scheme.ts'
import { setCookie } from './set-cookie.ts'

/**
 * Signs out: ends the session here, then sends the browser to the provider's sign-out (OpenID Connect RP-Initiated Logout), or
 * back to the application where the provider has none or does not answer. Refuses a request of another site: 403.
 */
export function logout(terms: LoginTerms, connection: Connection, sessions: Sessions) {
  async function placeFor({ idToken }: SignIn, afterLogout: string): Promise<string> {
    const back = new URL(afterLogout, terms.origin).href
    try {
      const configuration = await connection.configuration()
      if (configuration.serverMetadata().end_session_endpoint === undefined)
        return terms.provider.logoutUrl?.(terms.clientId, back) ?? afterLogout
      return buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: back }).href
    } catch (error) {
      if (isUnavailable(error)) return afterLogout
      throw error
    }
  }

  return async (request: RequestView): Promise<Answer> => {
    const foreign = crossOrigin(request, terms.origins)
    if (foreign) return problem(foreign)
    const value = readCookie(request, SESSION)
    const afterLogout = outsideOf(terms, request, terms.paths.logout)(terms.afterLogout)
    let location = afterLogout
    try {
      const found = typeof value === 'string' ? await sessions.find(value) : undefined
      if (typeof value === 'string') await sessions.end(value)
      if (found) {
        tell('signed_out', { client: terms.clientId, session: found.signIn.id })
        location = await placeFor(found.signIn, afterLogout)
      }
    } catch (error) {
      // The cookie stays: whoever sees it gone believes that the session is.
      if (isUnavailable(error)) return problem(unavailableError(error))
      throw error
    }
    return empty(303, {
      location,
      'cache-control': 'no-store',
      'content-length': '0',
      'set-cookie': setCookie(SESSION, '', 0),
    })
  }
}
