// A policy whose issuer is on the loopback, told by the environment: the CLI runs in a process of its own.
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'

const acme = remoteIssuer(process.env.ACME_ISSUER ?? 'https://login.acme.com', { audience: 'https://api.acme.com' })
export const writePosts = policy({ name: 'write posts', accept: bearer(acme), scopes: ['posts:write'] })
