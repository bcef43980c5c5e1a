import {
  type AuthError,
  authError,
  type Headers,
  isUnavailable,
  type Maybe,
  type Refusal,
  type RequestView,
  unavailableError,
} from '@countersign/http'
import { authenticate, type Proof } from './authenticate.ts'
import { ask, type Condition, merged, type PhaseResult } from './condition.ts'
import { type Outcome, passOf, recordPass } from './decision.ts'
import { type Description, describeRequirement, describeRule } from './describe.ts'
import { publish, typeOf } from './event.ts'
import { type Explanation, explanationOf, type Trace, traceError } from './explain.ts'
import { andThen } from './maybe.ts'
import { type PolicyOptions, policyOptions } from './policy-options.ts'
import { refuser, refusers, withHeaders } from './refusal.ts'
import { type Decision, type Requirement, schemesOf } from './requirement.ts'
import { checkRule, type Holder, heldText, judge, type Rule, ruleText, scopesOf } from './rule.ts'

/**
 * What a request without a right credential meets. `required`: it is refused. `optional`: none passes, a wrong one is
 * refused. `attempt`: both pass, and `decision` says which it was.
 */
export type Mode = 'required' | 'optional' | 'attempt'

/** `undefined`: pass. Without `status`: pass, and add these headers to the answer. With `status`: send this instead. */
export type Verdict = Refusal | { readonly status?: undefined; readonly headers: Headers } | undefined

export type PrincipalOf<D> = D extends { readonly principal: infer P } ? P : never
type Seen<D, M extends Mode> = M extends 'required' ? D : M extends 'optional' ? D | undefined : Outcome<D>

/** The half of a policy that any framework, inventory or document can hold: no type parameter. */
export interface AnyPolicy {
  readonly name: string
  readonly mode: Mode | 'anyone'
  /** Whether the request may go on. Synchronous when every part was; rejects only for a bug. Records who called. */
  check(request: RequestView): Maybe<Verdict>
  /** Runs the same code as `check` and tells each step. Records nothing, publishes nothing, lets nobody pass. */
  explain(request: RequestView): Promise<Explanation>
  describe(): Description
}

export interface Policy<D = Decision, M extends Mode = 'required'> extends AnyPolicy {
  readonly mode: M
  /** How a caller may prove who they are: what the policy was made with. */
  readonly accept: Requirement<D>
  /** Scheme and principal, typed by `accept` and `mode`. Throws when this policy did not pass on this message. */
  decision(request: RequestView): Seen<D, M>
  /** The caller. `undefined` only in `optional` and `attempt`. Throws when this policy did not pass on this message. */
  principal(request: RequestView): M extends 'required' ? PrincipalOf<D> : PrincipalOf<D> | undefined
  /**
   * The second phase, for an object just loaded or a tool named in a body: `undefined` when the caller may, else the same
   * bytes as a refusal of `check`. Throw it as `new Refused(refusal)`, or send it. Nobody who proved nothing may.
   */
  authorize<R = undefined>(
    request: RequestView,
    rule: Rule<PrincipalOf<D>, R>,
    resource?: R,
  ): Maybe<Refusal | undefined>
}

const UNAUTHENTICATED = authError('unauthenticated', 'credential.absent')
const AGE = 'age of the authentication'
const ABSENT: Proof = Object.freeze({ kind: 'absent' })

/** Makes a route policy. Throws a TypeError for options that could never hold or that say nothing. */
export function policy<D, const M extends Mode = 'required'>(options: PolicyOptions<D, M>): Policy<D, M> {
  const { accept, mode, name, allow, maxAge, clock, conditions } = policyOptions<D, M>(options)
  const schemes = schemesOf(accept)
  const refuse = refuser(schemes, allow && scopesOf(allow))

  function run(request: RequestView, trace: Trace | undefined): Maybe<Ran> {
    try {
      const ran = conditions ? inTurn(conditions, request, trace) : proven(request, trace, undefined)
      return ran instanceof Promise ? ran.catch(unavailable) : ran
    } catch (thrown) {
      return unavailable(thrown)
    }
  }

  /** Conditions before, who it is, conditions after, what they may do. */
  function inTurn(asked: readonly Condition[], request: RequestView, trace: Trace | undefined): Maybe<Ran> {
    return andThen(ask(asked, 'before', request, undefined, trace), (before) => {
      if (before.error) return { proof: ABSENT, ...before }
      const ran = proven(request, trace, (proof) => {
        const caller = proof.kind === 'authenticated' ? proof.verified : undefined
        return andThen(ask(asked, 'after', request, caller, trace), (after) => ({ proof, ...after }))
      })
      return andThen(ran, (later) =>
        before.headers ? { ...later, headers: merged(before.headers, later.headers ?? {}) } : later,
      )
    })
  }

  function proven(request: RequestView, trace: Trace | undefined, then: Then | undefined): Maybe<Ran> {
    const proof = authenticate(accept, request, trace)
    return proof instanceof Promise ? proof.then((later) => known(later, trace, then)) : known(proof, trace, then)
  }

  function known(proof: Proof, trace: Trace | undefined, then: Then | undefined): Maybe<Ran> {
    if (proof.kind === 'absent' && mode === 'required') return { proof, error: UNAUTHENTICATED }
    if (proof.kind === 'invalid' && mode !== 'attempt') return { proof, error: proof.error }
    if (!then) return allowed(proof, trace)
    return andThen(then(proof), (ran) =>
      ran.error ? ran : andThen(allowed(proof, trace), (judged) => ({ ...ran, ...judged })),
    )
  }

  function allowed(proof: Proof, trace: Trace | undefined): Maybe<Ran> {
    if (proof.kind !== 'authenticated') return { proof }
    const stale = maxAge === undefined ? undefined : tooOld(proof, maxAge, clock())
    if (stale) {
      traceError(trace, AGE, stale)
      return { proof, error: stale }
    }
    if (maxAge !== undefined) trace?.push({ what: AGE, held: true })
    if (allow === undefined) return { proof }
    return andThen(judge(allow, proof, undefined, trace), (ruling) =>
      ruling === 'yes' ? { proof } : { proof, error: shortfall(ruling, allow, proof) },
    )
  }

  function conclude(request: RequestView, { proof, error, refusal, headers: extra }: Ran): Verdict {
    const scheme = proof.kind === 'absent' ? undefined : proof.scheme
    const principal = proof.kind === 'authenticated' ? proof.verified : undefined
    if (error) {
      publish(typeOf(error), request, { policy: name, scheme: scheme?.name, principal, error })
      return withHeaders(refusal ?? refuse(error, scheme), extra)
    }
    recordPass(request, self, proof)
    if (proof.kind === 'invalid')
      publish('unauthenticated', request, { policy: name, scheme: scheme?.name, error: proof.error })
    if (proof.kind !== 'authenticated') return extra && { headers: extra }
    publish('authenticated', request, { policy: name, scheme: scheme?.name, principal })
    const headers = proof.scheme.answerHeaders?.(proof.verified, request)
    if (!extra) return headers && { headers }
    return { headers: merged(headers, extra) }
  }

  const describe = (): Description => ({
    name,
    mode,
    accept: describeRequirement(accept),
    allow: allow && describeRule(allow),
    maxAge,
    conditions: (conditions ?? []).map((one) => ({ name: one.name, refuses: one.refuses })),
  })
  const self: Policy<D, M> = Object.freeze({
    name,
    mode,
    accept,
    check(request: RequestView): Maybe<Verdict> {
      try {
        const ran = run(request, undefined)
        return ran instanceof Promise ? ran.then((later) => conclude(request, later)) : conclude(request, ran)
      } catch (bug) {
        // Not thrown: whoever calls has one place to catch in.
        return Promise.reject(bug)
      }
    },
    async explain(request: RequestView): Promise<Explanation> {
      const steps: Trace = []
      const { proof, error, refusal } = await run(request, steps)
      const answer = error && (refusal ?? refuse(error, proof.kind === 'absent' ? undefined : proof.scheme))
      return explanationOf(name, steps, error, answer)
    },
    describe,
    [Symbol.for('nodejs.util.inspect.custom')]: describe,
    decision(request: RequestView): Seen<D, M> {
      const { outcome } = seen(request)
      if (mode === 'attempt') return outcome as Seen<D, M>
      return (outcome.kind === 'authenticated' ? outcome.decision : undefined) as Seen<D, M>
    },
    principal(request: RequestView) {
      const { proof } = seen(request)
      return (proof.kind === 'authenticated' ? proof.principal : undefined) as PrincipalOf<D>
    },
    authorize<R>(request: RequestView, rule: Rule<PrincipalOf<D>, R>, resource?: R): Maybe<Refusal | undefined> {
      checkRule(rule)
      const { proof: holder } = seen(request)
      if (holder.kind !== 'authenticated') return refuse(UNAUTHENTICATED, undefined)
      const judged = judge(rule as Rule<never, never>, holder, resource)
      return andThen(judged, (ruling) => {
        if (ruling === 'yes') return undefined
        const error = shortfall(ruling, rule as Rule<never, never>, holder)
        publish('forbidden', request, { policy: name, scheme: holder.scheme.name, principal: holder.verified, error })
        return refuse(error, holder.scheme)
      })
    },
  })
  refusers.set(self, refuse)
  return self

  function seen(request: RequestView) {
    const pass = passOf(request, self)
    if (pass) return pass
    throw new Error(
      `policy "${name}" did not pass on this request: put protect() with this policy before the handler that asks who called`,
    )
  }
}

interface Ran extends PhaseResult {
  readonly proof: Proof
}
type Then = (proof: Proof) => Maybe<Ran>

function unavailable(thrown: unknown): Ran {
  if (isUnavailable(thrown)) return { proof: ABSENT, error: unavailableError(thrown) }
  throw thrown
}

function shortfall(ruling: 'scope' | 'no', rule: Rule<never, never>, holder: Holder): AuthError {
  const told = { expected: ruleText(rule), got: heldText(holder) }
  if (ruling === 'no') return authError('access_denied', 'rule.refused', told)
  const scopes = scopesOf(rule)
  return authError('insufficient_scope', 'scope.missing', {
    ...told,
    scopes,
    detail: `This needs the scope ${scopes.join(' ')}.`,
  })
}

function tooOld(proof: Proof & { kind: 'authenticated' }, maxAge: number, now: number): AuthError | undefined {
  const { authTime } = proof.verified
  if (authTime !== undefined && now / 1000 - authTime <= maxAge) return undefined
  return authError('insufficient_user_authentication', 'authentication.age', {
    maxAge,
    expected: `at most ${maxAge} s ago`,
    got: authTime === undefined ? 'no time' : `${Math.floor(now / 1000 - authTime)} s ago`,
  })
}
