import { checkOptions } from '@countersign/http'
import { METHODS, methodsOf, shapeOf } from './openapi.ts'
import { type PathParam, pathTemplates } from './path.ts'
import { entriesOf, isDeclared, type RouteData, type RouteEntry } from './route.ts'
import { type SecurityRequirement, securityOf } from './security.ts'

export interface DriftOptions {
  /** What stands before each path of the routes and not of the document: `/v1`, where `servers` has it. */
  readonly basePath?: string
}

/** One way in which a document and what is enforced differ. */
export interface Drift {
  /**
   * `open`: the document asks for a credential, the route lets anybody in, or says nothing. `undocumented`: a route that the
   * document has not. `missing`: an operation that no route serves. `closed`: the document says anybody may, the route refuses.
   * `schemes`: other ways to prove who calls. `scopes`: the same ways, other scopes.
   */
  readonly kind: 'open' | 'undocumented' | 'missing' | 'closed' | 'schemes' | 'scopes'
  readonly method: string
  /** As the document writes it. */
  readonly path: string
  /** In words: what the document says, what is enforced. */
  readonly detail: string
}

const ORDER: readonly Drift['kind'][] = ['open', 'scopes', 'schemes', 'closed', 'undocumented', 'missing']

/** The part of a document that is read. */
interface Given {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly security?: readonly SecurityRequirement[]
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, SchemeObject>> }
}
interface SchemeObject {
  readonly type?: string
  readonly scheme?: string
  readonly in?: string
  readonly name?: string
  readonly $ref?: string
}

/**
 * Where a given OpenAPI document, such as one that people write, differs from what the routes enforce; the worst first, and
 * empty where they agree. Names of schemes and parameters may differ; OAuth 2 and OpenID Connect are bearer tokens here. Only
 * `security` is compared, not schemas. Throws a TypeError for what is no OpenAPI 3 document.
 */
export function driftOf(
  document: object,
  routes: readonly (RouteEntry | RouteData)[],
  options: DriftOptions = {},
): readonly Drift[] {
  checkOptions('driftOf()', options, ['basePath'])
  const { basePath = '' } = options
  const given = document as Given
  if (typeof given?.paths !== 'object' || given.paths === null)
    throw new TypeError('driftOf() takes an OpenAPI 3 document as an object: one with `paths`')
  const told = operationsOf(given)
  const drifts: Drift[] = []
  const served = new Set<string>()
  const answered = new Set<string>()
  const undocumented = (method: string, path: string, enforced: Ways, why = '') =>
    drifts.push({
      kind: 'undocumented',
      method,
      path,
      detail: `the document does not have it${why}; enforced: ${shown(enforced)}`,
    })
  for (const entry of entriesOf('driftOf()', routes)) {
    const enforced = enforcedBy(entry)
    const letsAnyoneIn = enforced === undefined || isOpen(enforced)
    if (entry.regexp) {
      if (letsAnyoneIn) undocumented(entry.method, entry.path, enforced, ': no path of OpenAPI is a regular expression')
      continue
    }
    for (const { template, params } of pathTemplates(entry.path)) {
      const path =
        template.startsWith(`${basePath}/`) || template === basePath ? template.slice(basePath.length) || '/' : template
      const left: string[] = []
      for (const method of methodsOrOwn(entry)) {
        // The first route of a path is the one that answers: of the same path, with the same patterns.
        const whole = `${method} ${exactly(template, params)}`
        if (answered.has(whole)) continue
        const key = `${method} ${shapeOf(path)}`
        const operation = told.get(key)
        if (!operation) {
          left.push(method.toUpperCase())
          if (entry.method !== '*') answered.add(whole)
          continue
        }
        answered.add(whole)
        served.add(key)
        const found = difference(operation.security, enforced)
        if (found) drifts.push({ ...found, method: operation.method, path: operation.path })
      }
      if (left.length === 0) continue
      if (entry.method !== '*') undocumented(entry.method, path, enforced)
      // What a guarded `*` route serves need not all be written down.
      else if (letsAnyoneIn) undocumented('*', path, enforced, ` for ${left.join(', ')}`)
    }
  }
  for (const [key, { path, method }] of told)
    if (!served.has(key)) drifts.push({ kind: 'missing', method, path, detail: 'no route serves it' })
  return drifts.sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))
}

interface Told {
  readonly path: string
  readonly method: string
  readonly security: Ways
}

/** Ways to pass, as text: which schemes, and those with their scopes. `undefined`: nothing says. */
type Ways = readonly Way[] | undefined
interface Way {
  readonly schemes: string
  readonly scopes: string
}

function operationsOf({ paths = {}, security, components }: Given): ReadonlyMap<string, Told> {
  const schemes = components?.securitySchemes ?? {}
  const found = new Map<string, Told>()
  for (const [path, item] of Object.entries(paths))
    for (const [method, operation] of operationsIn(item)) {
      const own = (operation as { readonly security?: readonly SecurityRequirement[] }).security ?? security ?? []
      found.set(`${method} ${shapeOf(path)}`, { path, method: method.toUpperCase(), security: waysOf(own, schemes) })
    }
  return found
}

/** OpenAPI 3.2 has `query`, and `additionalOperations` for every other method. */
function operationsIn(item: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  const { additionalOperations = {} } = item as { readonly additionalOperations?: Readonly<Record<string, unknown>> }
  const others = Object.entries(additionalOperations).map(([name, one]) => [name.toLowerCase(), one] as const)
  return [...Object.entries(item).filter(([name]) => METHODS.has(name) || name === 'query'), ...others]
}

/** A method that OpenAPI 3.1 has no word for is itself. */
function methodsOrOwn(entry: RouteEntry): readonly string[] {
  const methods = methodsOf(entry)
  return methods.length > 0 ? methods : [entry.method.toLowerCase()]
}

/** A template by what its parameters take: `/a/*` is not the `/a/:id` that it shares a shape with. */
function exactly(template: string, params: readonly PathParam[]): string {
  let at = 0
  return template.replace(/\{[^}]*\}/g, () => {
    const { wildcard, pattern = '' } = params[at++] ?? {}
    return `{${wildcard ? '*' : ''}${pattern}}`
  })
}

function enforcedBy(entry: RouteEntry): Ways {
  if (!isDeclared(entry)) return undefined
  const { security, securitySchemes } = securityOf(entry.guards.map(({ policy }) => policy))
  return waysOf(security, securitySchemes)
}

function waysOf(
  security: readonly SecurityRequirement[],
  schemes: Readonly<Record<string, SchemeObject>>,
): readonly Way[] {
  if (security.length === 0) return [{ schemes: '', scopes: '' }]
  return security.map((one) => {
    const names = Object.keys(one).map((name) => [kindOf(schemes[name], name), one[name] ?? []] as const)
    return {
      schemes: names
        .map(([kind]) => kind)
        .sort()
        .join(' + '),
      scopes: names
        .map(([kind, scopes]) => `${kind} ${[...scopes].sort().join(',')}`.trim())
        .sort()
        .join(' + '),
    }
  })
}

/** What a scheme is on the wire, whatever a document calls it. */
function kindOf(scheme: SchemeObject | undefined, name: string): string {
  if (!scheme || scheme.$ref !== undefined) return `unknown scheme ${name}`
  if (scheme.type === 'oauth2' || scheme.type === 'openIdConnect') return 'bearer'
  if (scheme.type === 'http') return `${scheme.scheme}`.toLowerCase()
  if (scheme.type === 'apiKey')
    return `${scheme.in} ${scheme.in === 'header' ? scheme.name?.toLowerCase() : scheme.name}`
  return `${scheme.type}`
}

function difference(told: Ways, enforced: Ways): Pick<Drift, 'kind' | 'detail'> | undefined {
  const same = (part: keyof Way) => listOf(told, part) === listOf(enforced, part)
  const detail = `the document says ${shown(told)}; enforced: ${shown(enforced)}`
  if (enforced === undefined || (isOpen(enforced) && !isOpen(told))) return { kind: 'open', detail }
  if (isOpen(told) && !isOpen(enforced)) return { kind: 'closed', detail }
  if (!same('schemes')) return { kind: 'schemes', detail }
  return same('scopes') ? undefined : { kind: 'scopes', detail }
}

const isOpen = (ways: Ways) => ways?.some(({ schemes }) => schemes === '') === true
const listOf = (ways: Ways, part: keyof Way) =>
  JSON.stringify([...new Set((ways ?? []).map((one) => one[part]))].sort())

function shown(ways: Ways): string {
  if (!ways) return 'NO POLICY'
  return ways.map(({ scopes }) => scopes || 'anyone').join(' or ')
}
