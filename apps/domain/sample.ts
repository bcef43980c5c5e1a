import { hostname } from 'node:os'
import { apiKeys } from '@countersign/api-keys'
import { auditLog, jsonLines } from '@countersign/audit-log'
import { authCheck } from '@countersign/gateway'
import { isSafeUrl } from '@countersign/http'
import { passwordLogin } from '@countersign/passwords'
import { anyone, type Endpoint } from '@countersign/policy'
import { loginLimits } from '@countersign/rate-limits'
import { localIssuer, type RevocationMode } from '@countersign/tokens'
import { serverTimeouts } from '@countersign/transport'
import { consoleOf } from './console.ts'
import { openDatabase } from './database.ts'
import { seedDemo } from './demo.ts'
import { echoOf } from './echo.ts'
import { openLimits } from './limit-store.ts'
import { mcpOf, mcpResourceOf } from './mcp.ts'
import { oauthOf } from './oauth.ts'
import { legacyPasswordToken } from './oauth-legacy.ts'
import { openApiOf } from './openapi.ts'
import { policiesOf } from './policies.ts'
import { postsIn } from './posts.ts'
import { type Route, routesOf } from './routes.ts'
import { readKeys, type Settings, sqliteFile } from './settings.ts'
import { openStore } from './store.ts'
import { targetsOf } from './targets.ts'
import { makeCertificates } from './tls.ts'
import { usersIn } from './users.ts'

export type Sample = Awaited<ReturnType<typeof openSample>>

/** Opens the sample API: its stores, its policies, its routes, ready for any host. */
export async function openSample(settings: Settings) {
  const store = openStore(settings.store)
  const database = openDatabase(sqliteFile(settings.database))
  const table = usersIn(database)
  const { loginFailures: limit } = settings
  const counts = openLimits(settings.store)
  const limits = loginLimits({
    store: counts.store,
    perUserAndAddress: { limit, window: 900 },
    perAddress: { limit: limit * 100, window: 900 },
    delay: { after: limit },
  })
  const users = passwordLogin({ find: table.find, upgrade: table.upgrade, realm: 'sample', limits })
  const keys = apiKeys({ prefix: 'sample', store })
  const own = localIssuer({
    issuer: settings.issuer,
    audience: settings.audience,
    store,
    lifetime: settings.accessTtl,
    revocation: settings.revocation as RevocationMode,
    refresh: {
      sliding: settings.refreshTtl,
      absolute: Math.max(settings.refreshTtl, 90 * 86_400),
      grace: settings.refreshGrace,
    },
    ...(settings.keysFile && { keys: readKeys(settings.keysFile) }),
  })
  const log =
    settings.audit === undefined
      ? undefined
      : auditLog({
          sink: jsonLines(settings.audit, settings.auditKey === undefined ? {} : { chain: { key: settings.auditKey } }),
          service: 'sample',
          host: hostname(),
        })
  // What makes keys, ends sessions or deletes is on record, or does not happen.
  const policies = policiesOf(own, keys, users, log ? [log.required] : [])
  const posts = postsIn(database)
  // An audience that is no URL names no origin: what is signed for then is the issuer's, or nobody's.
  const origin = [settings.audience, settings.issuer].find((one) => isSafeUrl(one)) ?? 'https://sample.invalid'
  const echo = echoOf({ own, store, demo: settings.demo, origin })
  const routes = routesOf({ policies, own, keys, users, posts, echo })
  // An audience that is no URL is no resource that a client could find.
  const mcp = isSafeUrl(settings.audience) ? mcpOf(own, settings.audience, posts) : []
  const { issuer, audience, demo } = settings
  // Nor is an issuer that is no URL one that a client could find.
  const isFound = isSafeUrl(issuer) && isSafeUrl(audience)
  const resources = [audience, mcpResourceOf(audience)]
  const oauth = isFound ? oauthOf({ own, store, users, table, resources, demo }) : []
  const brought: readonly Endpoint[] = [
    ...own.endpoints,
    ...mcp,
    ...oauth,
    legacyPasswordToken(own, users),
    authCheck(policies.caller, { trustedPeers: settings.trustedPeers }),
    ...(demo ? consoleOf(routes) : []),
  ]
  const endpoints = [...brought, openApiOf(routes, brought, policies.caller)]
  const certificates =
    settings.https === 'no' ? undefined : makeCertificates(settings.tlsFolder, settings.https === 'mutual')
  return {
    settings,
    certificates,
    /** For the server of any host: nobody holds it by being slow, and a request without Host is ours to answer. */
    server: {
      requireHostHeader: false,
      ...serverTimeouts({ headers: settings.headersTimeout, request: settings.requestTimeout }),
      ...certificates?.tls,
    },
    routes,
    endpoints,
    policies,
    users,
    keys,
    own,
    /** What no route answers: 400, 404, OPTIONS, 405; else the route and its parameters. */
    find: targetsOf([...routes, ...endpoints.map((endpoint) => asRoute(endpoint))]),
    /** Seeds the demo data; gives the new demo key, after which the one before is revoked. */
    seed: () => seedDemo(table, keys),
    async close() {
      await log?.close().catch((error: Error) => console.error(error.message))
      await counts.close()
      await store.close()
      database.close()
    },
  }
}

/** An endpoint as a route, for the host that has no router of its own. */
function asRoute({ method, path, policy = anyone, handle }: Endpoint): Route {
  return { method, path, policy, input: {}, handle: ({ request }) => handle(request) }
}
