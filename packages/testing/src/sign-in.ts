import { checkOptions, type RequestView } from '@countersign/http'
import type { Decision, Mode, Policy } from '@countersign/policy'
import { recordCaller } from '@countersign/policy/testing'

type NameOf<D> = D extends { readonly scheme: infer N extends string } ? N : never
type By<D, N> = D extends { readonly scheme: N } ? D : never
type PrincipalOf<D> = D extends { readonly principal: infer P } ? P : never
/** What a test gives for a principal: of a token's claims only those that the handler reads. */
type Given<P> = P extends { readonly claims: infer C } ? Omit<P, 'claims'> & { readonly claims?: Partial<C> } : P
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
 * Of `claims` give what the handler reads: what is left out is not there. Throws a TypeError for what the policy could
 * never come to, and for arguments that are none.
 */
export function signIn<D, M extends Mode, N extends NameOf<D> = NameOf<D>>(
  policy: Policy<D, M>,
  request: RequestView,
  principal: Given<PrincipalOf<By<D, N>>> | (M extends 'required' ? never : undefined),
  options: SignInOptions<D, N> = {},
): void {
  checkPolicy(policy)
  checkRequest(request)
  checkOptions('signIn', options, ['scheme', 'also', 'scopes', 'roles'])
  for (const name of ['scopes', 'roles'] as const) checkList(`option "${name}"`, name, options[name])
  if (principal !== undefined) checkPrincipal(principal)
  if (principal === undefined) recordCaller(policy, request)
  else recordCaller(policy, request, { principal: principal as object, ...options })
}

const CALL = "signIn(policy, request, { subject: 'ada' })"

function checkPolicy(policy: unknown): void {
  const { name, mode, accept } = (policy ?? {}) as Partial<Policy>
  if (mode === ('anyone' as string))
    throw new TypeError('signIn: `anyone` has no principal, so a handler behind it needs no signIn')
  if (typeof name === 'string' && typeof accept === 'object') return
  throw new TypeError(`signIn: the first argument must be a policy, got ${kindOf(policy)}: ${CALL}`)
}

function checkRequest(request: unknown): void {
  const { raw, rawHeaders } = (request ?? {}) as { raw?: { rawHeaders?: unknown }; rawHeaders?: unknown }
  if (Array.isArray(rawHeaders) || Array.isArray(raw?.rawHeaders)) return
  throw new TypeError(
    `signIn: the second argument must be the request that the handler gets, got ${kindOf(request)}; a stub is { headers: {}, rawHeaders: [], socket: {} }`,
  )
}

/** What a principal says of the caller, where it says it: a row of a user table may say nothing of this. */
function checkPrincipal(principal: unknown): void {
  if (typeof principal !== 'object' || principal === null || Array.isArray(principal))
    throw new TypeError(
      `signIn: the third argument must be a principal that is an object, got ${kindOf(principal)}: ${CALL}`,
    )
  const { subject, scopes, roles, claims } = principal as Readonly<Record<string, unknown>>
  if (subject !== undefined && (typeof subject !== 'string' || subject === ''))
    throw new TypeError(`signIn: "subject" must be a string that is not empty, got ${kindOf(subject)}: ${CALL}`)
  checkList('"scopes" of the principal', 'scopes', scopes)
  checkList('"roles" of the principal', 'roles', roles)
  if (claims !== undefined && kindOf(claims) !== 'object')
    throw new TypeError(
      `signIn: "claims" must be an object, or left out, got ${kindOf(claims)}: { subject: 'ada', claims: { tenant: 'a' } }`,
    )
}

function checkList(what: string, name: string, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.every((one) => typeof one === 'string'))) return
  throw new TypeError(`signIn: ${what} must be a list of strings, got ${kindOf(value)}: { ${name}: ['a', 'b'] }`)
}

/** Never the value itself: it may be a token. */
function kindOf(value: unknown): string {
  if (value === '') return 'an empty string'
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
}
