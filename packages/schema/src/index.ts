export { type DefinedSchema, defineSchema, type JsonSchema } from './define.ts'
export type { StandardProps, StandardResult } from './standard.ts'
