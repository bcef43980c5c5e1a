import { type BearerCredential, readBearer } from '@countersign/credentials'
import {
  type AuthError,
  authError,
  checkOptions,
  isAuthError,
  type Maybe,
  messageOf,
  type Principal,
  type RequestView,
  STATUS,
  type TokenVerifier,
} from '@countersign/http'
import { andThen } from './maybe.ts'
import type { Presented, Scheme } from './requirement.ts'
import { checkRealm, loader, type SchemeOptions, type Verified, verifierOf } from './scheme-options.ts'

export type VerifyBearer = (
  credential: BearerCredential,
  request: RequestView,
) => Maybe<Principal | AuthError | undefined> | PromiseLike<Principal | AuthError | undefined | null>
type BearerVerifier = TokenVerifier | VerifyBearer
type PrincipalOf<V> = V extends readonly (infer E)[]
  ? PrincipalOf<E>
  : V extends { verify(token: string): infer R }
    ? Verified<R>
    : V extends (...args: never[]) => infer R
      ? Verified<R>
      : never

/** A cookie for a token, and what must hold for a request that changes something (CSRF). */
export interface CookieGuard {
  readonly name: string
  /** Asked once the token is verified, on unsafe methods; an error refuses. */
  check(request: RequestView, principal: Principal): AuthError | undefined
}

export interface BearerOptions<V, U> extends SchemeOptions<V, U> {
  /**
   * A cookie that may carry the token too. By its name alone it is refused on unsafe methods, since any site can make a
   * browser send it; `browserCookies` of `@countersign/cookies` is one that is guarded.
   */
  readonly cookie?: string | CookieGuard
  /** A query parameter that may carry the token too. RFC 9700 section 4.3.2 advises against it: URLs end up in logs. */
  readonly query?: string
}

const COOKIE_WRITE = authError('access_denied', 'csrf.cookie', {
  detail: 'A cookie is not accepted for a request that changes something.',
})
const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Accepts bearer tokens (RFC 6750). Give it a verifier (`localIssuer`, `remoteIssuer`, `legacyTokens`), a list of them, or a
 * function of the credential. A wrong token is 401 `invalid_token`, a malformed one 400 `invalid_request`.
 */
export function bearer<const V extends BearerVerifier | readonly BearerVerifier[], U = PrincipalOf<V>>(
  verifier: V,
  options: BearerOptions<PrincipalOf<V>, U> = {},
): Scheme<'bearer', U> {
  const list = Array.isArray(verifier) ? (verifier as readonly BearerVerifier[]) : [verifier as BearerVerifier]
  if (list.length === 0) throw new TypeError('bearer() needs at least one verifier')
  const judges = list.map((one) =>
    verifierOf<BearerCredential>(one, 'a token verifier such as localIssuer()', 'bearer', ({ token }) => token),
  )
  checkOptions('bearer()', options, ['realm', 'name', 'principal', 'cookie', 'query'])
  const issuers = list.flatMap((one) =>
    typeof one === 'function' ? [] : (one.issuers ?? (typeof one.issuer === 'string' ? [one.issuer] : [])),
  )
  const twice = issuers.find((issuer, at) => issuers.indexOf(issuer) !== at)
  if (twice !== undefined)
    throw new TypeError(
      `bearer() has two verifiers for tokens of ${twice}: the first one's no is final, so the other would never be asked`,
    )
  const greedy = list.slice(0, -1).find(claimsAll)
  if (greedy)
    throw new TypeError(
      'bearer() has a verifier with issuer: false that is not the last: it judges every token, so those behind it would never be asked. Put it last',
    )
  const more = Object.assign({}, ...list.map((one) => (typeof one === 'function' ? undefined : one.challenge)))
  const realm = checkRealm(options.realm)
  const guard = cookieGuard(options.cookie)
  const where = { ...(guard && { cookie: guard.name }), ...(options.query && { query: options.query }) }

  const gates = list.flatMap((one) => (typeof one === 'function' || !one.admit ? [] : [one.admit.bind(one)]))
  const turnedAway = (request: RequestView): AuthError | undefined => {
    for (const admit of gates) {
      const error = admit(request)
      if (error) return error
    }
    return undefined
  }

  const asked = selection(list, judges)
  const ask = (
    those: readonly Judge[],
    at: number,
    credential: BearerCredential,
    request: RequestView,
  ): Maybe<Principal | AuthError | undefined> => {
    const judge = those[at]
    if (!judge) return foreign(credential.token, issuers)
    return andThen(judge(credential, request), (result) => result ?? ask(those, at + 1, credential, request))
  }
  const guarded = (result: Principal | AuthError | undefined, request: RequestView) =>
    result === undefined || isAuthError(result) ? result : (guard?.check?.(request, result) ?? result)
  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'bearer',
    sources: [
      'authorization:bearer',
      ...(guard ? [`cookie:${guard.name}`] : []),
      ...(options.query ? [`query:${options.query}`] : []),
    ],
    openapi: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    read: (request) => turnedAway(request) ?? readBearer(request, where),
    verify(credential: Presented, request) {
      const isAmbientWrite = credential.from === 'cookie' && !SAFE.has(messageOf(request).method)
      if (isAmbientWrite && !guard?.check) return COOKIE_WRITE
      const bearerCredential = credential as BearerCredential
      const judged = ask(asked(bearerCredential.token), 0, bearerCredential, request)
      return isAmbientWrite ? andThen(judged, (result) => guarded(result, request)) : judged
    },
    ...loader(options.principal as SchemeOptions['principal']),
    challenge: (error, wanted) => ({
      scheme: 'Bearer',
      params: { realm, ...errorParams(error), ...toAskFor(error, more, wanted), ...more },
    }),
  }
  return Object.freeze(scheme) as Scheme<'bearer', U>
}

/** `scope` of a 401, where clients are led to the authorization server: what to ask for there (RFC 6750 section 3; MCP). */
function toAskFor(
  error: AuthError | undefined,
  more: Readonly<Record<string, string>>,
  wanted: readonly string[] = [],
): Record<string, string> {
  if (more.resource_metadata === undefined || wanted.length === 0) return {}
  return error === undefined || STATUS[error.code] === 401 ? { scope: wanted.join(' ') } : {}
}

/** True for `legacyTokens` that waives the issuer: no token is someone else's. */
function claimsAll(verifier: BearerVerifier): boolean {
  const { waivers } = verifier as { readonly waivers?: unknown }
  return Array.isArray(waivers) && waivers.includes('issuer')
}

type Judge = (credential: BearerCredential, request: RequestView) => Maybe<Principal | AuthError | undefined>

/** Verifiers that are asked one after the other; of more, those that the token says it is for. */
const FEW = 2

/**
 * Whom to ask about a token: all of a few; of many those that name its `iss`, and those that name none. It is not verified, and
 * so selects only from what is in the list: whoever it leaves out would say "not mine".
 */
function selection(list: readonly BearerVerifier[], judges: readonly Judge[]): (token: string) => readonly Judge[] {
  if (judges.length <= FEW) return () => judges
  const named = list.map((one) => (typeof one === 'function' ? undefined : (one.issuers ?? one.issuer)))
  const anyone = judges.filter((_, at) => named[at] === undefined)
  const known = new Map<string | undefined, readonly Judge[]>(
    named
      .flat()
      .map((issuer) => [
        issuer,
        judges.filter((_, at) => named[at] === undefined || [named[at]].flat().includes(issuer as string)),
      ]),
  )
  return (token) => {
    const iss = issuerIn(token)
    return iss === undefined ? judges : (known.get(iss) ?? anyone)
  }
}

/** What a token says of its issuer, whoever wrote it. */
function issuerIn(token: string): string | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(token.split('.', 2)[1] ?? '', 'base64url').toString())
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}

/** Why nobody in the list judges a token, for the developer: whose tokens are judged, and whose it says to be. Unverified. */
function foreign(token: string, issuers: readonly string[]): AuthError | undefined {
  if (issuers.length === 0) return undefined
  const iss = issuerIn(token)
  // Not verified, so anybody's words: nothing of them may move a terminal.
  const got = iss !== undefined ? JSON.stringify(iss.slice(0, 100)).replace(/[^\x20-\x7e]/g, '?') : 'no issuer'
  return authError('invalid_token', 'token.issuer', { expected: issuers.join(' or '), got })
}

function cookieGuard(cookie: unknown): (Pick<CookieGuard, 'name'> & Partial<CookieGuard>) | undefined {
  if (cookie === undefined || cookie === '') return undefined
  if (typeof cookie === 'string') return { name: cookie }
  const guard = cookie as Partial<CookieGuard> | null
  if (typeof guard?.name !== 'string' || guard.name === '' || typeof guard.check !== 'function')
    throw new TypeError('option "cookie" must be the name of a cookie, or browserCookies() of @countersign/cookies')
  return guard as CookieGuard
}

/**
 * What the challenge of a scheme carries about an error, for schemes of your own too: `error` for what the RFCs name, `scope`
 * with `insufficient_scope`, `max_age` with `insufficient_user_authentication`. RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470.
 */
export function errorParams(error: AuthError | undefined): Record<string, string> {
  switch (error?.code) {
    case 'invalid_request':
    case 'invalid_token':
    case 'invalid_dpop_proof':
    case 'use_dpop_nonce':
      return { error: error.code }
    case 'insufficient_scope':
      return { error: error.code, scope: (error.scopes ?? []).join(' ') }
    case 'insufficient_user_authentication':
      return { error: error.code, ...(error.maxAge !== undefined && { max_age: `${error.maxAge}` }) }
    default:
      return {}
  }
}
