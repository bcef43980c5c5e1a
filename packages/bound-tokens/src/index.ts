export { type CertificateBoundOptions, certificateBound } from './certificate-bound.ts'
export { type DpopOptions, dpop } from './dpop.ts'
export type { BoundVerifier } from './verifier.ts'
