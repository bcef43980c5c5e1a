import { type Condition, checkConditions } from './condition.ts'
import { defaultName } from './name.ts'
import type { Mode, PrincipalOf } from './policy.ts'
import { checkPart, checkRequirement, type Requirement } from './requirement.ts'
import { checkRule, type Rule } from './rule.ts'

export interface PolicyOptions<D, M extends Mode> {
  /** Shown in errors, events and documents. Left out: its scopes, its rule, or the names of its schemes. */
  readonly name?: string
  /** How a caller may prove who they are: a scheme, `anyOf(…)` or `allOf(…)`. */
  readonly accept: Requirement<D>
  /** What the credential must allow, all of it: short for `allow`. */
  readonly scopes?: readonly string[]
  readonly allow?: Rule<PrincipalOf<D>>
  readonly mode?: M
  /** What must hold beside: how often (`rateLimit`), over what (`httpsOnly`), on record (`onRecord`). In their order. */
  readonly conditions?: readonly Condition[]
  /** Seconds since the caller last actively authenticated, at most (RFC 9470). A credential that does not tell is refused. */
  readonly maxAge?: number
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

const MODES: readonly unknown[] = ['required', 'optional', 'attempt']
const OPTIONS: ReadonlySet<string> = new Set([
  'name',
  'accept',
  'scopes',
  'allow',
  'mode',
  'maxAge',
  'clock',
  'conditions',
])

/** Checks what a policy is made with, and fills it in. Throws a TypeError for what could never hold or says nothing. */
export function policyOptions<D, M extends Mode>(options: PolicyOptions<D, M>) {
  const { accept, maxAge, clock = () => Date.now() } = options ?? {}
  for (const key of Object.keys(options ?? {}))
    if (!OPTIONS.has(key)) throw new TypeError(`policy() has no option "${key}": there are ${[...OPTIONS].join(', ')}`)
  checkPart('"accept" of policy()', accept)
  checkRequirement(accept)
  const mode = options.mode ?? ('required' as M)
  if (!MODES.includes(mode)) throw new TypeError('option "mode" must be "required", "optional" or "attempt"')
  if (maxAge !== undefined && !(typeof maxAge === 'number' && maxAge >= 0))
    throw new TypeError('option "maxAge" must be a number of seconds')
  if (typeof clock !== 'function') throw new TypeError('option "clock" must be a function to epoch milliseconds')
  if (options.name !== undefined && typeof options.name !== 'string')
    throw new TypeError('option "name" must be a string')
  if (options.scopes !== undefined && !Array.isArray(options.scopes))
    throw new TypeError('option "scopes" must be a list of scopes, such as ["posts:read"]')
  if (options.conditions !== undefined) checkConditions(options.conditions)
  const conditions = options.conditions?.length ? Object.freeze([...options.conditions]) : undefined
  const rules: Rule<PrincipalOf<D>>[] = (options.scopes ?? []).map((scope) => ({ scope }))
  if (options.allow !== undefined) rules.push(options.allow)
  for (const rule of rules) checkRule(rule)
  const allow = (rules.length > 1 ? { allOf: rules } : rules[0]) as Rule<never, never> | undefined
  return { accept, mode, name: options.name ?? defaultName(accept, allow, mode), allow, maxAge, clock, conditions }
}
