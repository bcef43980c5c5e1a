import { formatChallenge } from '@countersign/credentials'
import {
  type AuthError,
  errorOf,
  type Headers,
  isRefused,
  problem,
  type Refusal,
  type RequestView,
  STATUS,
} from '@countersign/http'
import { merged } from './condition.ts'
import { type Pass, passOf } from './decision.ts'
import { publish, typeOf } from './event.ts'
import { type Scheme, schemesOf } from './requirement.ts'

const CACHED = 64

/** Makes one refusal; `tried` is the scheme whose credential came. */
export type Refuser = (error: AuthError, tried: Scheme | undefined) => Refusal

/**
 * Makes the refusals of one policy. 401: every challenge, in the order of `accept`, the scheme that was tried carrying
 * `error`; 400 and 403: the challenge of the scheme that was tried; 503: none.
 */
export function refuser(schemes: readonly Scheme[], wanted: readonly string[] = []): Refuser {
  // What a client sees depends on these few members alone: the bytes are made once for each.
  const made = new Map<string, Refusal>()
  return (error, tried) => {
    const key =
      error.issues || error.headers
        ? undefined
        : JSON.stringify([tried?.name, error.code, error.detail, error.scopes, error.maxAge])
    const known = key === undefined ? undefined : made.get(key)
    if (known) return tell(known.error === error ? known : Object.freeze({ ...known, error }))
    const refusal = tell(problem(error, challengesFor(error, tried, schemes, wanted)))
    if (key !== undefined && made.size < CACHED) made.set(key, refusal)
    return refusal
  }
}

function tell(refusal: Refusal): Refusal {
  told.add(refusal)
  return refusal
}

/** A refusal of a policy, with headers that its conditions want on every answer. */
export function withHeaders(refusal: Refusal, headers: Headers | undefined): Refusal {
  if (!headers) return tell(refusal)
  return tell(Object.freeze({ ...refusal, headers: Object.freeze(merged(headers, refusal.headers)) }))
}

function challengesFor(
  error: AuthError,
  tried: Scheme | undefined,
  schemes: readonly Scheme[],
  wanted: readonly string[],
): readonly string[] {
  const status = STATUS[error.code]
  const sent = status === 401 ? schemes : (status === 400 || status === 403) && tried ? [tried] : []
  return sent.map((scheme) => formatChallenge(scheme.challenge(scheme === tried ? error : undefined, wanted)))
}

/** How each policy refuses, for what is thrown behind it. */
export const refusers = new WeakMap<object, Refuser>()

/** Refusals that a policy made, which were published as it made them. */
const told = new WeakSet<Refusal>()

/**
 * The answer to anything thrown, a framework's own errors included. A `Refused` goes out with its own bytes, but that a
 * 401 or 403 without a challenge, thrown behind a policy, gets those that the policy would have sent. A refusal of a
 * caller that no policy made (a login, a refresh) is published as the policies publish theirs. A bug is 500 and says nothing.
 */
export function refusalOf(thrown: unknown, request?: RequestView): Refusal {
  const error = errorOf(thrown)
  const own = isRefused(thrown) ? thrown.refusal : undefined
  const pass = request && passOf(request)
  if (request && !(own && told.has(own))) publishThrown(error, request, pass)
  const status = STATUS[error.code]
  const challenged = own?.headers['www-authenticate'] !== undefined
  if (own && (challenged || (status !== 401 && status !== 403))) return own
  if (pass && (status === 401 || status === 403)) {
    const refuse = refusers.get(pass.policy) ?? refuser(schemesOf(pass.policy.accept))
    return refuse(error, isOfMany(pass) ? undefined : pass.scheme)
  }
  return own ?? problem(error)
}

/** Behind an `allOf` nobody can tell which of its credentials a later refusal means. */
function isOfMany({ proof }: Pass): boolean {
  return proof.kind === 'authenticated' && proof.also !== undefined
}

function publishThrown(error: AuthError, request: RequestView, pass: Pass | undefined): void {
  const status = STATUS[error.code]
  const isCallers =
    status === 401 || status === 403 || status === 429 || status === 503 || error.code === 'invalid_grant'
  if (!isCallers) return
  publish(typeOf(error), request, { policy: pass?.policy.name, scheme: pass?.scheme?.name, error })
}
