export {
  type Answer,
  empty,
  errorOf,
  type Headers,
  isRefused,
  json,
  problem,
  type Refusal,
  Refused,
  unavailableError,
} from './answer.ts'
export { BODY_LIMIT, readBody } from './body.ts'
export { answerClientError } from './client-error.ts'
export type { PublicEndpoint } from './endpoint.ts'
export {
  type AuthError,
  authError,
  type Code,
  type Issue,
  isAuthError,
  isUnavailable,
  STATUS,
  Unavailable,
} from './error.ts'
export { errorName } from './error-name.ts'
export { checkGiven } from './given.ts'
export {
  type Checked,
  checkInput,
  checkParts,
  type Input,
  inputError,
  type Parts,
  type Schema,
  type TypeOf,
} from './input.ts'
export { parseJson } from './json.ts'
export { checkOptions } from './options.ts'
export type { Principal } from './principal.ts'
export { proxyHint } from './proxy-hint.ts'
export { type RefusalOptions, throwsRefusals } from './refusals.ts'
export { headerLines, type Maybe, type Message, messageOf, pathOf, type RequestView, targetOf } from './request.ts'
export { type RequestFacts, requestFacts, type TraceContext } from './request-facts.ts'
export type { TokenVerifier, UnboundIssuer } from './token-verifier.ts'
export { isLoopback, isSafeUrl } from './url.ts'
