import { type AuthError, messageOf, type Principal, type RequestView } from '@countersign/http'
import type { Proof } from './authenticate.ts'
import type { Decision, Requirement, Scheme } from './requirement.ts'

/** What came of reading a request's credentials. */
export type Outcome<D = Decision> =
  | { readonly kind: 'authenticated'; readonly decision: D }
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly error: AuthError }

/** That a policy let a message pass, and what it knew. Hangs on the message: any wrapper around it finds it. */
export class Pass {
  readonly policy: { readonly name: string; readonly accept: Requirement }
  /** What `authorize` judges by. */
  readonly proof: Proof
  /** The pass before this one: a request may meet several policies. */
  readonly before: Pass | undefined
  #outcome: Outcome | undefined

  constructor(policy: Pass['policy'], proof: Proof, before: Pass | undefined) {
    this.policy = policy
    this.proof = proof
    this.before = before
  }

  get scheme(): Scheme | undefined {
    return this.proof.kind === 'absent' ? undefined : this.proof.scheme
  }

  /** As handlers see it. Made when it is asked for: most requests never ask. */
  get outcome(): Outcome {
    return (this.#outcome ??= outcomeOf(this.proof))
  }
}

function outcomeOf(proof: Proof): Outcome {
  if (proof.kind === 'invalid') return { kind: 'invalid', error: proof.error }
  if (proof.kind === 'absent') return proof
  const { scheme, principal, also } = proof
  const decision = {
    scheme: scheme.name,
    principal: principal as Principal,
    ...(also && { also: Object.freeze(also) }),
  }
  return { kind: 'authenticated', decision: Object.freeze(decision) }
}

const PASSES = Symbol.for('countersign.passes')
type Marked = { [PASSES]?: Pass }

export function recordPass(request: RequestView, policy: Pass['policy'], proof: Proof): void {
  const message = messageOf(request) as Marked
  message[PASSES] = new Pass(policy, proof, message[PASSES])
}

/** The pass of this policy on this message; of any policy when none is named. */
export function passOf(request: RequestView, policy?: object): Pass | undefined {
  let pass = (messageOf(request) as Marked)[PASSES]
  while (pass && policy && pass.policy !== policy) pass = pass.before
  return pass
}

/**
 * Who called, whichever policy let them pass: for loggers, limits and forwarding. The latest decision when several
 * policies passed; `undefined` when none did, or nobody proved who they are.
 */
export function decisionOf(request: RequestView): Decision | undefined {
  for (let pass = passOf(request); pass; pass = pass.before) {
    if (pass.outcome.kind === 'authenticated') return pass.outcome.decision
  }
  return undefined
}

/**
 * Who called as they proved it, with the scopes and roles in force: for whoever hands it on (a gateway, an audit log). The
 * application's own principal is left out: it may name scopes that the credential lacks. Otherwise as `decisionOf`.
 */
export function provenOf(request: RequestView): Decision | undefined {
  for (let pass = passOf(request); pass; pass = pass.before) {
    const { proof } = pass
    if (proof.kind !== 'authenticated') continue
    const { subject, expiresAt, authTime, credential } = proof.verified
    const principal: Principal = {
      subject,
      ...(proof.scopes && { scopes: proof.scopes }),
      ...(proof.roles && { roles: proof.roles }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(authTime !== undefined && { authTime }),
      ...(credential && { credential }),
    }
    return Object.freeze({ scheme: proof.scheme.name, principal: Object.freeze(principal) })
  }
  return undefined
}
