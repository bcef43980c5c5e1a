import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { inventoryText, isDeclared, openApi, type RouteEntry } from '@countersign/inventory'
import { EXIT } from './exit.ts'
import { loadExport } from './load-export.ts'

export interface RoutesQuestion {
  readonly export?: string
  readonly json?: boolean
  readonly openapi?: boolean
  readonly refuseUndeclared?: boolean
}

/** Under which an app of Fastify carries what `inventory(app)` made. */
const INVENTORY = Symbol.for('countersign.inventory')

interface FastifyApp {
  ready(): Promise<unknown>
  readonly [INVENTORY]?: { readonly routes: readonly RouteEntry[] }
}
type Adapter = { inventory(app: object, options: object): readonly RouteEntry[] }

/** The routes of an app that a module exports, each with its policy: as text, data or an OpenAPI document. Listens nowhere. */
export async function routes(
  where: string,
  { export: name, json, openapi, refuseUndeclared }: RoutesQuestion,
): Promise<{ readonly text: string; readonly exit: number }> {
  if (json && openapi) throw new Error('give --json or --openapi, not both')
  const [file = '', named] = where.split('#', 2)
  const wanted = name ?? named
  const app = await loadExport<object>(wanted === undefined ? file : `${file}#${wanted}`, {
    what: 'app',
    several: 'apps',
    maker: 'express() or Fastify()',
    is: isApp,
  })
  const entries = isFastify(app) ? await ofFastify(app) : await ofExpress(app, file)
  const open = entries.filter((one) => !isDeclared(one)).length
  const sum = `${entries.length === 1 ? '1 route' : `${entries.length} routes`}, ${open === 0 ? 'each with a policy' : `${open} WITHOUT A POLICY`}\n`
  const document = () => openApi(entries, { info: { title: 'API', version: '0' } })
  const text = openapi ? data(document()) : json ? data(entries) : `${inventoryText(entries)}${sum}`
  return { text, exit: refuseUndeclared && open > 0 ? EXIT.wrong : EXIT.right }
}

const data = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

/** By shape: the module has its own copy of the framework. */
function isApp(value: unknown): value is object {
  const { stack, lazyrouter, set } = (value ?? {}) as Readonly<Record<string, unknown>>
  return (
    isFastify(value) ||
    (typeof value === 'function' && (Array.isArray(stack) || !!lazyrouter || typeof set === 'function'))
  )
}

function isFastify(value: unknown): value is FastifyApp {
  const { ready, printRoutes } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof ready === 'function' && typeof printRoutes === 'function'
}

async function ofFastify(app: FastifyApp): Promise<readonly RouteEntry[]> {
  const made = app[INVENTORY]
  if (!made)
    throw new Error(
      'Fastify tells its routes as they are registered: call inventory(app) of @countersign/fastify first',
    )
  await app.ready()
  return made.routes
}

/** The adapter that stands beside the module: who has no Express installs none for this command. */
async function ofExpress(app: object, file: string): Promise<readonly RouteEntry[]> {
  const beside = createRequire(pathToFileURL(file))
  let adapter: Adapter
  try {
    adapter = await import(pathToFileURL(beside.resolve('@countersign/express')).href)
  } catch {
    throw new Error(`${file} is an app of Express: npm i @countersign/express beside it`)
  }
  return adapter.inventory(app, { undeclared: 'ignore' })
}
