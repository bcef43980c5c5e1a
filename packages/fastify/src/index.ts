export { mount } from './mount.ts'
export { problems, type SchemaTypes } from './problems.ts'
export { type ProtectOptions, protect } from './protect.ts'
export { validate } from './validate.ts'
