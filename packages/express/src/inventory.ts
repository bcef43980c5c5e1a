import { METHODS } from 'node:http'
import {
  ENDPOINTS,
  type Guard,
  INPUT,
  type InventoryOptions,
  inputOf,
  inventoryOptions,
  judgeUndeclared,
  pathTemplates,
  type RouteEntry,
  withoutOwnHeads,
} from '@countersign/inventory'
import { type AnyPolicy, anyone, type Endpoint, POLICY } from '@countersign/policy'

export interface ExpressInventoryOptions extends InventoryOptions {
  /** Apps that this one mounts (`app.use('/admin', admin)`): Express does not tell what is in them. */
  readonly apps?: readonly object[]
}

/** What is read of a router: Express 5.3 has `rawPath` beside it, so that paths can be told. */
interface Router {
  readonly stack: readonly Layer[]
  readonly listRoutes?: unknown
}
interface Layer {
  readonly handle: object
  readonly name: string
  readonly route?: { readonly stack: readonly { readonly method?: string; readonly handle: object }[] }
  readonly rawPath: Path | readonly Path[]
  /** It takes every path: `use` without one. */
  readonly slash: boolean
  match(path: string): { readonly path: string } | false
}
type Path = string | RegExp

/** Where a route takes all methods alike, any one stands for them. */
const ANY = 'GET'

/** All below a path, and the path itself. */
const EVERYTHING = '{/*any}'

/** A router on the way down to a route: what stands there before the next step, and where that step goes. */
interface Step {
  readonly before: readonly Layer[]
  readonly layer: Pick<Layer, 'match' | 'rawPath'>
  /** `undefined`: a regular expression, which no sample can stand for. */
  readonly path: string | undefined
}
interface Found {
  readonly method: string
  readonly steps: readonly Step[]
  readonly own: readonly object[]
}

const log = (message: string) => process.emitWarning(message, { code: 'COUNTERSIGN_UNDECLARED' })

/**
 * Every route of an app or router with the policies before it, in the order of registration: call it when all are registered.
 * What counts is what surely runs: a `protect` that stands earlier and takes every path of the route. Routes without a policy
 * are told to `log`, or refused with `undeclared: 'refuse'`. Throws a TypeError below Express 5.3, which keeps no paths.
 */
export function inventory(app: object, options: ExpressInventoryOptions = {}): readonly RouteEntry[] {
  const settled = inventoryOptions(options, ['apps'], log)
  const waiting = [...(options.apps ?? [])] as { readonly mountpath?: unknown }[]
  const found = walk(routerOf(app), [])
  if (waiting.length > 0) throw new TypeError('option "apps" of inventory() has an app that is not mounted in this one')
  const routes = withoutOwnHeads(found.map(entryOf))
  judgeUndeclared(routes, settled)
  return routes

  function walk({ stack }: Router, above: readonly Step[]): readonly Found[] {
    return stack.flatMap((layer, at) =>
      [layer.rawPath].flat().flatMap((raw): readonly Found[] => {
        const steps = [...above, { before: stack.slice(0, at), layer, path: typeof raw === 'string' ? raw : undefined }]
        if (layer.route)
          return methodsOf(layer).map((method) => ({
            method,
            steps,
            own: handlersOf(layer, method === '*' ? ANY : method),
          }))
        const endpoints = (layer.handle as { readonly [ENDPOINTS]?: readonly Endpoint[] })[ENDPOINTS]
        if (endpoints) return endpoints.map((one) => served(one, steps))
        if (isRouter(layer.handle)) return walk(layer.handle, steps)
        if (layer.name !== 'mounted_app') return []
        const mounted = waiting.findIndex(({ mountpath }) => `${mountpath}` === `${layer.rawPath}`)
        // Nobody can tell what an app in there serves: it is a route that takes everything.
        if (mounted < 0) return [{ method: '*', steps: [...steps, literal(EVERYTHING, () => true)], own: [] }]
        const [sub] = waiting.splice(mounted, 1)
        return walk(routerOf(sub as object), steps)
      }),
    )
  }
}

function routerOf(app: object): Router {
  // Express 4 throws for `router`.
  const old = 'lazyrouter' in app
  const router = old ? undefined : ((app as { readonly router?: unknown }).router ?? app)
  if (isRouter(router) && typeof router.listRoutes === 'function') return router
  throw new TypeError(
    old || isRouter(router)
      ? 'inventory() needs Express 5.3 or newer: older ones do not tell the paths of their routes'
      : 'inventory() takes an app or a router of Express: inventory(app)',
  )
}

const isRouter = (value: unknown): value is Router => Array.isArray((value as Partial<Router> | undefined)?.stack)

/** The methods that a route was registered for; `*` where it is all, which `app.all` names one by one. */
function methodsOf(layer: Layer): readonly string[] {
  const named = [...new Set(layer.route?.stack.map(({ method }) => method?.toUpperCase() ?? '*'))]
  const handlers = METHODS.map((method) => handlersOf(layer, method))
  const alike = handlers.every((some) => some.length > 0 && some.every((one, at) => one === handlers[0]?.[at]))
  return alike && METHODS.every((method) => named.includes(method)) ? ['*'] : named
}

/** The handlers of a route, those for errors aside, that a request by this method meets. */
const handlersOf = ({ route }: Layer, method: string) =>
  (route?.stack ?? [])
    .filter((one) => !one.method || one.method.toUpperCase() === method)
    .map(({ handle }) => handle)
    .filter((handle) => (handle as { readonly length?: number }).length !== 4)

function served({ method, path, policy = anyone }: Endpoint, steps: readonly Step[]): Found {
  const takes = (asked: string) => (path.endsWith('/*') ? asked.startsWith(path.slice(0, -1)) : asked === path)
  return { method, steps: [...steps, literal(path, takes)], own: [{ [POLICY]: policy }] }
}

/** A step that no layer stands for. */
const literal = (path: string, takes: (asked: string) => boolean): Step => ({
  before: [],
  layer: { rawPath: path, match: (asked) => takes(asked) && { path: asked } },
  path,
})

function entryOf({ method, steps, own }: Found): RouteEntry {
  const path = joined(steps)
  const guards = steps.flatMap(({ before }, at) =>
    before
      .filter((layer) => stands(layer, steps.slice(at)))
      .flatMap((layer) => policiesOf(leading(layer, method)).map(on(at === 0 ? 'app' : 'router'))),
  )
  const inputs = own.flatMap((handle) => (INPUT in handle ? [handle[INPUT] as object] : []))
  const isOther = (handle: object) => !(POLICY in handle) && !(INPUT in handle)
  // One that takes no `next` ends the request, whatever stands behind it.
  const last = own.findIndex((handle) => isOther(handle) && (handle as { readonly length?: number }).length === 2)
  const handler = last < 0 ? own.findLastIndex(isOther) : last
  return {
    method,
    path: path ?? textOf(steps),
    ...(path === undefined && { regexp: true as const }),
    // What stands behind the last handler is never asked.
    guards: [...guards, ...policiesOf(handler < 0 ? own : own.slice(0, handler)).map(on('route'))],
    ...inputOf(Object.assign({}, ...inputs)),
  }
}

const on = (place: Guard['on']) => (policy: AnyPolicy) => ({ policy: policy.describe(), on: place })

const policiesOf = (handles: readonly object[]) =>
  handles.flatMap((handle) => (POLICY in handle ? [handle[POLICY] as AnyPolicy] : []))

/** The guards that surely run in a layer: those of a route for every method in question. HEAD is asked of a GET route too. */
function leading(layer: Layer, method: string): readonly object[] {
  if (!layer.route) return [layer.handle]
  const asked =
    method === '*' ? METHODS : method === 'GET' && methodsOf(layer).includes('HEAD') ? ['GET', 'HEAD'] : [method]
  const [first = [], ...rest] = asked.map((one) => untilForeign(handlersOf(layer, one)))
  return first.filter((handle) => rest.every((some) => some.includes(handle)))
}

/** As far as no handler of another kind could leave the route before. */
function untilForeign(handles: readonly object[]): readonly object[] {
  const foreign = handles.findIndex((handle) => !(POLICY in handle))
  return foreign < 0 ? handles : handles.slice(0, foreign)
}

/** Whether a layer takes all that the steps take: tried with stand-ins for parameters, with letters of another case, with a slash behind. */
function stands(layer: Layer, steps: readonly Step[]): boolean {
  if (layer.slash) return true
  const path = joined(steps)
  if (path === undefined || [layer.rawPath].flat().some((one) => typeof one !== 'string')) return false
  return pathTemplates(path)
    .flatMap(({ samples }) => samples)
    .flatMap((one) => [one, `${one}/`, ...otherCases(one)])
    .every((one) => layer.match(one) !== false || !takes(steps, one))
}

/** A path with the case of one segment changed, for each. */
function otherCases(path: string): readonly string[] {
  const segments = path.split('/')
  return segments.flatMap((segment, at) => [
    segments.with(at, segment.toUpperCase()).join('/'),
    segments.with(at, segment.toLowerCase()).join('/'),
  ])
}

/** Whether a path gets through every step, as the router would take it. */
function takes([step, ...rest]: readonly Step[], path: string): boolean {
  if (!step) return true
  const match = step.layer.match(path)
  return match !== false && takes(rest, slashed(path.slice(match.path.length)))
}

function joined(steps: readonly Step[]): string | undefined {
  if (steps.some(({ path }) => path === undefined)) return undefined
  const path = steps.reduce(
    (all, { path }) => `${all.replace(/\/$/, '')}${path === '/' && all !== '' ? '' : slashed(path as string)}`,
    '',
  )
  return path === '' ? '/' : path
}

const slashed = (path: string) => (path.startsWith('/') || path.startsWith('{') ? path : `/${path}`)

const textOf = (steps: readonly Step[]) =>
  steps
    .map(({ path, layer }) => path ?? `${layer.rawPath}`)
    .filter((one) => one !== '/')
    .join('')
