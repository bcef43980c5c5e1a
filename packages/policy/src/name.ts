import type { Mode } from './policy.ts'
import type { Requirement, Scheme } from './requirement.ts'
import type { Rule } from './rule.ts'

/** What a policy is called that was given no name: what it asks for, else how one proves who one is; `bearer (optional)`. */
export function defaultName(accept: Requirement, allow: Rule<never, never> | undefined, mode: Mode): string {
  const asked = allow ? ruleName(allow) : acceptName(accept)
  return mode === 'required' ? asked : `${asked} (${mode})`
}

/** `posts:read posts:write`, `role admin or posts:read`, `the author`. */
function ruleName(rule: Rule<never, never>): string {
  if ('scope' in rule) return rule.scope
  if ('role' in rule) return `role ${rule.role}`
  if ('anyOf' in rule) return rule.anyOf.map(ruleName).join(' or ')
  if ('test' in rule) return rule.name
  const scopes = rule.allOf.every((part) => 'scope' in part)
  return rule.allOf
    .map((part) => ('anyOf' in part ? `(${ruleName(part)})` : ruleName(part)))
    .join(scopes ? ' ' : ' and ')
}

/** `bearer`, `bearer or basic`, `apiKey and bearer`. */
function acceptName(accept: Requirement): string {
  if (accept.kind === 'scheme') return (accept as Scheme).name
  if (accept.kind === 'anyOf') return accept.of.map(acceptName).join(' or ')
  return accept.of.map((part) => (part.kind === 'anyOf' ? `(${acceptName(part)})` : acceptName(part))).join(' and ')
}
