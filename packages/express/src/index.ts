export { mount } from './mount.ts'
export { type ProblemsOptions, problems } from './problems.ts'
export { type ProtectOptions, type Protector, protect } from './protect.ts'
export { type Validated, validate } from './validate.ts'
