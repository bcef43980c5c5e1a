import { checkOptions, type RequestView } from '@countersign/http'
import type { Decision, Mode, Policy } from '@countersign/policy'
import { recordCaller } from '@countersign/policy/testing'

type NameOf<D> = D extends { readonly scheme: infer N extends string } ? N : never
type By<D, N> = D extends { readonly scheme: N } ? D : never
type PrincipalOf<D> = D extends { readonly principal: infer P } ? P : never
type AlsoOf<D> = D extends { readonly also: infer A extends readonly Decision[] } ? A : never

export interface SignInOptions<D, N extends NameOf<D>> {
  /** Name of the scheme that is said to have proved it: the first of `accept` unless told otherwise. */
  readonly scheme?: N
  /** With `allOf`: what its other schemes are said to have proved, as `decision` shows it. */
  readonly also?: AlsoOf<By<D, N>>
  /** What `authorize` judges by, where the principal (a row of your user table) does not say it. */
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
}

/**
 * Signs a request in, for the unit test of a handler: `principal`, `decision`, `authorize` and `decisionOf` then answer as
 * if the policy had let this principal pass. Takes what handlers get: an Express, Fastify or node request, or a stub
 * `{ headers: {}, rawHeaders: [], socket: {} }`. `undefined` signs nobody in, in the modes `optional` and `attempt`.
 * It stands in for `protect`, and does not get anyone past it: whole routes are tested with a token of `testIssuer`.
 * Throws a TypeError for what the policy could never come to.
 */
export function signIn<D, M extends Mode, N extends NameOf<D> = NameOf<D>>(
  policy: Policy<D, M>,
  request: RequestView,
  principal: PrincipalOf<By<D, N>> | (M extends 'required' ? never : undefined),
  options: SignInOptions<D, N> = {},
): void {
  checkOptions('signIn', options, ['scheme', 'also', 'scopes', 'roles'])
  if (principal === undefined) recordCaller(policy, request)
  else recordCaller(policy, request, { principal: principal as object, ...options })
}
