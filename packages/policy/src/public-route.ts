import { checkOptions, isUnavailable, type RequestView, unavailableError } from '@countersign/http'
import { ask, type Condition, checkConditions, type PhaseResult } from './condition.ts'
import { publish, typeOf } from './event.ts'
import { explanationOf, type Trace } from './explain.ts'
import { isThenable } from './maybe.ts'
import type { AnyPolicy, Verdict } from './policy.ts'
import { refuser, withHeaders } from './refusal.ts'

export interface PublicRouteOptions {
  /** Shown in events and documents. */
  readonly name?: string
  /** What must hold all the same: a limit by address, HTTPS. */
  readonly conditions: readonly Condition[]
}

/**
 * A policy for a route that asks nobody who they are and still asks something: how often, over what. `protect` takes it for a
 * route or for a whole app. Throws a TypeError for a wrong option; a route without conditions is `anyone`.
 */
export function publicRoute(options: PublicRouteOptions): AnyPolicy {
  checkOptions('publicRoute()', options, ['name', 'conditions'])
  const { name = 'public', conditions } = options ?? {}
  if (typeof name !== 'string' || name === '') throw new TypeError('option "name" must be a string')
  checkConditions(conditions)
  if (conditions.length === 0)
    throw new TypeError('publicRoute() without conditions is the policy `anyone`: use that, or give it some')
  return made(name, Object.freeze([...conditions]))
}

/** A public route says so: an inventory needs a value, not an absence. */
export const anyone: AnyPolicy = made('anyone', [])

function made(name: string, conditions: readonly Condition[]): AnyPolicy {
  const refuse = refuser([])

  function run(request: RequestView, trace: Trace | undefined): PhaseResult | Promise<PhaseResult> {
    const later = (sofar: PhaseResult) =>
      sofar.error ? sofar : ask(conditions, 'after', request, undefined, trace, sofar)
    const before = ask(conditions, 'before', request, undefined, trace)
    return isThenable(before) ? Promise.resolve(before).then(later) : later(before)
  }

  function conclude(request: RequestView, { error, refusal, headers }: PhaseResult): Verdict {
    if (!error) return headers && { headers }
    publish(typeOf(error), request, { policy: name, scheme: undefined, error })
    return withHeaders(refusal ?? refuse(error, undefined), headers)
  }

  const describe = () => ({
    name,
    mode: 'anyone' as const,
    accept: undefined,
    allow: undefined,
    maxAge: undefined,
    conditions: conditions.map((one) => ({ name: one.name, refuses: one.refuses })),
  })
  return Object.freeze({
    name,
    mode: 'anyone' as const,
    check(request: RequestView) {
      if (conditions.length === 0) return undefined
      try {
        const ran = run(request, undefined)
        if (!isThenable(ran)) return conclude(request, ran as PhaseResult)
        return Promise.resolve(ran)
          .catch(unavailable)
          .then((ruling) => conclude(request, ruling))
      } catch (thrown) {
        return isUnavailable(thrown) ? conclude(request, unavailable(thrown)) : Promise.reject(thrown)
      }
    },
    async explain(request: RequestView) {
      const steps: Trace = []
      const { error, refusal } = await Promise.resolve(null)
        .then(() => run(request, steps))
        .catch(unavailable)
      return explanationOf(name, steps, error, error && (refusal ?? refuse(error, undefined)))
    },
    describe,
    [Symbol.for('nodejs.util.inspect.custom')]: describe,
  })
}

function unavailable(thrown: unknown): PhaseResult {
  if (isUnavailable(thrown)) return { error: unavailableError(thrown) }
  throw thrown
}
