import type { Challenge, CredentialLocation } from '@countersign/credentials'
import type { AuthError, Code, Headers, Maybe, Principal, RequestView } from '@countersign/http'

/** Who called, and by which scheme they proved it. */
export interface Decision<N extends string = string, P = Principal> {
  readonly scheme: N
  readonly principal: P
}

/** What `accept` takes, as data that can be walked: one scheme, any of several, or all of several. */
export interface Requirement<D = unknown> {
  readonly kind: 'scheme' | 'anyOf' | 'allOf'
  readonly of: readonly Requirement[]
  /** Never there: carries the type of the decision. */
  readonly '~decision'?: D
}

/** A way to prove who you are. `bearer`, `basic` and `apiKey` make them; one of your own implements this. */
export interface Scheme<N extends string = string, P = unknown> extends Requirement<Decision<N, P>> {
  readonly kind: 'scheme'
  /** Unique in a policy; what `decision.scheme` says. */
  readonly name: N
  /** The places it reads, such as `authorization:bearer` or `header:x-api-key`: two schemes of one policy never share one. */
  readonly sources: readonly string[]
  /** Its OpenAPI 3.1 Security Scheme Object. */
  readonly openapi: Readonly<Record<string, unknown>>
  /** Codes that it refuses with beside those of every scheme, for documents: `too_many_requests` of limited logins. */
  readonly refuses?: readonly Code[]
  /** The credential off the request; `undefined` when there is none; an error when it is malformed. Verifies nothing. */
  read(request: RequestView): Presented | AuthError | undefined
  /** Who the credential proves; `undefined` or an error when it is wrong. Rejects only with `Unavailable` or a bug. */
  verify(
    credential: Presented,
    request: RequestView,
    /** `explain` asks: judge, and let nothing count. */
    asking?: { readonly dry: boolean },
  ): Maybe<Principal | AuthError | undefined>
  /** The application's own principal for a verified one. Left out: the verified one it is. */
  load?(verified: Principal, request: RequestView): Maybe<P | AuthError | undefined>
  /** Headers that the answer of a request that passed must carry (a DPoP nonce, a session that slides). */
  answerHeaders?(verified: Principal, request: RequestView): Headers | undefined
  /**
   * The challenge to send: with `error` when this scheme was tried and refused. Depends on its `code` and `scopes` alone, and on
   * `wanted`: the scopes that the policy asks for, which a scheme may tell clients that get their tokens by themselves.
   */
  challenge(error: AuthError | undefined, wanted?: readonly string[]): Challenge
}

/** What a scheme read: for its own `verify`. `from` tells ambient credentials (cookies) from explicit ones. */
export interface Presented {
  readonly from: CredentialLocation
}

type DecisionOf<R> = R extends Requirement<infer D> ? D : never

/**
 * Any one of these will do: the first whose credential is present decides, and there is no falling through after a
 * wrong one. Two explicit credentials at once are `invalid_request`. Throws a TypeError when two read the same place.
 */
export function anyOf<const R extends readonly Requirement[]>(...of: R): Requirement<DecisionOf<R[number]>> {
  if (of.length === 0) throw new TypeError('anyOf() needs at least one scheme')
  for (const part of of) checkPart('anyOf()', part)
  return Object.freeze({ kind: 'anyOf', of: Object.freeze(of) } as const)
}

/**
 * All must be present and right. The first is the caller; the others stand in `also`, in order. The scopes held are
 * those that every part which speaks of scopes has. Throws a TypeError when two use the `Authorization` header.
 */
export function allOf<F extends Requirement, const R extends readonly Requirement[]>(
  first: F,
  ...rest: R
): Requirement<DecisionOf<F> & { readonly also: { readonly [I in keyof R]: DecisionOf<R[I]> } }> {
  const parts: readonly Requirement[] = [first, ...rest]
  if (parts.length < 2) throw new TypeError('allOf() needs at least two schemes')
  for (const part of parts) checkPart('allOf()', part)
  if (parts.some((part) => collect(part, 'allOf').length > 0))
    throw new TypeError('allOf() holds no allOf(): list its parts')
  return Object.freeze({ kind: 'allOf', of: Object.freeze([first, ...rest]) } as const)
}

/** The schemes of a requirement, in the order of `accept`. */
export function schemesOf(requirement: Requirement): readonly Scheme[] {
  return requirement.kind === 'scheme' ? [requirement as Scheme] : requirement.of.flatMap(schemesOf)
}

/** Throws a TypeError for what is no scheme and no requirement, with what to write in its place. */
export function checkPart(where: string, part: unknown): asserts part is Requirement {
  const { kind, of, verify, forAudience, check } = (part ?? {}) as Readonly<Record<string, unknown>>
  if (typeof kind === 'string' && Array.isArray(of)) return
  const takes = `${where} takes a scheme such as bearer(…), anyOf(…) or allOf(…)`
  if (part === undefined) throw new TypeError(`${takes}; a public route uses the policy \`anyone\``)
  if (Array.isArray(part)) throw new TypeError(`${takes}, got a list: anyOf(a, b), where any one will do`)
  if (typeof forAudience === 'function' && typeof verify !== 'function')
    throw new TypeError(`${takes}, got an issuer without an audience: bearer(remoteIssuer(url, { audience }))`)
  if (typeof verify === 'function')
    throw new TypeError(
      `${takes}, got a verifier. Wrap it: bearer(verifier) for tokens, apiKey(verifier) for keys, basic(verifier) for passwords`,
    )
  if (typeof check === 'function')
    throw new TypeError(`${takes}, got a policy: give what that one accepts, policy.accept`)
  if (typeof part === 'function')
    throw new TypeError(
      `${takes}, got a function. Wrap it: bearer(verify) for tokens, apiKey(verify) for keys, basic(verify) for passwords`,
    )
  throw new TypeError(`${takes}, got ${part === null ? 'null' : typeof part}`)
}

/** Throws where a requirement could never be met, or would refuse every request. */
export function checkRequirement(requirement: Requirement): void {
  const schemes = schemesOf(requirement)
  const names = new Set<string>()
  const sources = new Map<string, string>()
  for (const { name, sources: reads } of schemes) {
    if (names.has(name)) {
      throw new TypeError(
        `policy accepts two schemes named "${name}": give one a { name } of its own, or give one scheme a list of verifiers`,
      )
    }
    names.add(name)
    for (const source of reads) {
      const other = sources.get(source)
      if (other)
        throw new TypeError(`schemes "${other}" and "${name}" both read ${source}: give one scheme a list of verifiers`)
      sources.set(source, name)
    }
  }
  for (const all of collect(requirement, 'allOf')) {
    const parts = all.of.filter((part) =>
      schemesOf(part).every(({ sources }) => sources.every((source) => source.startsWith('authorization:'))),
    )
    if (parts.length > 1) {
      throw new TypeError(
        `allOf(${parts
          .flatMap(schemesOf)
          .map(({ name }) => name)
          .join(', ')}) can never be met: a request has one Authorization header`,
      )
    }
  }
}

function collect(requirement: Requirement, kind: Requirement['kind']): readonly Requirement[] {
  const below = requirement.of.flatMap((part) => collect(part, kind))
  return requirement.kind === kind ? [requirement, ...below] : below
}
