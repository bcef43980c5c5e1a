/** For tests of handlers, under `@countersign/policy/testing`. `signIn` of `@countersign/testing` is its typed front. */
import type { Principal, RequestView } from '@countersign/http'
import { recordPass } from './decision.ts'
import type { Policy } from './policy.ts'
import { type Decision, type Requirement, type Scheme, schemesOf } from './requirement.ts'

/** Who is said to have called. */
export interface Caller {
  readonly principal: object
  /** Name of the scheme that is said to have proved it: the first of `accept` unless told otherwise. */
  readonly scheme?: string
  /** What the other parts of an `allOf` are said to have proved. */
  readonly also?: readonly Decision[]
  /** In force for `authorize`: the principal's own unless told otherwise. */
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
}

type Given = Pick<Policy<unknown, 'required' | 'optional' | 'attempt'>, 'name' | 'mode' | 'accept'>

/**
 * Records on a request that a policy passed, for this caller, or for nobody when `caller` is left out (`optional` and
 * `attempt` only). Reads no credential, judges no rule, publishes nothing, and does not change what `check` answers.
 * Throws a TypeError for what `check` could never come to.
 */
export function recordCaller(policy: Given, request: RequestView, caller?: Caller): void {
  if (caller === undefined) {
    if (policy.mode === 'required')
      throw new TypeError(`policy "${policy.name}" lets nobody pass without a principal: its mode is "required"`)
    recordPass(request, policy, { kind: 'absent' })
    return
  }
  const principal = caller.principal as Principal
  if (typeof principal !== 'object' || principal === null)
    throw new TypeError(`policy "${policy.name}" yields a principal that is an object, got ${typeof principal}`)
  const scheme = schemeOf(policy, caller.scheme)
  recordPass(request, policy, {
    kind: 'authenticated',
    scheme,
    verified: principal,
    principal,
    ...alsoOf(policy, scheme, caller.also),
    scopes: caller.scopes ?? principal.scopes,
    roles: caller.roles ?? principal.roles,
  })
}

function schemeOf({ name: policy, accept }: Given, wanted: string | undefined): Scheme {
  const schemes = schemesOf(accept)
  const scheme = wanted === undefined ? schemes[0] : schemes.find(({ name }) => name === wanted)
  if (scheme) return scheme
  throw new TypeError(`policy "${policy}" accepts ${schemes.map(({ name }) => name).join(', ')}, not ${wanted}`)
}

/** `also` for the caller of an `allOf`; nothing for any other scheme. */
function alsoOf(policy: Given, scheme: Scheme, also: Caller['also']): { readonly also?: readonly Decision[] } {
  const all = allWith(policy.accept, scheme)
  if (!all && also)
    throw new TypeError(`policy "${policy.name}" yields no "also" with ${scheme.name}: that is for allOf()`)
  if (!all) return {}
  const [first, ...rest] = all.of
  if (!schemesOf(first as Requirement).includes(scheme))
    throw new TypeError(`policy "${policy.name}" needs ${scheme.name} beside another: name the first of its allOf()`)
  if (also?.length !== rest.length)
    throw new TypeError(
      `policy "${policy.name}" needs { also } with ${rest.length} more: what the other schemes proved`,
    )
  return { also: [...also] }
}

function allWith(requirement: Requirement, scheme: Scheme): Requirement | undefined {
  if (requirement.kind === 'scheme') return undefined
  if (requirement.kind === 'allOf') return schemesOf(requirement).includes(scheme) ? requirement : undefined
  for (const part of requirement.of) {
    const found = allWith(part, scheme)
    if (found) return found
  }
  return undefined
}
