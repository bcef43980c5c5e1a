import { checkOptions } from '@countersign/http'
import { type Operation, operationOf, PROBLEM_SCHEMA } from './operation.ts'
import { pathTemplates } from './path.ts'
import { entriesOf, type RouteData, type RouteEntry } from './route.ts'
import { schemasOf } from './schemas.ts'
import { schemeNames, securityOf } from './security.ts'

export interface OpenApiOptions {
  /** OpenAPI's Info Object. */
  readonly info: { readonly title: string; readonly version: string; readonly [member: string]: unknown }
  readonly servers?: readonly { readonly url: string; readonly [member: string]: unknown }[]
  /**
   * What you say of a route yourself, by method and path as registered: `{ 'GET /posts/:id': { summary: 'One post' } }`. Its
   * `description` comes before what follows from the policy, its `responses` replace those of the same status.
   */
  readonly operations?: Readonly<Record<string, OwnOperation>>
}
export interface OwnOperation {
  readonly description?: string
  readonly responses?: Readonly<Record<string, object>>
  readonly [member: string]: unknown
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: OpenApiOptions['info']
  readonly servers?: NonNullable<OpenApiOptions['servers']>
  /** By template, then by method in lower case. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, object>>
    readonly schemas: Readonly<Record<string, object>>
  }
  /** Routes that no template can stand for: regular expressions, methods that OpenAPI has no word for. */
  readonly 'x-left-out'?: readonly string[]
}

/** What `*` stands for in a document. */
export const EVERY: readonly string[] = ['get', 'put', 'post', 'delete', 'patch']
export const METHODS: ReadonlySet<string> = new Set([...EVERY, 'head', 'options', 'trace'])
/** `security` and `x-policy` are what is enforced: nobody's words. */
const DERIVED: readonly string[] = ['security', 'x-policy']

/**
 * The OpenAPI 3.1 document of an inventory, or of routes that an application keeps as data: who may call, what is refused and
 * with which status, what must be sent. Where two routes share a method and a path the first one counts, as it does in the
 * router. Throws a TypeError for an `operations` key that is no route, and for one that would say otherwise who may call.
 */
export function openApi(routes: readonly (RouteEntry | RouteData)[], options: OpenApiOptions): OpenApiDocument {
  checkOptions('openApi()', options, ['info', 'servers', 'operations'])
  const { info, servers, operations = {} } = options ?? {}
  if (typeof info?.title !== 'string' || typeof info.version !== 'string')
    throw new TypeError(
      "option \"info\" of openApi() must have a title and a version: { title: 'Posts', version: '1' }",
    )
  const names = schemeNames()
  const schemas = schemasOf({ Problem: PROBLEM_SCHEMA })
  const paths: Record<string, Record<string, Operation>> = {}
  const shapes = new Map<string, ReturnType<typeof pathTemplates>[number]>()
  const leftOut: string[] = []
  const unused = new Set(Object.keys(operations))
  for (const entry of entriesOf('openApi()', routes)) {
    const key = `${entry.method} ${entry.path}`
    unused.delete(key)
    const own = ownOf(key, operations[key])
    const methods = methodsOf(entry)
    if (entry.regexp || methods.length === 0) {
      leftOut.push(key)
      continue
    }
    const policies = entry.guards.map(({ policy }) => policy)
    const { security } = securityOf(policies, names)
    for (const way of pathTemplates(entry.path)) {
      // Two templates that differ in their names alone are the same path (OpenAPI 3.1, section 4.8.8).
      const shape = shapeOf(way.template)
      const first = shapes.get(shape) ?? way
      shapes.set(shape, first)
      paths[first.template] ??= {}
      const item = paths[first.template] as Record<string, Operation>
      const params = way.params.map((param, at) => ({ ...param, name: first.params[at]?.name ?? param.name }))
      for (const method of methods) item[method] ??= merged(operationOf(entry, method, params, security, schemas), own)
    }
  }
  const [wrong] = unused
  if (wrong !== undefined) throw new TypeError(`option "operations" of openApi() has "${wrong}", which is no route`)
  return {
    openapi: '3.1.0',
    info,
    ...(servers && { servers }),
    paths,
    components: { securitySchemes: names.securitySchemes, schemas: schemas.components },
    ...(leftOut.length > 0 && { 'x-left-out': leftOut }),
  }
}

/** The methods of a route, as a document has them. */
export function methodsOf({ method }: RouteEntry): readonly string[] {
  if (method === '*') return EVERY
  const name = method.toLowerCase()
  return METHODS.has(name) ? [name] : []
}

/** A template without the names of its parameters. */
export function shapeOf(template: string): string {
  return template.replace(/\{[^}]*\}/g, '{}')
}

function ownOf(key: string, own: OwnOperation | undefined): OwnOperation | undefined {
  const derived = DERIVED.find((member) => own && member in own)
  if (derived === undefined) return own
  throw new TypeError(`option "operations" of openApi() says "${derived}" of ${key}: that follows from its policy`)
}

function merged(operation: Operation, own: OwnOperation | undefined): Operation {
  if (!own) return operation
  const description = [own.description, operation.description].filter(Boolean).join('\n\n')
  return {
    ...operation,
    ...own,
    ...(description && { description }),
    responses: { ...operation.responses, ...own.responses },
  }
}
