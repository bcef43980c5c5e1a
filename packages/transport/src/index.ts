export type { CredentialExposed, Exposed, ExposedOptions } from './exposed.ts'
export { type HstsOptions, type HttpsOnlyOptions, httpsOnly } from './https-only.ts'
export { knownHosts } from './known-hosts.ts'
export { type ServerTimeouts, type ServerTimeoutsOptions, serverTimeouts } from './server-timeouts.ts'
