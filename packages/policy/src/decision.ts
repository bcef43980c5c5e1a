import { type AuthError, messageOf, type RequestView } from '@countersign/http'
import type { Proof } from './authenticate.ts'
import type { Decision, Requirement, Scheme } from './requirement.ts'

/** What came of reading a request's credentials. */
export type Outcome<D = Decision> =
  | { readonly kind: 'authenticated'; readonly decision: D }
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly error: AuthError }

/** That a policy let a message pass, and what it knew. Hangs on the message: any wrapper around it finds it. */
export interface Pass {
  readonly policy: { readonly name: string; readonly accept: Requirement }
  readonly outcome: Outcome
  readonly scheme: Scheme | undefined
  /** The verified principal, the scopes and the roles in force: what `authorize` judges by. */
  readonly proof: (Proof & { readonly kind: 'authenticated' }) | undefined
  /** The pass before this one: a request may meet several policies. */
  readonly before: Pass | undefined
}

const PASSES = Symbol.for('countersign.passes')
type Marked = { [PASSES]?: Pass }

export function recordPass(request: RequestView, pass: Omit<Pass, 'before'>): void {
  const message = messageOf(request) as Marked
  message[PASSES] = { ...pass, before: message[PASSES] }
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
