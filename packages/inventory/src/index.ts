export { type CarriesEndpoints, type CarriesInput, ENDPOINTS, INPUT } from './carried.ts'
export { type Drift, type DriftOptions, driftOf } from './drift.ts'
export { type OpenApiDocument, type OpenApiOptions, type OwnOperation, openApi } from './openapi.ts'
export type { Operation } from './operation.ts'
export { type PathParam, type PathTemplate, pathTemplates } from './path.ts'
export {
  type Guard,
  type InputSchemas,
  inputOf,
  isDeclared,
  plainSchema,
  type RouteData,
  type RouteEntry,
} from './route.ts'
export { type SchemeNames, type Security, type SecurityRequirement, securityOf } from './security.ts'
export { inventoryDiff, inventoryText } from './text.ts'
export {
  type InventoryOptions,
  inventoryOptions,
  judgeUndeclared,
  type Settled,
  undeclaredOf,
  withoutOwnHeads,
} from './undeclared.ts'
