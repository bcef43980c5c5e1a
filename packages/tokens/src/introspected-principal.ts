import { type AuthError, authError } from '@countersign/http'
import { otherPurpose, strings, words } from './claims.ts'
import { deepFreeze } from './freeze.ts'
import type { IntrospectedPrincipal } from './introspection.ts'
import { quote } from './quote.ts'

/** What the answer of an introspection endpoint must say. */
export interface AnswerRules {
  readonly audience: readonly string[] | undefined
  readonly issuer: string | undefined
  /** The member that names the subject. */
  readonly subject: string
}

const fault = (reason: string, expected: string, got?: unknown): AuthError =>
  authError('invalid_token', `token.${reason}`, got === undefined ? { expected } : { expected, got: quote(got) })
const DATES = ['exp', 'nbf', 'iat', 'auth_time'] as const
/** How the answer for an access token may call it, in lower case; RFC 7662 leaves the member out or repeats RFC 6749's. */
const ACCESS: readonly unknown[] = [undefined, 'bearer', 'access_token', 'access']

/**
 * The principal of an active token, or `invalid_token` with reason `token.purpose`, `.issuer`, `.audience`, `.date`,
 * `.expired`, `.early` or `.subject`. The endpoint has looked at the dates: there is no leeway here. RFC 7662 section 2.2.
 */
export function introspectedPrincipal(
  answer: Record<string, unknown>,
  { audience, issuer, subject }: AnswerRules,
  now: number,
): IntrospectedPrincipal | AuthError {
  // An endpoint calls a refresh token active too.
  const other =
    otherPurpose(answer) ??
    ['token_type', 'token_use'].find((name) => !ACCESS.includes(lower(answer[name])) && !isDpop(name, answer))
  if (other !== undefined) return fault('purpose', 'an access token', `${other}: ${answer[other]}`)
  const { iss, aud, exp, nbf, auth_time, client_id, azp, jti, sid } = answer
  if (issuer !== undefined && iss !== undefined && iss !== issuer) return fault('issuer', issuer, iss)
  if (audience && !listOf(aud).some((one) => audience.includes(one)))
    return fault('audience', audience.join(' or '), aud ?? 'none')
  const wrong = DATES.find((name) => answer[name] !== undefined && !isDate(answer[name]))
  if (wrong) return fault('date', `${wrong}: whole seconds since 1970`)
  if (exp !== undefined && now >= (exp as number) * 1000) return fault('expired', `exp after ${now / 1000}`, exp)
  if (nbf !== undefined && now < (nbf as number) * 1000) return fault('early', `nbf before ${now / 1000}`, nbf)
  const who = answer[subject]
  if (typeof who !== 'string' || who === '') return fault('subject', `a member ${subject}, not empty`)
  const scopes = words(answer.scope)
  const roles = Array.isArray(answer.roles) ? strings(answer.roles) : undefined
  const client = client_id ?? azp
  return Object.freeze({
    subject: who,
    ...(scopes && { scopes }),
    ...(roles && { roles }),
    ...(exp !== undefined && { expiresAt: exp as number }),
    ...(auth_time !== undefined && { authTime: auth_time as number }),
    credential: Object.freeze({
      ...(typeof jti === 'string' && { id: jti }),
      ...(typeof sid === 'string' && { session: sid }),
      ...(typeof client === 'string' && { client }),
    }),
    claims: deepFreeze(answer),
  })
}

/** How the answer for a token that is bound to a DPoP key calls it (RFC 9449 section 6.2), its key with it. */
function isDpop(name: string, answer: Record<string, unknown>): boolean {
  const cnf = answer.cnf as { readonly jkt?: unknown } | null | undefined
  return name === 'token_type' && lower(answer[name]) === 'dpop' && typeof cnf?.jkt === 'string'
}

/** RFC 7662: a string or a list of them. */
function listOf(aud: unknown): readonly string[] {
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.every((one) => typeof one === 'string') ? aud : []
}

function isDate(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value
}
