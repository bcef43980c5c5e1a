import { readFileSync } from 'node:fs'
import { apiKeys } from '@countersign/api-keys'
import { passwordLogin } from '@countersign/passwords'
import { anyone, type Endpoint } from '@countersign/policy'
import { localIssuer, type RevocationMode } from '@countersign/tokens'
import { consoleOf } from './console.ts'
import { openDatabase } from './database.ts'
import { seedDemo } from './demo.ts'
import { policiesOf } from './policies.ts'
import { postsIn } from './posts.ts'
import { type Route, routesOf } from './routes.ts'
import { type Settings, sqliteFile } from './settings.ts'
import { openStore } from './store.ts'
import { targetsOf } from './targets.ts'
import { usersIn } from './users.ts'

export type Sample = Awaited<ReturnType<typeof openSample>>

/** Opens the sample API: its stores, its policies, its routes, ready for any host. */
export async function openSample(settings: Settings) {
  const store = openStore(settings.store)
  const database = openDatabase(sqliteFile(settings.database))
  const table = usersIn(database)
  const users = passwordLogin({ find: table.find, upgrade: table.upgrade, realm: 'sample' })
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
    ...(settings.keysFile && { keys: JSON.parse(readFileSync(settings.keysFile, 'utf8')) }),
  })
  const policies = policiesOf(own, keys, users)
  const routes = routesOf({ policies, own, keys, users, posts: postsIn(database) })
  const endpoints: readonly Endpoint[] = [...own.endpoints, ...(settings.demo ? consoleOf(routes) : [])]
  return {
    settings,
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
      await store.close()
      database.close()
    },
  }
}

/** An endpoint as a route, for the host that has no router of its own. */
function asRoute({ method, path, policy = anyone, handle }: Endpoint): Route {
  return { method, path, policy, input: {}, handle: ({ request }) => handle(request) }
}
