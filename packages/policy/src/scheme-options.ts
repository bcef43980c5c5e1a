import type { AuthError, Maybe, Principal, RequestView } from '@countersign/http'
import { isAuthError } from '@countersign/http'
import type { Scheme } from './requirement.ts'

/** What every scheme takes. */
export interface SchemeOptions<V = Principal, U = V> {
  /** The protection space named in the challenge: `api` unless told otherwise. */
  readonly realm?: string
  /** The scheme's name in decisions, when a policy has two of a kind. */
  readonly name?: string
  /**
   * The application's own principal for a verified one, such as a row of its user table. Called on every request,
   * never cached. `undefined` or `null` refuses the credential.
   */
  readonly principal?: (
    verified: V,
    request: RequestView,
  ) => U | undefined | null | AuthError | PromiseLike<U | undefined | null | AuthError>
}

/** Left off a result: what is not a principal. */
export type Verified<R> = Exclude<Awaited<R>, AuthError | undefined | null>

/** The principal that a verifier gives: an object with `verify`, or a function of the credential. */
export type VerifiedBy<V> = V extends { verify(...args: never[]): infer R }
  ? Verified<R>
  : V extends (...args: never[]) => infer R
    ? Verified<R>
    : never

/** Makes `load` from the `principal` option. */
export function loader(principal: SchemeOptions['principal']): Pick<Scheme, 'load'> {
  if (principal === undefined) return {}
  if (typeof principal !== 'function') throw new TypeError('option "principal" must be a function (verified) => user')
  return {
    load: (verified, request) => principal(verified, request) as Maybe<object | undefined>,
  }
}

/** Checks what `load` gave: anything that is not an object refuses. */
export function userOf(user: unknown): object | undefined {
  return typeof user === 'object' && user !== null ? user : undefined
}

/** Checks a realm at creation: it goes into a header. */
export function checkRealm(realm: string | undefined): string {
  if (realm === undefined) return 'api'
  if (typeof realm !== 'string' || !/^[\x20-\x7e]+$/.test(realm))
    throw new TypeError('option "realm" must be printable ASCII, such as "api"')
  return realm
}

/** Checks what `verify` gave, whichever scheme it is: a frozen principal with a subject, an error, or `undefined`. Anything else is a bug. */
export function principalOf(result: unknown, scheme: string): Principal | AuthError | undefined {
  if (result === undefined || result === null || isAuthError(result)) return result ?? undefined
  const { subject } = result as Principal
  if (typeof subject !== 'string' || subject === '') {
    throw new TypeError(
      `scheme "${scheme}" must verify to a principal with a non-empty string "subject", an AuthError or undefined`,
    )
  }
  if (Object.isFrozen(result)) return result as Principal
  // A frozen copy: what an application keeps stays its own, and a handler cannot grant itself a scope.
  return Object.getPrototypeOf(result) === Object.prototype
    ? Object.freeze({ ...(result as Principal) })
    : (result as Principal)
}

/** Takes a verifier as a function of the credential, or as an object with `verify`. */
export function verifierOf<C>(verifier: unknown, what: string, scheme: string, pick: (credential: C) => unknown) {
  const verify: unknown =
    typeof verifier === 'function' ? verifier : (verifier as { verify?: unknown } | undefined)?.verify
  if (typeof verify !== 'function') {
    if (typeof (verifier as { forAudience?: unknown } | undefined)?.forAudience === 'function')
      throw new TypeError(
        `${scheme}() got an issuer without an audience, for which any token would do: remoteIssuer(url, { audience })`,
      )
    if (verifier instanceof Promise) throw new TypeError(`${scheme}() got a promise: await it first`)
    throw new TypeError(
      `${scheme}() needs ${what}, or a function of the credential; got ${verifier === null ? 'null' : typeof verifier}`,
    )
  }
  return (
    credential: C,
    request: RequestView,
    asking?: { readonly dry: boolean },
  ): Maybe<Principal | AuthError | undefined> => {
    return typeof verifier === 'function'
      ? verify(credential, request)
      : verify.call(verifier, pick(credential), request, asking)
  }
}
