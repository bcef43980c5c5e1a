export { type ApiKeyOptions, apiKey, type KeyVerifier } from './api-key.ts'
export { basic, type PasswordVerifier } from './basic.ts'
export { type BearerOptions, bearer, type TokenVerifier } from './bearer.ts'
export { decisionOf, type Outcome } from './decision.ts'
export { type CarriesPolicy, type Endpoint, findEndpoint, policyOf } from './endpoint.ts'
export type { SecurityEvent } from './event.ts'
export type { Explanation, Reason } from './explain.ts'
export {
  type AnyPolicy,
  anyone,
  type Description,
  type Mode,
  type Policy,
  type PolicyOptions,
  policy,
  type RequirementDescription,
  type RuleDescription,
  type Verdict,
} from './policy.ts'
export { refusalOf } from './refusal.ts'
export { allOf, anyOf, type Decision, type Presented, type Requirement, type Scheme } from './requirement.ts'
export type { Rule } from './rule.ts'
export type { SchemeOptions } from './scheme-options.ts'
