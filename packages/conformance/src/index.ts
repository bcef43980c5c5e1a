export {
  ALL,
  basic,
  bearer,
  type Case,
  CHALLENGES,
  type Expectation,
  JSON_TYPE,
  json,
  type Step,
  type World,
} from './case.ts'
export { CASES } from './cases/index.ts'
export { secretsOf } from './check.ts'
export { conformance, identical, type Transcripts } from './conformance.ts'
export { type HostOptions, type RunningHost, startHost } from './host.ts'
export { makeKeys, mintWith, type TestKeys } from './mint.ts'
export { runCase } from './run.ts'
export { exchange, linesOf, type WireRequest, type WireResponse } from './wire.ts'
