import type { Input } from '@countersign/http'
import type { AnyPolicy, Description } from '@countersign/policy'

/** One route of a server, with what stands before it. */
export interface RouteEntry {
  /** In capitals; `*` is every method. */
  readonly method: string
  /** As it was registered, prefixes included: `/posts/:id`. */
  readonly path: string
  /** `path` is the text of a regular expression. */
  readonly regexp?: true
  /** The policies that a request must pass, in the order in which they are asked. None: nothing guards this route. */
  readonly guards: readonly Guard[]
  /** The JSON Schemas of what it takes, where something checks them. */
  readonly input?: InputSchemas
}

export interface Guard {
  readonly policy: Description
  /** Where it stands: on the route itself, on a router or scope that holds it, on the whole app. */
  readonly on: 'route' | 'router' | 'app'
}

export interface InputSchemas {
  readonly body?: object
  readonly query?: object
  readonly params?: object
}

/** A route as an application may keep it for itself: with its policy, and what `validate` takes. */
export interface RouteData {
  readonly method: string
  readonly path: string
  readonly policy?: AnyPolicy | Description
  readonly input?: Input | InputSchemas
}

/** The entries of what an application gives. Throws a TypeError for what is no list: an app, or what Fastify's `inventory` returned. */
export function entriesOf(maker: string, routes: readonly (RouteEntry | RouteData)[]): readonly RouteEntry[] {
  if (Array.isArray(routes)) return routes.map(entryOf)
  throw new TypeError(`${maker} takes a list of routes: what inventory(app) returned, on Fastify its \`routes\``)
}

/** The entry that a route kept as data stands for; an entry as it is. */
export function entryOf(route: RouteEntry | RouteData): RouteEntry {
  if ('guards' in route) return route
  const { method, path, policy, input } = route
  if (typeof method !== 'string' || typeof path !== 'string')
    throw new TypeError('a route has a `method` and a `path`, and a `policy`: give what inventory(app) returned')
  const described = policy && ('describe' in policy ? policy.describe() : policy)
  return {
    method: method.toUpperCase(),
    path,
    guards: described ? [{ policy: described, on: 'route' }] : [],
    ...inputOf(input),
  }
}

/** The JSON Schemas of an input, `defineSchema` values unwrapped; nothing where there are none. */
export function inputOf(input: Input | InputSchemas | undefined): { readonly input?: InputSchemas } {
  const parts = (['body', 'query', 'params'] as const).flatMap((part) => {
    const schema: unknown = input?.[part]
    return typeof schema === 'object' && schema !== null ? [[part, plainSchema(schema)] as const] : []
  })
  return parts.length > 0 ? { input: Object.fromEntries(parts) } : {}
}

/** A `defineSchema` value's JSON Schema; what is plain already as it is. */
export function plainSchema(schema: object): object {
  const { schema: inner, validateText } = schema as { readonly schema?: object; readonly validateText?: unknown }
  return inner && typeof validateText === 'function' ? inner : schema
}

/** True where a policy says who may call. What an app or router asks of everybody (HTTPS, a limit) says nothing of a route. */
export function isDeclared({ guards }: RouteEntry): boolean {
  return guards.some(({ policy, on }) => policy.mode !== 'anyone' || policy.conditions.length === 0 || on === 'route')
}
