import { type AuthError, authError, isAuthError } from '@countersign/http'
import { parseClaims, parseJws } from './parse.ts'

const ISSUER = authError('invalid_token', 'token.issuer', { expected: 'a string', got: 'something else' })

/** Whose token it says to be: only to select from what is allowed. `undefined` for nobody's; an error for what is no token. */
export function unverifiedIssuer(token: string): string | AuthError | undefined {
  const jws = parseJws(token)
  if (isAuthError(jws)) return jws
  const parsed = parseClaims(jws.payload)
  if (isAuthError(parsed)) return parsed
  const { iss } = parsed.claims
  return iss === undefined || typeof iss === 'string' ? iss : ISSUER
}
