import { hash } from 'node:crypto'
import { type AuthError, authError, isAuthError, type Maybe, type TokenVerifier } from '@countersign/http'
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
export interface JwtVerifier extends TokenVerifier<TokenPrincipal> {
  /**
   * `bound`: the caller will see to it that whoever shows the token holds the key in its `cnf` (RFC 7800). Without it a
   * bound token is refused: as a bearer token it may be stolen.
   */
  verify(token: string, options?: { readonly bound?: boolean }): Maybe<TokenPrincipal | AuthError | undefined>
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
  isRevoked(principal: TokenPrincipal, key: VerificationKey): boolean
  /** Changes when `isRevoked` may say otherwise than it did. `NaN`: it must be asked. Left out: nothing is ever revoked. */
  revision?(): number
  /** What an issuer's profile makes of verified claims: its own invariants, its own names. Remembered with the token. */
  readonly profile?: ((principal: TokenPrincipal) => TokenPrincipal | AuthError) | undefined
  /** Entries; 0: no cache. Or one that several verifiers share: each takes from it only what its own keys signed. */
  readonly cache: number | VerifiedTokens
  readonly clock: () => number
}

interface Verified {
  readonly principal: TokenPrincipal
  readonly key: VerificationKey
  /** Of the revocations, when this was looked for among them. */
  revision: number | undefined
}
export type VerifiedTokens = VerifiedCache<Verified>

/** What is remembered of verified tokens; `leeway` is in seconds. */
export function verifiedTokens(entries: number, leeway: number): VerifiedTokens {
  return verifiedCache(entries, ({ principal }) => (principal.claims.exp + leeway) * 1000)
}

const LENGTH = authError('invalid_token', 'token.parse.length', { expected: `at most ${MAX_TOKEN} bytes` })
const ISSUER = authError('invalid_token', 'token.issuer', { expected: 'a string', got: 'something else' })
const BOUND = authError('invalid_token', 'token.bound', { expected: 'a token that is not bound to a key', got: 'cnf' })
const REVOKED = authError('invalid_token', 'token.revoked')

/** The one course that every token takes: strict parse, whose it is, signature, claims, revocation, cache. */
export function tokenVerifier(course: Course): JwtVerifier {
  const { rules, keys, clock } = course
  const cache =
    typeof course.cache !== 'number'
      ? course.cache
      : course.cache > 0
        ? verifiedTokens(course.cache, rules.leeway)
        : undefined

  function verify(
    token: string,
    options?: { readonly bound?: boolean },
  ): Maybe<TokenPrincipal | AuthError | undefined> {
    const judged = verified(token)
    if (options?.bound === true) return judged
    return judged instanceof Promise ? judged.then(unbound) : unbound(judged)
  }

  function verified(token: string): Maybe<TokenPrincipal | AuthError | undefined> {
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
    if (late) return late
    const revision = course.revision?.()
    if (revision !== hit.revision) {
      if (course.isRevoked(hit.principal, hit.key)) return REVOKED
      hit.revision = revision
    }
    return hit.principal
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
    const checked = checkClaims(claims, rules, now)
    if (isAuthError(checked)) return checked
    const principal = course.profile ? course.profile(checked) : checked
    if (isAuthError(principal)) return principal
    const revision = course.revision?.()
    if (course.isRevoked(principal, key)) return REVOKED
    cache?.set(digest, { principal, key, revision }, now)
    return principal
  }

  return Object.freeze({ verify, ...(rules.issuer !== undefined && { issuer: rules.issuer }) })
}

/** Whoever shows a bound token must prove that they hold its key (RFC 7800, RFC 9449 section 7.1). */
function unbound(judged: TokenPrincipal | AuthError | undefined): TokenPrincipal | AuthError | undefined {
  return judged !== undefined && 'claims' in judged && judged.claims.cnf !== undefined ? BOUND : judged
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
