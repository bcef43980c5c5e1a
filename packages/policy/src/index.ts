export type { TokenVerifier } from '@countersign/http'
export { type ApiKeyOptions, apiKey, type KeyVerifier } from './api-key.ts'
export { basic, type PasswordVerifier } from './basic.ts'
export { type BearerOptions, bearer, type CookieGuard, errorParams } from './bearer.ts'
export type { Asking, Condition, ConditionDescription, Ruled } from './condition.ts'
export { decisionOf, type Outcome, provenOf } from './decision.ts'
export type { Description, RequirementDescription, RuleDescription } from './describe.ts'
export { type CarriesPolicy, checkEndpoints, type Endpoint, findEndpoint, POLICY } from './endpoint.ts'
export { publishRefusal, type SecurityEvent } from './event.ts'
export type { Explanation, Step } from './explain.ts'
export {
  type AnyPolicy,
  type Mode,
  type Policy,
  policy,
  type Verdict,
} from './policy.ts'
export type { PolicyOptions } from './policy-options.ts'
export { checkProtect, headersBesideBody, type ProtectOptions } from './protect.ts'
export { anyone, type PublicRouteOptions, publicRoute } from './public-route.ts'
export { refusalOf } from './refusal.ts'
export { allOf, anyOf, type Decision, type Presented, type Requirement, type Scheme, schemesOf } from './requirement.ts'
export { type RoleHierarchy, roleHierarchy } from './role-hierarchy.ts'
export { checkRule, type Rule } from './rule.ts'
export type { SchemeOptions } from './scheme-options.ts'
