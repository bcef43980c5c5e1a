import { checkOptions } from '@countersign/http'
import { isDeclared, type RouteEntry } from './route.ts'

export interface InventoryOptions {
  /** What becomes of routes that hold no policy: `warn` (default) tells `log`, `refuse` throws, `ignore` lists them. */
  readonly undeclared?: 'warn' | 'refuse' | 'ignore'
  /** Routes that may hold none, as `METHOD /path` of the inventory: those of a plugin that you cannot guard. */
  readonly except?: readonly string[]
  /** Told of routes without a policy: `process.emitWarning` unless told otherwise. */
  readonly log?: (message: string) => void
}

export type Settled = Required<InventoryOptions>

/** Checks and fills in the options of an adapter's `inventory`. `own`: those that the adapter has beside them. */
export function inventoryOptions(options: InventoryOptions, own: readonly string[], log: Settled['log']): Settled {
  checkOptions('inventory()', options, ['undeclared', 'except', 'log', ...own])
  const { undeclared = 'warn', except = [], log: told = log } = options
  if (undeclared !== 'warn' && undeclared !== 'refuse' && undeclared !== 'ignore')
    throw new TypeError('option "undeclared" of inventory() must be "warn", "refuse" or "ignore"')
  if (!Array.isArray(except) || !except.every((one) => /^\S+ \S/.test(one)))
    throw new TypeError('option "except" of inventory() must list routes, such as ["OPTIONS *", "GET /docs/*"]')
  if (typeof told !== 'function') throw new TypeError('option "log" of inventory() must be a function of a message')
  return { undeclared, except, log: told }
}

/** The routes that say nothing of who may call. `anyone` is a policy. */
export function undeclaredOf(routes: readonly RouteEntry[], except: readonly string[] = []): readonly RouteEntry[] {
  return routes.filter((one) => !isDeclared(one) && !except.includes(`${one.method} ${one.path}`))
}

/** Tells of routes without a policy, or refuses to go on with them. Throws where `except` names what is no such route. */
export function judgeUndeclared(routes: readonly RouteEntry[], { undeclared, except, log }: Settled): void {
  const open = undeclaredOf(routes)
  const stale = except.find((name) => !open.some(({ method, path }) => `${method} ${path}` === name))
  if (stale !== undefined)
    throw new TypeError(
      `option "except" of inventory() has "${stale}", which is no route without a policy: take it out`,
    )
  const left = undeclaredOf(open, except)
  if (routes.length === 0 && undeclared === 'refuse')
    throw new TypeError('inventory() found no route at all: call it when all are registered')
  if (left.length === 0 || undeclared === 'ignore') return
  const list = left.map(({ method, path }) => `\n  ${method} ${path}`).join('')
  const count = left.length === 1 ? '1 route holds' : `${left.length} routes hold`
  const message = `${count} no policy: put protect(…) before each, with the policy \`anyone\` where everybody may call${list}`
  if (undeclared === 'refuse') throw new TypeError(message)
  log(message)
}

/** Leaves out each HEAD that its GET answers, under the same policies. */
export function withoutOwnHeads(routes: readonly RouteEntry[]): readonly RouteEntry[] {
  // The first GET of a path is the one that is asked.
  const gets = new Map(
    routes
      .filter(({ method }) => method === 'GET')
      .toReversed()
      .map((one) => [one.path, guardNames(one)]),
  )
  return routes.filter((one) => one.method !== 'HEAD' || gets.get(one.path) !== guardNames(one))
}

function guardNames({ guards }: RouteEntry): string {
  return JSON.stringify(guards)
}
