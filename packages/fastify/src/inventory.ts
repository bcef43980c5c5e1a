import {
  type Guard,
  INPUT,
  type InputSchemas,
  type InventoryOptions,
  inputOf,
  inventoryOptions,
  judgeUndeclared,
  type RouteEntry,
  withoutOwnHeads,
} from '@countersign/inventory'
import { type AnyPolicy, POLICY } from '@countersign/policy'
import type { RouteOptions } from 'fastify'

/** What `inventory` makes; `countersign routes` finds it on the app. */
export interface FastifyInventory {
  /** Every route with the policies before it, in the order of registration. Throws before the app is ready. */
  readonly routes: readonly RouteEntry[]
}

/** Under which an app carries its inventory. */
const INVENTORY: unique symbol = Symbol.for('countersign.inventory') as never
/** The hooks before a handler that `protect` fits: the others get other arguments. */
const HOOKS = ['onRequest', 'preValidation', 'preHandler'] as const

/** What is used of an app: the same for every one, whatever its type parameters. */
interface App {
  addHook(name: 'onRoute', hook: (this: object, route: RouteOptions) => void): unknown
  addHook(name: 'onReady', hook: (done: (error?: Error) => void) => void): unknown
  printRoutes(): string
}
/** The routes of an inventory that its documents leave out on purpose, as `METHOD /path`. */
const hidden = new WeakMap<FastifyInventory, ReadonlySet<string>>()
type Hooks = Readonly<Record<(typeof HOOKS)[number], readonly object[]>>

const log = (message: string) => process.emitWarning(message, { code: 'COUNTERSIGN_UNDECLARED' })

/**
 * Sees every route that is registered from now on, in every scope: call it before the first route. What counts is what runs:
 * `protect` on the route, or in a scope that holds it, whenever it was added. At `ready`, routes without a policy are told to
 * `log`, or refused with `undeclared: 'refuse'`: the app does not start. Throws a TypeError for an app that has routes already.
 */
export function inventory(app: App, options: InventoryOptions = {}): FastifyInventory {
  const settled = inventoryOptions(options, [], log)
  if (typeof app?.printRoutes !== 'function') throw new TypeError('inventory() takes an app of Fastify: inventory(app)')
  if (!app.printRoutes().startsWith('(empty'))
    throw new TypeError('call inventory(app) before the first route: those that were registered before are not seen')
  const ofApp = hooksOf(app)
  const seen: (readonly [scope: object, route: RouteOptions])[] = []
  const left = new Set<string>()
  let routes: readonly RouteEntry[] | undefined
  app.addHook('onRoute', function (route) {
    seen.push([this, route])
    if (isHidden(route.schema))
      for (const method of [route.method].flat()) left.add(`${method.toUpperCase()} ${route.url}`)
  })
  app.addHook('onReady', (done) => {
    try {
      routes = withoutOwnHeads(seen.flatMap(([scope, route]) => entriesOf(ofApp, hooksOf(scope), route)))
      judgeUndeclared(routes, settled)
      done()
    } catch (error) {
      done(error as Error)
    }
  })
  const made: FastifyInventory = {
    get routes() {
      if (routes) return routes
      throw new Error('the inventory is whole once the app is ready: await app.ready() first')
    },
  }
  hidden.set(made, left)
  Object.defineProperty(app, INVENTORY, { value: made })
  return made
}

/** What `hide: true` and the tag `X-HIDDEN` say to `@fastify/swagger`. */
function isHidden(schema: unknown): boolean {
  const { hide, tags } = (schema ?? {}) as { readonly hide?: boolean; readonly tags?: readonly string[] }
  return hide === true || tags?.includes('X-HIDDEN') === true
}

/** The routes that `@fastify/swagger` is told to leave out, as `METHOD /path`. */
export function hiddenOf(made: FastifyInventory): ReadonlySet<string> {
  return hidden.get(made) ?? new Set()
}

function entriesOf(ofApp: Hooks, ofScope: Hooks, route: RouteOptions): readonly RouteEntry[] {
  const guards = HOOKS.flatMap((name) => [
    ...guardsIn(ofScope[name], (hook) => (ofApp[name].includes(hook) ? 'app' : 'router')),
    ...guardsIn(listOf(route[name]), () => 'route'),
  ])
  const { body, querystring, query, params } = (route.schema ?? {}) as InputSchemas & { readonly querystring?: object }
  const checks = [...ofScope.preValidation, ...listOf(route.preValidation)]
  const inputs = checks.flatMap((hook) => (INPUT in hook ? [hook[INPUT] as InputSchemas] : []))
  const schemas = inputOf({ body, query: querystring ?? query, params } as InputSchemas).input
  const input = Object.assign({}, schemas, ...inputs.map((one) => inputOf(one).input))
  return [route.method].flat().map((method) => ({
    method: method.toUpperCase(),
    path: route.url,
    guards,
    ...inputOf(input),
  }))
}

function guardsIn(hooks: readonly object[], place: (hook: object) => Guard['on']): readonly Guard[] {
  return hooks.flatMap((hook) =>
    POLICY in hook ? [{ policy: (hook[POLICY] as AnyPolicy).describe(), on: place(hook) }] : [],
  )
}

const listOf = (hooks: unknown) => (hooks === undefined ? [] : [hooks].flat()) as readonly object[]

/** The hooks of a scope, its parents' included: what a route gets when the app is ready. Fastify keeps them under a symbol. */
function hooksOf(scope: object): Hooks {
  for (let at: object | null = scope; at; at = Object.getPrototypeOf(at)) {
    const key = Object.getOwnPropertySymbols(at).find(({ description }) => description === 'fastify.hooks')
    if (key) return (at as Readonly<Record<symbol, Hooks>>)[key] as Hooks
  }
  throw new TypeError('inventory() finds no hooks in this app: it knows Fastify 5')
}
