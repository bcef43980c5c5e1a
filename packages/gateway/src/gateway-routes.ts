import { type AuthError, authError } from '@countersign/http'
import type { AnyPolicy } from '@countersign/policy'

/** What a gateway asks for a method and a path. Members of your own (where it goes on to) stay with it. */
export interface GatewayRoute {
  /** `GET` takes HEAD too; `*`: every method. */
  readonly methods: readonly string[] | '*'
  /** Literal, or with everything below it: `/posts/*` is `/posts` too. */
  readonly path: string
  readonly policy: AnyPolicy
}

const NOT_FOUND = authError('not_found', 'route.unknown')
const AMBIGUOUS = authError('not_found', 'route.ambiguous', {
  expected:
    'a path that every server reads in one way: no //, ., .., ;, \\, encoded slash, and no other spelling of a listed path',
})
const PATH = /^(?:\/(?!:)[A-Za-z0-9._~!$&'()+,=:@-]+)+$|^\/$/
/** What one server takes apart, puts together or decodes and another does not, and what no path may have (RFC 3986 section 3.3). */
const STRANGE = /\/\/|\/\.{1,2}(?:\/|$)|%(?:2f|5c|2e|3b|25|7f|[01][0-9a-f])|[^A-Za-z0-9._~!$&'()*+,=:@%/-]/i

/**
 * Finds the route of a request: the first that fits its path and method. `not_found` (404) for a path that is not listed, or that
 * another server may read as another path; `method_not_allowed` (405) with `Allow`. `path` is as the client sent it, without the query.
 */
export type FindRoute<R> = (method: string | undefined, path: string) => R | AuthError

/** Throws a TypeError for what are no routes, and for one that an earlier one hides. */
export function gatewayRoutes<R extends GatewayRoute>(routes: readonly R[]): FindRoute<R> {
  checkRoutes(routes)
  const folded = routes.map((route) => ({ route, path: fold(route.path) as string }))
  return (method, path) => {
    if (STRANGE.test(path)) return AMBIGUOUS
    const loose = fold(path)
    if (loose === undefined) return AMBIGUOUS
    const fits = routes.filter((route) => isUnder(route.path, path))
    // Routers that ignore case, a slash at the end or needless encoding would take it to where another policy stands.
    const meant = folded.filter((one) => isUnder(one.path, loose)).map(({ route }) => route)
    if (meant.length !== fits.length) return AMBIGUOUS
    if (fits.length === 0) return NOT_FOUND
    const wanted = method === 'HEAD' ? 'GET' : method
    const found = fits.find(({ methods }) => methods === '*' || methods.includes(wanted as string))
    return found ?? notAllowed(fits)
  }
}

function notAllowed(fits: readonly GatewayRoute[]): AuthError {
  const methods = fits.flatMap((route) => route.methods).flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]))
  return authError('method_not_allowed', 'route.method', { headers: { allow: [...new Set(methods)].join(', ') } })
}

function isUnder(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return path === pattern
  const base = pattern.slice(0, -2)
  return path === base || path.startsWith(`${base}/`)
}

/** As the most forgiving router reads it; `undefined` for what none can. */
function fold(path: string): string | undefined {
  try {
    const lower = decodeURIComponent(path).toLowerCase()
    return lower.length > 1 && lower.endsWith('/') ? lower.slice(0, -1) : lower
  } catch {
    return undefined
  }
}

function checkRoutes(routes: unknown): asserts routes is readonly GatewayRoute[] {
  if (!Array.isArray(routes) || routes.length === 0)
    throw new TypeError('gatewayRoutes() takes a list of routes: { methods, path, policy }')
  for (const { methods, path, policy } of routes as Partial<GatewayRoute>[]) {
    const shown = JSON.stringify(path)
    if (typeof path !== 'string' || !PATH.test(path.replace(/\/\*$/, '') || '/') || STRANGE.test(path))
      throw new TypeError(`gatewayRoutes(): path must be literal, such as "/posts" or "/posts/*", got ${shown}`)
    if (
      methods !== '*' &&
      !(Array.isArray(methods) && methods.length > 0 && methods.every((one) => /^[A-Z]+$/.test(one)))
    )
      throw new TypeError(`gatewayRoutes(): methods of ${shown} must be '*' or list methods such as 'GET'`)
    if (typeof policy?.check !== 'function')
      throw new TypeError(
        `gatewayRoutes(): policy of ${shown} must be a policy; a public route uses the policy \`anyone\``,
      )
  }
  const list = routes as readonly GatewayRoute[]
  for (const [at, later] of list.entries()) {
    const hidden = list.slice(0, at).find((one) => hides(one, later))
    if (hidden)
      throw new TypeError(`gatewayRoutes(): ${later.path} is never reached behind ${hidden.path}: put it first`)
  }
}

function hides(earlier: GatewayRoute, later: GatewayRoute): boolean {
  const takesPath =
    isUnder(earlier.path, later.path.replace(/\/\*$/, '') || '/') &&
    (earlier.path.endsWith('/*') || !later.path.endsWith('/*'))
  const takesMethod =
    earlier.methods === '*' || (later.methods !== '*' && later.methods.every((one) => earlier.methods.includes(one)))
  return takesPath && takesMethod
}
