import type { Refusal, RequestView } from '@countersign/http'
import { type AuthError, type Code, type Headers, isAuthError, type Maybe, type Principal } from '@countersign/http'
import { type Trace, traceError } from './explain.ts'
import { andThen } from './maybe.ts'

/**
 * What must hold beside who calls: how often, over what, on record. Policies take a list as `conditions`; each is asked in
 * its order, and the first that refuses settles it.
 */
export interface Condition {
  /** Shown by `explain`, `describe` and documents. */
  readonly name: string
  /** The codes that it may refuse with: documents name their statuses. */
  readonly refuses: readonly Code[]
  /** Asked before any credential is read or verified: let it be cheap. */
  before?(request: RequestView, asking: Asking): Maybe<Ruled>
  /** Asked once the caller is known, before what they may do is judged. `undefined`: nobody called, and nobody had to. */
  after?(request: RequestView, caller: Principal | undefined, asking: Asking): Maybe<Ruled>
}

export interface Asking {
  /** `explain` asks: say what would be, and count, write and revoke nothing. */
  readonly dry: boolean
}

/** `undefined`: it holds. An error or a whole answer refuses. Without `status`: it holds, and the answer carries these headers. */
export type Ruled = AuthError | Refusal | { readonly status?: undefined; readonly headers: Headers } | undefined

/** What all conditions of one phase came to. */
export interface PhaseResult {
  readonly error?: AuthError
  /** An answer of the condition's own, such as a redirect. */
  readonly refusal?: Refusal
  readonly headers?: Headers
}

export interface ConditionDescription {
  readonly name: string
  readonly refuses: readonly Code[]
}

const HELD: PhaseResult = Object.freeze({})
const DRY: Asking = Object.freeze({ dry: true })
const WET: Asking = Object.freeze({ dry: false })

/** Asks the conditions of one phase, one after the other. Synchronous where each of them was. */
export function ask(
  conditions: readonly Condition[],
  phase: 'before' | 'after',
  request: RequestView,
  caller: Principal | undefined,
  trace: Trace | undefined,
  sofar: PhaseResult = HELD,
  at = 0,
): Maybe<PhaseResult> {
  const condition = conditions[at]
  if (!condition) return sofar
  const next = (ruling: PhaseResult) => ask(conditions, phase, request, caller, trace, ruling, at + 1)
  if (!condition[phase]) return next(sofar)
  const asking = trace ? DRY : WET
  const ruled = phase === 'before' ? condition.before?.(request, asking) : condition.after?.(request, caller, asking)
  return andThen(ruled, (one) => {
    if (isAuthError(one)) {
      traceError(trace, condition.name, one)
      return { ...sofar, error: one }
    }
    if (one?.status !== undefined) {
      traceError(trace, condition.name, one.error)
      return { ...sofar, error: one.error, refusal: one }
    }
    trace?.push({ what: condition.name, held: true })
    return next(one ? { headers: merged(sofar.headers, one.headers) } : sofar)
  })
}

/** Where two say the same field, both say it: a line each. */
export function merged(one: Headers | undefined, other: Headers): Headers {
  if (!one) return other
  const all: Record<string, string | string[]> = { ...one }
  for (const [name, value] of Object.entries(other)) {
    const known = all[name]
    all[name] = known === undefined ? value : [known, value].flat()
  }
  return all
}

/** Throws a TypeError for what is no list of conditions: one that is never asked would guard nothing. */
export function checkConditions(value: unknown): asserts value is readonly Condition[] {
  if (!Array.isArray(value)) throw new TypeError('option "conditions" must be a list, such as [rateLimit({ … })]')
  for (const one of value as Partial<Condition>[]) {
    if (typeof one?.name !== 'string' || !Array.isArray(one.refuses) || !(one.before || one.after))
      throw new TypeError('a condition has a `name`, `refuses` (a list of codes), and `before` or `after`')
  }
  const names = (value as Condition[]).map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new TypeError(`two conditions are named "${twice}": give each a \`name\` of its own`)
}
