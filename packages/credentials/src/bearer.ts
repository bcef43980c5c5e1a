import { type AuthError, authError, isAuthError, type RequestView } from '@countersign/http'
import { CREDENTIAL_LIMIT, readAuthorization, TOO_LONG } from './authorization.ts'
import { readCookie } from './cookie.ts'
import { readQuery } from './query.ts'

/** Where a credential stood. A cookie is ambient: browsers send it unasked, and CSRF hangs on that. */
export type CredentialLocation = 'header' | 'cookie' | 'query'

export interface BearerCredential {
  readonly kind: 'bearer'
  readonly token: string
  readonly from: CredentialLocation
}

const GRAMMAR = authError('invalid_request', 'bearer.grammar', {
  detail: 'The bearer token has a character that no token has.',
  expected: 'letters, digits and - . _ ~ + / =',
})

/** In a cookie: its reason begins with `cookie.`, which tells what is ambient from what is explicit. */
const COOKIE_GRAMMAR = authError('invalid_request', 'cookie.grammar', { detail: GRAMMAR.detail })

// RFC 6750 section 2.1 `b64token`, with `=` anywhere: misplaced padding is the token's fault, and the verifier's to refuse.
const B64TOKEN = /^[A-Za-z0-9\-._~+/=]+$/

/**
 * Reads a bearer token (RFC 6750 section 2): from `Authorization`; from a cookie or a query parameter only where one
 * is named. An explicit token wins over the cookie, the header over the query. `undefined` when there is none;
 * refuses what breaks the grammar, is repeated or is over 8 KiB, with `invalid_request`.
 */
export function readBearer(
  request: RequestView,
  where: { readonly cookie?: string; readonly query?: string } = {},
): BearerCredential | AuthError | undefined {
  let from: CredentialLocation = 'header'
  let token = readAuthorization(request, 'bearer')
  if (token === undefined && where.query !== undefined) {
    token = readQuery(request, where.query)
    from = 'query'
  }
  if (token === undefined && where.cookie !== undefined) {
    token = readCookie(request, where.cookie)
    from = 'cookie'
  }
  if (token === undefined || isAuthError(token)) return token
  if (token.length > CREDENTIAL_LIMIT) return from === 'cookie' ? COOKIE_GRAMMAR : TOO_LONG
  if (!B64TOKEN.test(token)) return from === 'cookie' ? COOKIE_GRAMMAR : GRAMMAR
  return { kind: 'bearer', token, from }
}
