import { openApi, plainSchema, type RouteEntry } from '@countersign/inventory'
import { type FastifyInventory, hiddenOf } from './inventory.ts'

/** What `@fastify/swagger` takes, as far as it is used here. */
export interface SwaggerTransforms {
  transform(route: { schema: unknown; url: string }): { schema: never; url: string }
  transformObject(made: { openapiObject?: unknown; swaggerObject?: unknown }): never
}

type Parts = Readonly<Record<string, unknown>>
interface Document {
  readonly paths?: Readonly<Record<string, Parts>>
  readonly components?: Parts
}
type Enforced = ReturnType<typeof openApi>['paths'][string][string]

/** What follows from the policies, and is nobody's words. */
const DERIVED = ['security', 'x-policy'] as const
/** Carries a route's path into its operation: the plugin may shorten paths, and writes parameters in its own way. */
const MARK = 'x-countersign-route'
const KNOWN: readonly string[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']

/**
 * For `@fastify/swagger`: `app.register(swagger, { openapi: { … }, ...swaggerTransforms(inventory(app)) })`. Its document says of
 * each operation `security`, the refusals and `x-policy` as they are enforced, and lists the schemes; what it says beside stays.
 * It takes `defineSchema` values in Fastify's `schema` option. `app.swagger()` throws a TypeError that names the routes which ask
 * for a credential and are not in the document, but for those with `schema: { hide: true }`.
 */
export function swaggerTransforms(of: FastifyInventory): SwaggerTransforms {
  return {
    transform({ schema, url }) {
      const parts = Object.entries((schema ?? {}) as Parts)
      const plain = parts.map(([name, part]) => [name, typeof part === 'object' && part ? plainSchema(part) : part])
      return { schema: { ...Object.fromEntries(plain), [MARK]: url } as never, url }
    },
    transformObject({ openapiObject: document }) {
      if (!document) throw new TypeError('swaggerTransforms() goes with the option "openapi" of @fastify/swagger')
      const { paths = {}, components } = document as Document
      const { operations, securitySchemes, schemas } = enforcedBy(of.routes)
      const told = new Set<string>()
      const itemOf = (item: Parts): Parts =>
        Object.fromEntries(
          Object.entries(item).map(([name, theirs]) => {
            if (name === 'additionalOperations') return [name, itemOf(theirs as Parts)]
            if (typeof theirs !== 'object' || theirs === null || !(MARK in theirs)) return [name, theirs]
            const { [MARK]: url, ...operation } = theirs as Parts
            const key = `${name.toUpperCase()} ${url}`
            told.add(key)
            // A HEAD that its GET answers is in no inventory.
            const ours = operations.get(key) ?? operations.get(key.replace(/^HEAD /, 'GET '))
            return [name, ours ? joined(operation, ours) : operation]
          }),
        )
      const items = Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, itemOf(item)]))
      refuseMissing(of, told)
      const merged = (name: string, more: object) => ({ ...(components?.[name] as object), ...more })
      return {
        ...document,
        paths: items,
        components: {
          ...components,
          securitySchemes: merged('securitySchemes', securitySchemes),
          schemas: merged('schemas', { Problem: schemas.Problem }),
        },
      } as never
    },
  }
}

/** What is enforced, by `METHOD /path` as registered. */
function enforcedBy(routes: readonly RouteEntry[]) {
  // Under a path of its own, so that no route is taken for another of the same shape.
  const apart = routes.map((one, at) => ({
    ...one,
    path: `/${at}${one.path}`,
    method: KNOWN.includes(one.method) ? one.method : 'POST',
  }))
  const { paths, components } = openApi(apart, { info: { title: '', version: '' } })
  const operations = new Map<string, Enforced>()
  for (const [path, item] of Object.entries(paths)) {
    const route = routes[Number(/^\/(\d+)/.exec(path)?.[1])]
    const [operation] = Object.values(item)
    if (!route || !operation) continue
    const key = `${route.method} ${route.path}`
    // Of two versions of a route, the document shows one: the one that asks for a credential.
    if (!operations.has(key) || asksCredential(route)) operations.set(key, operation)
  }
  return { operations, ...components }
}

function joined(theirs: Parts, ours: Enforced): Parts {
  const derived = DERIVED.flatMap((name) => (ours[name] ? [[name, ours[name]]] : []))
  const description = [theirs.description, ours.description].filter(Boolean).join('\n\n')
  // The handler's answers are theirs, the refusals follow from the policy.
  const { '2XX': _handler, ...refusals } = ours.responses
  return {
    ...theirs,
    ...Object.fromEntries(derived),
    ...(description && { description }),
    responses: { ...(theirs.responses as object), ...refusals },
  }
}

/** The plugin leaves HEAD out unless it is asked for. */
function refuseMissing(of: FastifyInventory, told: ReadonlySet<string>): void {
  const hidden = hiddenOf(of)
  const missing = of.routes
    .filter((one) => one.method !== 'HEAD' && asksCredential(one))
    .map(({ method, path }) => `${method} ${path}`)
    .filter((key) => !told.has(key) && !hidden.has(key))
  if (missing.length === 0) return
  throw new TypeError(
    `the document of @fastify/swagger lacks ${missing.length === 1 ? 'a route that asks' : `${missing.length} routes that ask`} for a credential: await the plugin before the routes, and give each a path of its own; to leave one out on purpose, \`schema: { hide: true }\`${[...new Set(missing)].map((key) => `\n  ${key}`).join('')}`,
  )
}

const asksCredential = ({ guards }: RouteEntry) => guards.some(({ policy }) => policy.mode !== 'anyone')
