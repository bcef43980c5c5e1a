import { hash } from 'node:crypto'
import { type AuthError, authError, isAuthError, type Maybe } from '@countersign/http'
import type { Algorithm } from './algorithm.ts'
import { type VerifiedCache, verifiedCache } from './cache.ts'
import { type ClaimRules, checkClaims, checkTimes, type TokenPrincipal } from './claims.ts'
import { checkSignature } from './jws.ts'
import type { KeySource, VerificationKey } from './key.ts'
import { MAX_TOKEN, type ParsedJws, parseClaims, parseJws } from './parse.ts'
import { quote } from './quote.ts'

/**
 * Judges bearer tokens; `bearer` of `@countersign/policy` takes one, or a list. `verify` gives the principal; an
 * `invalid_token` error, which is final; or `undefined` for "not mine: this token's `iss` is not one that I judge", so
 * that the next in the list is asked. Rejects only with `Unavailable`. Synchronous on a hit of its cache.
 */
export interface TokenVerifier {
  /** The `iss` of the tokens that it judges; left out when it does not look at that. */
  readonly issuer?: string
  verify(token: string): Maybe<TokenPrincipal | AuthError | undefined>
}

/** What one kind of verifier adds to the common course. */
export interface Course {
  readonly rules: ClaimRules
  readonly algorithms: readonly Algorithm[]
  /** Lower case; `''` stands for an absent `typ`. `undefined`: not looked at. */
  readonly types: readonly string[] | undefined
  readonly keys: KeySource & { holds(key: VerificationKey): boolean }
  /** What must be there first: keys loaded, revocations fresh. A promise only when there is something to wait for. */
  ready(): Promise<void> | undefined
  isRevoked(principal: TokenPrincipal): boolean
  /** Entries; 0: no cache. */
  readonly cache: number
  readonly clock: () => number
}

interface Verified {
  readonly principal: TokenPrincipal
  readonly key: VerificationKey
}

const LENGTH = authError('invalid_token', 'token.parse.length', { expected: `at most ${MAX_TOKEN} bytes` })
const ISSUER = authError('invalid_token', 'token.issuer', { expected: 'a string', got: 'something else' })
const REVOKED = authError('invalid_token', 'token.revoked')

/** The one course that every token takes: strict parse, whose it is, signature, claims, revocation, cache. */
export function tokenVerifier(course: Course): TokenVerifier {
  const { rules, keys, clock } = course
  const cache: VerifiedCache<Verified> | undefined =
    course.cache > 0
      ? verifiedCache(course.cache, ({ principal }) => (principal.claims.exp + rules.leeway) * 1000)
      : undefined

  function verify(token: string): Maybe<TokenPrincipal | AuthError | undefined> {
    if (typeof token !== 'string' || token.length > MAX_TOKEN) return LENGTH
    if (!cache) return first(token, '')
    const digest = hash('sha256', token, 'binary')
    const hit = cache.get(digest)
    if (hit) {
      const wait = course.ready()
      return wait ? wait.then(() => again(hit, token, digest)) : again(hit, token, digest)
    }
    return first(token, digest)
  }

  /** Everything that can change while a token is remembered is looked at again. */
  function again(hit: Verified, token: string, digest: string): Maybe<TokenPrincipal | AuthError | undefined> {
    if (!keys.holds(hit.key)) {
      cache?.delete(digest)
      return first(token, digest)
    }
    const late = checkTimes(hit.principal.claims, rules.leeway, clock())
    if (late) cache?.delete(digest)
    return late ?? (course.isRevoked(hit.principal) ? REVOKED : hit.principal)
  }

  function first(token: string, digest: string): Maybe<TokenPrincipal | AuthError | undefined> {
    const jws = parseJws(token)
    if (isAuthError(jws)) return jws
    const parsed = parseClaims(jws.payload)
    if (isAuthError(parsed)) return parsed
    const { claims } = parsed
    if ('iss' in claims && typeof claims.iss !== 'string') return ISSUER
    if (rules.issuer !== undefined && claims.iss !== rules.issuer) return undefined
    const wait = course.ready()
    return wait ? wait.then(() => judge(jws, claims, digest)) : judge(jws, claims, digest)
  }

  function judge(jws: ParsedJws, claims: Record<string, unknown>, digest: string): Maybe<TokenPrincipal | AuthError> {
    const { typ } = jws.header
    if (course.types && !(isText(typ) && course.types.includes((typ ?? '').toLowerCase())))
      return authError('invalid_token', 'token.type', { expected: course.types.join(' or '), got: quote(typ) })
    const key = checkSignature(jws, keys, course.algorithms)
    return key instanceof Promise ? key.then((found) => accept(found, claims, digest)) : accept(key, claims, digest)
  }

  function accept(
    key: VerificationKey | AuthError,
    claims: Record<string, unknown>,
    digest: string,
  ): TokenPrincipal | AuthError {
    if (isAuthError(key)) return key
    const now = clock()
    const principal = checkClaims(claims, rules, now)
    if (isAuthError(principal)) return principal
    if (course.isRevoked(principal)) return REVOKED
    cache?.set(digest, { principal, key }, now)
    return principal
  }

  return Object.freeze({ verify, ...(rules.issuer !== undefined && { issuer: rules.issuer }) })
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
