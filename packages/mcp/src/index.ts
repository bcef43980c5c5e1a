export { protectTools, type ToolMiddleware } from './protect-tools.ts'
export {
  type ProtectedResource,
  type ProtectedResourceOptions,
  protectedResource,
} from './protected-resource.ts'
export { type ToolScopes, toolScopes } from './tool-scopes.ts'
