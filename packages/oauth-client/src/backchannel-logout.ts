import {
  type Answer,
  type AuthError,
  authError,
  empty,
  isAuthError,
  isUnavailable,
  json,
  problem,
  type RequestView,
  readBody,
  STATUS,
  unavailableError,
} from '@countersign/http'
import type { LoginTerms } from './client-options.ts'
import { type Connection, unavailableIn } from './connection.ts'
import { tell } from './event.ts'
import { logoutTokens } from './logout-token.ts'
import type { Sessions } from './session.ts'

const LIMIT = 16_384
const FORM = 'application/x-www-form-urlencoded'
const NO_TOKEN = authError('invalid_request', 'logout.body', { expected: 'one logout_token' })
const REPLAYED = authError('invalid_request', 'logout.replayed', {
  expected: 'a logout token that was not used before',
})

/** What the store remembers. */
export type Marks = NonNullable<Sessions['marks']>

/** Ends sessions that the provider says are over (OpenID Connect Back-Channel Logout 1.0 section 2.5). */
export function backchannelLogout(terms: LoginTerms, connection: Connection, { isUsed, once, endAll }: Marks) {
  const verify = logoutTokens(terms.clientId, terms.fetch, terms.now)

  async function receive(request: RequestView & { readonly body?: unknown }): Promise<AuthError | undefined> {
    const token = await tokenIn(request)
    if (isAuthError(token)) return token
    const configuration = await connection.configuration()
    const claims = await verify(token, configuration)
    if (isAuthError(claims)) return claims
    const name = `logout ${claims.id}`
    if (await isUsed(name)) return REPLAYED
    await endAll(claims)
    tell('session_ended', {
      client: terms.clientId,
      ...(claims.subject !== undefined && { subject: claims.subject }),
      ...(claims.session !== undefined && { session: claims.session }),
    })
    // Written down last: a token whose sessions could not be ended may come again.
    return (await once(name, claims.expiresAt + 60)) ? undefined : REPLAYED
  }

  return async (request: RequestView & { readonly body?: unknown }): Promise<Answer> => {
    try {
      const error = await receive(request)
      if (!error) return empty(200, { 'cache-control': 'no-store', 'content-length': '0' })
      tell('logout_refused', { client: terms.clientId, error })
      return json(STATUS[error.code], { error: error.code }, { 'cache-control': 'no-store' })
    } catch (error) {
      const down = isUnavailable(error) ? error : unavailableIn(error)
      if (down) return problem(unavailableError(down))
      throw error
    }
  }
}

/** The token in a body that is unread, or that the application's own parser has left. */
async function tokenIn(request: RequestView & { readonly body?: unknown }): Promise<string | AuthError> {
  const { body } = request
  if (typeof body === 'object' && body !== null && !(body instanceof Uint8Array) && Object.keys(body).length > 0) {
    const { logout_token: token } = body as { readonly logout_token?: unknown }
    return typeof token === 'string' && token !== '' ? token : NO_TOKEN
  }
  const bytes =
    typeof body === 'string' || body instanceof Uint8Array
      ? body
      : await readBody(request, { types: [FORM], limit: LIMIT })
  if (isAuthError(bytes)) return bytes
  const [token, ...more] = new URLSearchParams(Buffer.from(bytes).toString()).getAll('logout_token')
  return token === undefined || token === '' || more.length > 0 ? NO_TOKEN : token
}
