import { inventoryText } from '@countersign/inventory'
import { anyone, bearer, type Condition, policy, publicRoute } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import swagger from '@fastify/swagger'
import { Validator } from '@seriousme/openapi-schema-validator'
import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { type FastifyInventory, inventory, mount, problems, protect, swaggerTransforms, validate } from './index.ts'

const readers = policy({ name: 'readers', accept: bearer(() => ({ subject: 'x' })), scopes: ['read'] })
const admins = policy({ name: 'admins', accept: bearer(() => ({ subject: 'x' })), allow: { role: 'admin' } })
const overHttps: Condition = { name: 'https', refuses: ['access_denied'], before: () => undefined }
const answer = async () => ({})
const quiet = { undeclared: 'ignore' } as const
/** `GET /x  readers@route`, or `-` where nothing guards it. */
const shown = (made: FastifyInventory) =>
  made.routes.map(
    ({ method, path, guards }) =>
      `${method} ${path}  ${guards.map(({ policy: { name }, on }) => `${name}@${on}`).join(' ') || '-'}`,
  )
async function seen(register: (app: FastifyInstance) => void, options = {}) {
  const app = Fastify(options)
  const made = inventory(app, quiet)
  register(app)
  await app.ready()
  return shown(made)
}

describe('what guards a route', () => {
  test('its own policy, that of its scope and those around it, that of the app', async () => {
    const routes = await seen((app) => {
      app.get('/own', { onRequest: [(_request, _reply, done) => done(), protect(readers)] }, answer)
      app.register(
        async (scope) => {
          scope.addHook('onRequest', protect(admins))
          scope.get('/in/:id', { onRequest: protect(readers) }, answer)
          scope.register(async (inner) => inner.delete('/deep', answer), { prefix: '/inner' })
        },
        { prefix: '/scope' },
      )
      app.get('/outside', { preHandler: protect(anyone) }, answer)
      app.get('/open', answer)
    })
    expect(routes).toEqual([
      'GET /own  readers@route',
      'GET /outside  anyone@route',
      'GET /open  -',
      'GET /scope/in/:id  admins@router readers@route',
      'DELETE /scope/inner/deep  admins@router',
    ])
  })

  test('a hook that was added after the route, as Fastify runs it; not that of a sister scope', async () => {
    const routes = await seen((app) => {
      app.register(async (scope) => {
        scope.get('/before', answer)
        scope.addHook('onRequest', protect(readers))
      })
      app.register(async (scope) => scope.get('/sister', answer))
    })
    expect(routes).toEqual(['GET /before  readers@router', 'GET /sister  -'])
    const all = await seen((app) => {
      app.get('/x', answer)
      app.addHook('onRequest', protect(readers))
    })
    expect(all).toEqual(['GET /x  readers@app'])
  })

  test('what it says is guarded is guarded, over a server', async () => {
    const app = Fastify()
    const made = inventory(app, quiet)
    app.register(async (scope) => {
      scope.get('/late', answer)
      scope.addHook('preValidation', protect(readers))
    })
    app.get('/open', answer)
    await app.ready()
    for (const { path, guards } of made.routes)
      expect((await app.inject(path)).statusCode, path).toBe(guards.length > 0 ? 401 : 200)
  })

  test('a hook that never gets to refuse is none: preParsing is called with other arguments', async () => {
    const routes = await seen((app) => app.get('/x', { preParsing: protect(readers) as never }, answer))
    expect(routes).toEqual(['GET /x  -'])
  })
})

describe('which routes there are', () => {
  test('lists of methods, wildcards, one of its own for HEAD; the HEAD of a GET is not told twice', async () => {
    const routes = await seen((app) => {
      app.route({ method: ['GET', 'POST'], url: '/two', onRequest: protect(readers), handler: answer })
      app.get('/files/*', { onRequest: protect(readers) }, answer)
      app.head('/own', answer).get('/own', { onRequest: protect(readers) }, answer)
    })
    expect(routes).toEqual([
      'GET /two  readers@route',
      'POST /two  readers@route',
      'GET /files/*  readers@route',
      'HEAD /own  -',
      'GET /own  readers@route',
    ])
  })

  test('endpoints that a package brings, each under its own policy', async () => {
    const routes = await seen((app) => {
      app.register(
        mount([
          { method: 'GET', path: '/keys', handle: () => ({}) as never },
          { method: 'POST', path: '/oauth/*', policy: admins, handle: () => ({}) as never },
        ]),
        { prefix: '/auth' },
      )
    })
    expect(routes).toEqual(['GET /auth/keys  anyone@route', 'POST /auth/oauth/*  admins@route'])
  })

  test('what validate and the schema option check, as JSON Schema', async () => {
    const query = defineSchema({ type: 'object', properties: { limit: { type: 'integer' } } })
    const body = defineSchema({ type: 'object', properties: { sku: { type: 'string' } } })
    const params = { type: 'object', properties: { id: { type: 'integer' } } }
    const app = Fastify()
    const made = inventory(app, quiet)
    await app.register(problems)
    app.post('/:id', { schema: { params, querystring: query }, preValidation: validate({ body }) }, answer)
    app.register(async (scope) => {
      scope.addHook('preValidation', validate({ query }))
      scope.get('/scope', answer)
    })
    await app.ready()
    expect(made.routes.map(({ input }) => input)).toEqual([
      { body: body.schema, query: query.schema, params },
      { query: query.schema },
    ])
  })
})

describe('routes that hold no policy', () => {
  const LIST =
    '1 route holds no policy: put protect(…) before each, with the policy `anyone` where everybody may call\n  GET /open'
  const start = (options: object) => {
    const app = Fastify()
    inventory(app, options)
    app.get('/guarded', { onRequest: protect(readers) }, answer)
    app.register(async (scope) => scope.get('/open', answer))
    return app.ready()
  }

  test('are told to log, are a warning of the process, or are ignored', async () => {
    const told: string[] = []
    await start({ log: (message: string) => told.push(message) })
    expect(told).toEqual([LIST])
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
    await start({})
    expect(await warned).toMatchObject({ message: LIST, code: 'COUNTERSIGN_UNDECLARED' })
    await start(quiet)
  })

  test('keep the app from starting with undeclared: refuse, but for those that may', async () => {
    await expect(start({ undeclared: 'refuse' })).rejects.toThrow(new TypeError(LIST))
    await start({ undeclared: 'refuse', except: ['GET /open'] })
  })

  test('an app that asks HTTPS of everybody says nothing of its routes', async () => {
    const app = Fastify()
    const made = inventory(app, quiet)
    app.addHook('onRequest', protect(publicRoute({ name: 'secure', conditions: [overHttps] })))
    app.get('/open', answer)
    await app.ready()
    expect(inventoryText(made.routes)).toBe('GET /open  NO POLICY  secure (app): anyone; asks https\n')
  })
})

test('it is made before the first route, read when the app is ready, and takes an app', async () => {
  const late = Fastify()
  late.get('/x', answer)
  expect(() => inventory(late)).toThrow('before the first route')
  const app = Fastify()
  const made = inventory(app)
  expect(() => made.routes).toThrow('await app.ready() first')
  expect(() => inventory({} as never)).toThrow('takes an app of Fastify')
  expect(() => inventory(Fastify(), { undeclard: 'refuse' } as never)).toThrow('did you mean "undeclared"?')
  const foreign = { printRoutes: () => '(empty tree)', addHook: () => {} }
  expect(() => inventory(foreign)).toThrow('inventory() finds no hooks in this app: it knows Fastify 5')
})

test('it fits an app with a logger and a type provider of its own', () => {
  const plug = (app: FastifyInstance<never, never, never, never, never>) => inventory(app)
  expect(plug).toBeInstanceOf(Function)
})

describe('with @fastify/swagger', () => {
  const Sku = defineSchema({ type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] })
  async function documentOf(plugin: (transforms: ReturnType<typeof swaggerTransforms>) => object) {
    const app = Fastify()
    const made = inventory(app, quiet)
    await app.register(problems)
    await app.register(swagger, plugin(swaggerTransforms(made)) as never)
    app.get('/health', { onRequest: protect(anyone) }, answer)
    app.get('/open', answer)
    app.register(async (scope) => {
      scope.addHook('onRequest', protect(readers))
      const schema = { body: Sku, description: 'Orders one.', response: { 201: { type: 'object' } } }
      scope.post('/orders/:id', { onRequest: protect(admins), schema }, answer)
    })
    app.get('/hidden', { schema: { hide: true }, onRequest: protect(readers) }, answer)
    await app.ready()
    return app.swagger() as never as Record<string, Record<string, Record<string, Record<string, unknown>>>>
  }
  const openapi = {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    components: { securitySchemes: { own: { type: 'http', scheme: 'digest' } } },
  }

  test('its document says of each operation who may call and what is refused, as enforced', async () => {
    const { paths, components } = await documentOf((transforms) => ({ openapi, ...transforms }))
    expect(Object.keys(paths ?? {})).toEqual(['/health', '/open', '/orders/{id}'])
    expect(paths?.['/health']?.get?.security).toEqual([])
    expect(paths?.['/open']?.get).not.toHaveProperty('security')
    const order = paths?.['/orders/{id}']?.post
    expect(order).toMatchObject({
      description: 'Orders one.\n\nAllowed: scope read. Allowed: role admin.',
      security: [{ bearer: ['read'] }],
      requestBody: { content: { 'application/json': { schema: Sku.schema } } },
    })
    expect(Object.keys(order?.responses as object)).toEqual(['201', '400', '401', '403', '413', '415', '503'])
    expect(components).toMatchObject({
      securitySchemes: { own: { scheme: 'digest' }, bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: { type: 'object' } },
    })
  })

  test('that document is valid OpenAPI 3.1', async () => {
    const document = await documentOf((transforms) => ({ openapi, ...transforms }))
    expect(await new Validator().validate(document as never)).toMatchObject({ valid: true })
  })

  /** `METHOD /path: security` of each operation, for routes that a plugin registers. */
  async function toldOf(
    register: (app: FastifyInstance) => void,
    more: object = {},
    before = (_: FastifyInstance) => {},
  ) {
    const app = Fastify()
    const made = inventory(app, quiet)
    before(app)
    await app.register(swagger, { openapi: { ...openapi }, ...swaggerTransforms(made), ...more } as never)
    register(app)
    await app.ready()
    const { paths = {} } = app.swagger() as { paths?: object }
    expect(JSON.stringify(paths)).not.toContain('x-countersign')
    return Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, { security?: unknown }>).map(
        ([method, { security }]) => `${method} ${path}: ${JSON.stringify(security)}`,
      ),
    )
  }
  const guarded = { onRequest: protect(readers) }
  const READ = '[{"bearer":["read"]}]'

  test('under a base path that the plugin takes away, with variables, or leaves', async () => {
    const register = (app: FastifyInstance) => {
      app.get('/v1/posts/:id', guarded, answer)
      app.get('/health', { onRequest: protect(anyone) }, answer)
    }
    const servers = [{ url: 'https://api.acme.com/{version}', variables: { version: { default: 'v1' } } }]
    const under = { openapi: { ...openapi, servers } }
    expect(await toldOf(register, under)).toEqual([`get /posts/{id}: ${READ}`, 'get /health: []'])
    const left = await toldOf(register, { ...under, stripBasePath: false })
    expect(left).toEqual([`get /v1/posts/{id}: ${READ}`, 'get /health: []'])
  })

  test('wildcards, optional parameters, patterns, the HEAD of a GET, methods without a word', async () => {
    const told = await toldOf(
      (app) => {
        app.get('/w/:id', { onRequest: protect(anyone) }, answer)
        app.get('/w/*', guarded, answer)
        app.get('/o/:id?', guarded, answer)
        app.get('/n/:at(^\\d+$)', guarded, answer)
        app.addHttpMethod('PROPFIND').route({ method: ['PUT', 'PROPFIND'], url: '/two', ...guarded, handler: answer })
      },
      { exposeHeadRoutes: true },
    )
    const ways = told.filter((one) => !one.includes('/w/{id}'))
    expect(ways.map((one) => one.split(': ')[1])).toEqual(ways.map(() => READ))
    expect(ways.map((one) => one.split(':')[0])).toEqual(
      expect.arrayContaining(['get /w/{*}', 'head /w/{*}', 'put /two', 'propfind /two']),
    )
    expect(told).toContain('get /w/{id}: []')
  })

  test('of two versions of a route the one that asks for a credential is told', async () => {
    const told = await toldOf((app) => {
      app.get('/x', { constraints: { version: '1.0.0' }, onRequest: protect(anyone) }, answer)
      app.get('/x', { constraints: { version: '2.0.0' }, ...guarded }, answer)
    })
    expect(told).toEqual([`get /x: ${READ}`])
  })

  describe('a guarded route that the document lacks is refused by name', () => {
    const early = (options: object) => (app: FastifyInstance) =>
      void app.get('/early', { ...guarded, ...options }, answer)

    test('one that was registered before the plugin; not one that is hidden, or for anyone', async () => {
      await expect(toldOf(() => {}, {}, early({}))).rejects.toThrow(
        /lacks a route that asks for a credential: .*`schema: \{ hide: true \}`\n {2}GET \/early$/,
      )
      for (const schema of [{ hide: true }, { tags: ['X-HIDDEN'] }])
        expect(await toldOf(() => {}, {}, early({ schema }))).toEqual([])
      expect(await toldOf(() => {}, {}, early({ onRequest: protect(anyone) }))).toEqual([])
    })

    test('not a HEAD of its own: the plugin leaves those out', async () => {
      expect(await toldOf((app) => void app.head('/x', guarded, answer))).toEqual([])
    })

    test('one whose place in the document another route takes', async () => {
      const both = (app: FastifyInstance) => {
        app.get('/v1/x', guarded, answer)
        app.get('/x', { onRequest: protect(anyone) }, answer)
      }
      const under = { openapi: { ...openapi, servers: [{ url: '/v1' }] } }
      await expect(toldOf(both, under)).rejects.toThrow('\n  GET /v1/x')
    })
  })

  test('Swagger 2 is refused: it goes with openapi', async () => {
    await expect(documentOf((transforms) => transforms)).rejects.toThrow('goes with the option "openapi"')
  })
})
