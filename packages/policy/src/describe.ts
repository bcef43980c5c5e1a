import type { Code } from '@countersign/http'
import type { ConditionDescription } from './condition.ts'
import type { Mode } from './policy.ts'
import type { Requirement, Scheme } from './requirement.ts'
import type { Rule } from './rule.ts'

/** A policy as plain data: what documents, inventories, attack kits and pages read. */
export interface Description {
  readonly name: string
  readonly mode: Mode | 'anyone'
  readonly accept: RequirementDescription | undefined
  readonly allow: RuleDescription | undefined
  readonly maxAge: number | undefined
  readonly conditions: readonly ConditionDescription[]
}
export type RequirementDescription =
  | {
      readonly scheme: string
      /** Every place it reads: `authorization:bearer`, `header:x-api-key`, `cookie:session`, `query:access_token`. */
      readonly sources: readonly string[]
      readonly openapi: Readonly<Record<string, unknown>>
      /** Codes that only this one refuses with. */
      readonly refuses?: readonly Code[]
    }
  | { readonly anyOf: readonly RequirementDescription[] }
  | { readonly allOf: readonly RequirementDescription[] }
export type RuleDescription =
  | { readonly scope: string }
  | { readonly role: string }
  | { readonly test: string }
  | { readonly anyOf: readonly RuleDescription[] }
  | { readonly allOf: readonly RuleDescription[] }

export function describeRequirement(requirement: Requirement): RequirementDescription {
  if (requirement.kind === 'scheme') {
    const { name, sources, openapi, refuses } = requirement as Scheme
    return { scheme: name, sources, openapi, ...(refuses && { refuses }) }
  }
  const parts = requirement.of.map(describeRequirement)
  return requirement.kind === 'anyOf' ? { anyOf: parts } : { allOf: parts }
}

export function describeRule(rule: Rule<never, never>): RuleDescription {
  if ('test' in rule) return { test: rule.name }
  if ('anyOf' in rule) return { anyOf: rule.anyOf.map(describeRule) }
  if ('allOf' in rule) return { allOf: rule.allOf.map(describeRule) }
  return rule
}
