export { type AuthCheckOptions, authCheck } from './auth-check.ts'
export { type ForwardedOptions, type ForwardedPrincipal, forwarded } from './forwarded.ts'
export {
  type ForwardedIdentity,
  type ForwardedIdentityOptions,
  type ForwardTo,
  forwardedIdentity,
} from './forwarded-identity.ts'
export { type FindRoute, type GatewayRoute, gatewayRoutes } from './gateway-routes.ts'
export { HOP_BY_HOP, IDENTITY_HEADERS } from './header-lists.ts'
