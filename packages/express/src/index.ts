export { mount } from './mount.ts'
export { type ProblemsOptions, problems } from './problems.ts'
export { type ProtectOptions, protect } from './protect.ts'
export { validate } from './validate.ts'
