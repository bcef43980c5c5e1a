import { type AuthError, authError, type Principal } from '@countersign/http'
import { deepFreeze } from './freeze.ts'
import { quote } from './quote.ts'

/** The claims of a verified token (RFC 7519 section 4.1, RFC 9068 section 2.2). Deeply frozen. */
export type Claims = Readonly<Record<string, unknown>> & {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly exp: number
  readonly nbf?: number
  readonly iat?: number
  readonly auth_time?: number
  readonly jti?: string
  readonly sid?: string
}

/** The caller that a token speaks for, with everything the token says. Frozen, claims deeply. */
export interface TokenPrincipal extends Principal {
  readonly claims: Claims
}

/** What the claims of a token must be. Times are in seconds. */
export interface ClaimRules {
  /** Exact. `undefined`: not looked at. */
  readonly issuer: string | undefined
  /** One of these, exactly. `undefined`: not looked at. */
  readonly audience: readonly string[] | undefined
  /** The claim that names the subject. */
  readonly subject: string
  /** Takes a whole number as its text. */
  readonly numericSubject?: boolean
  readonly leeway: number
  readonly maxLifetime: number
  /** Claims that show that the token is not for APIs. */
  readonly forbidden: readonly string[]
}

/** How tokens that are not for APIs say so: Flask-JWT-Extended, Cognito, Keycloak (there `Bearer` is for APIs). */
const OTHER_PURPOSES: readonly [claim: string, values: readonly string[]][] = [
  ['type', ['refresh']],
  ['token_use', ['id', 'refresh']],
  ['typ', ['refresh', 'offline', 'id']],
]

const fault = (reason: string, expected: string, got?: unknown): AuthError =>
  authError('invalid_token', `token.${reason}`, got === undefined ? { expected } : { expected, got: quote(got) })
const date = (name: string) => fault('date', `${name}: whole seconds since 1970`)
const DATE = { exp: date('exp'), nbf: date('nbf'), iat: date('iat'), authTime: date('auth_time') }
const NO_EXPIRY = fault('expiry', 'a claim exp')
const SUBJECT = fault('subject', 'a claim that names the subject, not empty')
const JTI = fault('claim', 'jti: a string')
const SID = fault('claim', 'sid: a string')

/**
 * Checks the claims of a token whose signature is good: the principal, or `invalid_token` with reason `token.date`,
 * `.expiry`, `.expired`, `.early`, `.lifetime`, `.issuer`, `.audience`, `.subject`, `.claim` or `.purpose`.
 * `now` is in epoch milliseconds. RFC 7519 section 4.1, RFC 9068 section 4.
 */
export function checkClaims(
  claims: Record<string, unknown>,
  rules: ClaimRules,
  now: number,
): TokenPrincipal | AuthError {
  const { iss, aud, exp, nbf, iat, auth_time, jti, sid } = claims
  if (rules.issuer !== undefined && iss !== rules.issuer) return fault('issuer', rules.issuer, iss)
  if (exp === undefined) return NO_EXPIRY
  if (!isDate(exp)) return DATE.exp
  if (nbf !== undefined && !isDate(nbf)) return DATE.nbf
  if (iat !== undefined && !isDate(iat)) return DATE.iat
  if (auth_time !== undefined && !isDate(auth_time)) return DATE.authTime
  if (jti !== undefined && typeof jti !== 'string') return JTI
  if (sid !== undefined && typeof sid !== 'string') return SID
  const late = checkTimes(claims as Claims, rules.leeway, now)
  if (late) return late
  const lifetime = exp - (iat ?? Math.floor(now / 1000))
  if (lifetime > rules.maxLifetime) return fault('lifetime', `at most ${rules.maxLifetime} s`, `${lifetime} s`)
  if (rules.audience && !isFor(aud, rules.audience)) return fault('audience', rules.audience.join(' or '), aud)
  for (const name of rules.forbidden) if (claims[name] !== undefined) return fault('purpose', 'an access token', name)
  const other = otherPurpose(claims)
  if (other !== undefined) return fault('purpose', 'an access token', `${other}: ${claims[other]}`)
  const subject = subjectOf(claims[rules.subject], rules.numericSubject === true)
  return subject === undefined ? SUBJECT : principalOf(subject, claims as Claims, rules)
}

/** The claim by which a token says that it is not an access token, or `undefined`. In any case. */
export function otherPurpose(claims: Readonly<Record<string, unknown>>): string | undefined {
  return OTHER_PURPOSES.find(([name, values]) => {
    const value = claims[name]
    return typeof value === 'string' && values.includes(value.toLowerCase())
  })?.[0]
}

/** Why a token is not good at this time, or `undefined`. Runs on every hit of the cache too. */
export function checkTimes({ exp, nbf, iat }: Claims, leeway: number, now: number): AuthError | undefined {
  const seconds = now / 1000
  if (seconds >= exp + leeway) return fault('expired', `exp after ${Math.floor(seconds)}`, exp)
  if (nbf !== undefined && seconds < nbf - leeway) return fault('early', `nbf before ${Math.floor(seconds)}`, nbf)
  if (iat !== undefined && seconds < iat - leeway) return fault('early', `iat before ${Math.floor(seconds)}`, iat)
  return undefined
}

function isDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isFor(aud: unknown, audience: readonly string[]): boolean {
  if (typeof aud === 'string') return audience.includes(aud)
  if (!Array.isArray(aud) || !aud.every((one) => typeof one === 'string')) return false
  return aud.some((one) => audience.includes(one))
}

function subjectOf(value: unknown, numbers: boolean): string | undefined {
  if (typeof value === 'string' && value !== '') return value
  return numbers && Number.isSafeInteger(value) ? `${value}` : undefined
}

function principalOf(subject: string, claims: Mutable<Claims>, rules: ClaimRules): TokenPrincipal {
  const client = claims.client_id ?? claims.azp
  const credential: { id?: string; session?: string; client?: string } = {}
  if (claims.jti !== undefined) credential.id = claims.jti
  if (claims.sid !== undefined) credential.session = claims.sid
  if (typeof client === 'string') credential.client = client
  shareText(claims, rules)
  const scopes = words(claims.scope) ?? words(claims.scp)
  const roles = Array.isArray(claims.roles) ? strings(claims.roles) : undefined
  // Usual members at once: a member that is added later costs memory in each remembered token.
  const principal: Mutable<TokenPrincipal> = scopes
    ? { subject, scopes, expiresAt: claims.exp, credential: Object.freeze(credential), claims: deepFreeze(claims) }
    : { subject, expiresAt: claims.exp, credential: Object.freeze(credential), claims: deepFreeze(claims) }
  if (roles) principal.roles = roles
  if (claims.auth_time !== undefined) principal.authTime = claims.auth_time
  return Object.freeze(principal)
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Remembered tokens say the same issuer, audience and scopes: one text of each is enough. */
function shareText(claims: Mutable<Claims>, { issuer, audience }: ClaimRules): void {
  if (issuer !== undefined) claims.iss = issuer
  const aud = audience?.find((one) => one === claims.aud)
  if (aud !== undefined) claims.aud = aud
  const scope = typeof claims.scope === 'string' ? scopeLists.get(claims.scope)?.text : undefined
  if (scope !== undefined) (claims as Record<string, unknown>).scope = scope
}

/** Lists of scopes that were taken apart before. Bounded; what comes from a token is verified by now. */
const scopeLists = new Map<string, { readonly text: string; readonly list: readonly string[] }>()
const SCOPE_LISTS = 1024
const SCOPE_LENGTH = 512

/** `a b` or `["a", "b"]`; anything else says nothing, so nothing is allowed. */
export function words(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'string') return Array.isArray(value) ? strings(value) : undefined
  const known = scopeLists.get(value)
  if (known) return known.list
  const list = Object.freeze(value.split(' ').filter((word) => word !== ''))
  if (value.length > SCOPE_LENGTH) return list
  if (scopeLists.size === SCOPE_LISTS) scopeLists.clear()
  scopeLists.set(value, { text: value, list })
  return list
}

export function strings(values: readonly unknown[]): readonly string[] | undefined {
  return values.every((value) => typeof value === 'string') ? Object.freeze([...values] as string[]) : undefined
}
