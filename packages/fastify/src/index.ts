export { mount } from './mount.ts'
export { problems, type SchemaTypes } from './problems.ts'
export { type ProtectOptions, type Protector, protect } from './protect.ts'
export { type Validator, validate } from './validate.ts'
