export { authorizeCall, protectTools, type ToolMiddleware } from './protect-tools.ts'
export { type ProtectedResource, type ProtectedResourceOptions, protectedResource } from './protected-resource.ts'
export {
  type SdkAuthInfo,
  type SdkTokenVerifier,
  type SdkVerifierOptions,
  sdkAuthInfo,
  sdkVerifier,
} from './sdk.ts'
export { assertResource, type CheckResourceOptions, checkResource, type Finding } from './self-check.ts'
export { type MoreNeeds, type Needs, type NeedsByName, type ToolScopes, toolScopes } from './tool-scopes.ts'
