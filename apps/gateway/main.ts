import { hostname } from 'node:os'
import { auditLog, jsonLines } from '@countersign/audit-log'
import { authCheck, forwardedIdentity, IDENTITY_HEADERS } from '@countersign/gateway'
import { empty } from '@countersign/http'
import { bearer, type Endpoint, policy } from '@countersign/policy'
import { localIssuer } from '@countersign/tokens'
import { serverTimeouts } from '@countersign/transport'
import { openStore } from '@sample/domain/store'
import { gateway } from './gateway.ts'
import { gateLimits } from './limits.ts'
import { routeTable } from './routes.ts'
import { readSettings } from './settings.ts'

/** The gateway gives each request an id of its own: a client's would be taken for it. */
const NOT_A_CLIENTS = [...IDENTITY_HEADERS, 'x-request-id']

const settings = readSettings(process.env)
const store = openStore(settings.store)
const issuer = localIssuer({ issuer: settings.issuer, audience: settings.audience, store })
const identity = forwardedIdentity({ issuer, identityHeaders: NOT_A_CLIENTS })
// From here on what any policy of this process refuses or lets by is on record.
const log =
  settings.audit === undefined
    ? undefined
    : auditLog({
        sink: jsonLines(settings.audit, settings.auditKey === undefined ? {} : { chain: { key: settings.auditKey } }),
        service: 'gateway',
        host: hostname(),
      })
const limits = gateLimits(settings.addressLimit, settings.secretLimit)
const routes = routeTable(issuer, store, settings.service, limits)

// Whoever signs out here is refused by every gateway on this store within 2 s.
// Ends sessions: on record, or not done.
const signedIn = policy({ accept: bearer(issuer), conditions: log ? [...limits, log.required] : limits })
const logout: Endpoint = {
  method: 'POST',
  path: '/logout',
  policy: signedIn,
  async handle(request) {
    await issuer.revoke(signedIn.principal(request))
    return empty(204)
  },
}
const check = authCheck(routes, { trustedPeers: settings.trustedPeers })
const endpoints = [...identity.endpoints, logout, check]

const times = serverTimeouts({ headers: settings.headersTimeout, request: settings.requestTimeout })
const app = await gateway({ ...settings, times, routes, identity, endpoints })
const url = await app.listen({ port: settings.port, host: '127.0.0.1' })
console.log(`listening on ${url}`)

const stop = async () => {
  setTimeout(() => process.exit(0), 5000).unref()
  await app.close()
  await log?.close().catch((error: Error) => console.error(error.message))
  await store.close()
  process.exit(0)
}
process.once('SIGTERM', stop).once('SIGINT', stop)
