import type { Description, RequirementDescription, RuleDescription } from '@countersign/policy'

/** `bearer or (apiKey and basic)`: how a caller may prove who they are. */
export function acceptWords(accept: RequirementDescription): string {
  if ('scheme' in accept) return accept.scheme
  if ('anyOf' in accept) return accept.anyOf.map(acceptWords).join(' or ')
  return accept.allOf.map((part) => ('anyOf' in part ? `(${acceptWords(part)})` : acceptWords(part))).join(' and ')
}

/** `scope posts:delete or role admin`: what they must be allowed. */
export function ruleWords(rule: RuleDescription): string {
  if ('scope' in rule) return `scope ${rule.scope}`
  if ('role' in rule) return `role ${rule.role}`
  if ('test' in rule) return rule.test
  if ('anyOf' in rule) return rule.anyOf.map(ruleWords).join(' or ')
  return rule.allOf.map((part) => ('anyOf' in part ? `(${ruleWords(part)})` : ruleWords(part))).join(' and ')
}

/** All that a policy asks, in the order of its parts. */
export function policyWords({ mode, accept, allow, maxAge, conditions }: Description): readonly string[] {
  return [
    accept ? acceptWords(accept) : mode,
    ...(allow ? [ruleWords(allow)] : []),
    ...(accept && mode !== 'required' ? [mode] : []),
    ...(maxAge === undefined ? [] : [`authenticated within ${maxAge} s`]),
    ...(conditions.length > 0 ? [`asks ${conditions.map(({ name }) => name).join(', ')}`] : []),
  ]
}
