import { formatChallenge } from '@countersign/credentials'
import { type AuthError, errorOf, isRefused, problem, type Refusal, type RequestView, STATUS } from '@countersign/http'
import { passOf } from './decision.ts'
import type { Scheme } from './requirement.ts'

const CACHED = 64

/**
 * Makes the refusals of one policy. 401: every challenge, in the order of `accept`, the scheme that was tried carrying
 * `error`; 400 and 403: the challenge of the scheme that was tried; 503: none.
 */
export function refuser(schemes: readonly Scheme[]): (error: AuthError, tried: Scheme | undefined) => Refusal {
  // What a client sees depends on these few members alone: the bytes are made once for each. `expected` is sent as
  // `max_age` only; elsewhere it may tell the time, and would fill this with answers that never come again.
  const made = new Map<string, Refusal>()
  return (error, tried) => {
    const age = error.code === 'insufficient_user_authentication' ? error.expected : ''
    const key =
      error.issues || error.headers
        ? undefined
        : `${tried?.name} ${error.code} ${error.detail} ${error.scopes?.join(' ')} ${age}`
    const known = key === undefined ? undefined : made.get(key)
    if (known) return known.error === error ? known : Object.freeze({ ...known, error })
    const refusal = problem(error, challengesFor(error, tried, schemes))
    if (key !== undefined && made.size < CACHED) made.set(key, refusal)
    return refusal
  }
}

function challengesFor(error: AuthError, tried: Scheme | undefined, schemes: readonly Scheme[]): readonly string[] {
  const status = STATUS[error.code]
  const sent = status === 401 ? schemes : (status === 400 || status === 403) && tried ? [tried] : []
  return sent.map((scheme) => formatChallenge(scheme.challenge(scheme === tried ? error : undefined)))
}

const CALLER_FAULTS: ReadonlySet<number> = new Set([401, 403])

/**
 * The answer to anything thrown, a framework's own errors included. A 401 or 403 thrown behind a policy carries the
 * challenge that the policy itself would have sent. What is nobody's refusal is 500 and says nothing of itself.
 */
export function refusalOf(thrown: unknown, request?: RequestView): Refusal {
  const error = errorOf(thrown)
  if (isRefused(thrown) && thrown.refusal.headers['www-authenticate']) return thrown.refusal
  const pass = request && CALLER_FAULTS.has(STATUS[error.code]) ? passOf(request) : undefined
  return pass?.scheme ? refuser([pass.scheme])(error, pass.scheme) : problem(error)
}
