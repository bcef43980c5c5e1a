import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Answer, authError, json, problem, type RequestView, targetOf } from '@countersign/http'
import { decisionOf, type Endpoint } from '@countersign/policy'
import { DEMO_USERS } from './demo.ts'
import type { Route } from './routes.ts'

const PAGE = readFileSync(new URL('./console.html', import.meta.url))
const NO_ROUTE = authError('invalid_request', 'console.route', {
  detail: 'The query must name a route: ?route=GET /me',
})
const SECRET = { 'cache-control': 'no-store' }

/**
 * The console page, and what it asks: the routes with their policies, and what a policy makes of the credentials of this very
 * request. With DEMO=1 only: it answers anyone who asks why a credential is refused.
 */
export function consoleOf(routes: readonly Route[]): readonly Endpoint[] {
  return [
    { method: 'GET', path: '/', handle: () => page },
    {
      method: 'GET',
      path: '/console/routes',
      handle: () =>
        json(
          200,
          {
            users: DEMO_USERS.map(({ username, password, roles }) => ({ username, password, roles })),
            routes: routes.map(({ method, path, policy, input }) => ({
              method,
              path,
              takesBody: input.body !== undefined,
              policy: policy.describe(),
            })),
          },
          SECRET,
        ),
    },
    { method: 'GET', path: '/console/explain', handle: (request) => explained(request, routes) },
  ]
}

async function explained(request: RequestView, routes: readonly Route[]): Promise<Answer> {
  const wanted = new URLSearchParams(targetOf(request).split('?')[1]).get('route')
  const route = routes.find(({ method, path }) => `${method} ${path}` === wanted)
  if (!route) return problem(NO_ROUTE)
  const explanation = await route.policy.explain(request)
  await route.policy.check(request)
  const decision = decisionOf(request)
  const { subject, scopes, roles, expiresAt, credential } = decision?.principal ?? {}
  return json(
    200,
    {
      explanation,
      decision: decision && { scheme: decision.scheme, principal: { subject, scopes, roles, expiresAt, credential } },
    },
    SECRET,
  )
}

/** Scripts and styles of the one file and no others; frames nowhere; nothing sent but to this server. */
const page: Answer = {
  status: 200,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-length': `${PAGE.length}`,
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; script-src '${digestOf('script')}'; style-src '${digestOf('style')}'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
  body: PAGE,
}

function digestOf(element: 'script' | 'style'): string {
  const inline = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(PAGE.toString())?.[1]
  if (inline === undefined) throw new Error(`console.html has no <${element}>`)
  return `sha256-${hash('sha256', inline, 'base64')}`
}
