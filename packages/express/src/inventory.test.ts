import { inventoryText } from '@countersign/inventory'
import { anyone, bearer, type Condition, type Endpoint, policy, publicRoute } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import express, { type RequestHandler } from 'express'
import express4 from 'express4'
import { describe, expect, test } from 'vitest'
import { inventory, mount, protect, validate } from './index.ts'

const readers = policy({ name: 'readers', accept: bearer(() => ({ subject: 'x' })), scopes: ['read'] })
const admins = policy({ name: 'admins', accept: bearer(() => ({ subject: 'x' })), allow: { role: 'admin' } })
const overHttps: Condition = { name: 'https', refuses: ['access_denied'], before: () => undefined }
const answer: RequestHandler = (_request, response) => void response.end()
const quiet = { undeclared: 'ignore' } as const
/** `GET /x  readers@route`, or `-` where nothing guards it. */
const seen = (app: object, options: object = quiet) =>
  inventory(app, options).map(
    ({ method, path, guards }) =>
      `${method} ${path}  ${guards.map(({ policy: { name }, on }) => `${name}@${on}`).join(' ') || '-'}`,
  )

// Express 4 keeps no paths: one test below is about it.
const onExpress5 = process.env.EXPRESS === '4' ? describe.skip : describe

onExpress5('what guards a route', () => {
  test('its own policy, that of a router, that of the app, in the order in which they are asked', () => {
    const app = express()
    app.get('/health', protect(anyone), answer)
    app.use(protect(readers))
    const posts = express.Router().use(protect(admins))
    posts.get('/:id', protect(readers), answer).delete('/:id', answer)
    app.use('/posts', express.json(), posts)
    expect(seen(app)).toEqual([
      'GET /health  anyone@route',
      'GET /posts/:id  readers@app admins@router readers@route',
      'DELETE /posts/:id  readers@app admins@router',
    ])
  })

  test('the root of an app, of a router and of what is mounted', () => {
    const root: Endpoint = {
      method: 'GET',
      path: '/',
      handle: () => ({ status: 204, headers: {}, body: new Uint8Array() }),
    }
    const app = express()
    app.use(mount([root]))
    app.use('/below', mount([root]))
    app.post('/', protect(readers), answer)
    expect(seen(app)).toEqual(['GET /  anyone@route', 'GET /below  anyone@route', 'POST /  readers@route'])
  })

  test('nothing that was registered after it', () => {
    const app = express()
    app.get('/early', answer)
    app.use(protect(readers))
    expect(seen(app)).toEqual(['GET /early  -'])
  })

  test('a guard under a path stands before what is below that path, and nothing else', () => {
    const app = express()
    app.use('/admin', protect(admins))
    app.use('/users/me', protect(readers))
    app.use(['/one', '/two'], protect(readers))
    app.use('/tenants/:tenant', protect(admins))
    for (const path of ['/admin', '/admin/users', '/administrators', '/users/:id', '/two/x', '/tenants/:t/bills'])
      app.get(path, answer)
    expect(seen(app)).toEqual([
      'GET /admin  admins@app',
      'GET /admin/users  admins@app',
      'GET /administrators  -',
      'GET /users/:id  -',
      'GET /two/x  readers@app',
      'GET /tenants/:t/bills  admins@app',
    ])
  })

  test('a guard that heeds case is no guard of a route that does not', () => {
    const app = express()
    app.enable('case sensitive routing')
    app.use('/api/admin', protect(admins))
    app.get('/api/admin/log', answer)
    app.use('/api', express.Router().get('/admin', answer))
    expect(seen(app)).toEqual(['GET /api/admin/log  admins@app', 'GET /api/admin  -'])
  })

  test('a route with guards alone stands before those that follow, as far as its methods go', () => {
    const app = express()
    app.all('/all/*rest', protect(admins))
    app.get('/gets', protect(readers))
    app.get('/all/x', answer).get('/gets', answer).post('/gets', answer)
    app.get('/all/:deep/*rest', answer)
    expect(seen(app)).toEqual([
      '* /all/*rest  admins@route',
      'GET /gets  readers@route',
      'GET /all/x  admins@app',
      'GET /gets  readers@app',
      'POST /gets  -',
      'GET /all/:deep/*rest  admins@app',
    ])
  })

  test('a guard of one segment is none of a route of many', () => {
    const app = express()
    app.all('/files/:name', protect(admins))
    app.get('/files/*path', answer)
    expect(seen(app)).toEqual(['* /files/:name  admins@route', 'GET /files/*path  -'])
  })

  test('no guard behind a handler that could leave its route, or answer in its place', () => {
    const leaves: RequestHandler = (_request, _response, next) => next('route')
    const app = express()
    app.all('/x', leaves, protect(admins))
    app.get('/x', answer)
    app.get('/y', answer, protect(admins))
    app.get('/ends', answer, protect(admins), answer)
    app.route('/z').get(protect(readers)).head(answer)
    app.get('/z', answer)
    expect(seen(app)).toEqual([
      '* /x  -',
      'GET /x  -',
      'GET /y  -',
      'GET /ends  -',
      'GET /z  readers@route',
      'HEAD /z  -',
      'GET /z  -',
    ])
  })

  test('a regular expression has the guards that take every path alone', () => {
    const app = express()
    app.get(/^\/old/, answer)
    app.use('/new', protect(admins), express.Router().get(/^\/x/, answer))
    app.use(protect(readers))
    app.get(/^\/(a|b)$/, answer)
    app.use(/^\/c/, express.Router().use(protect(admins)).get('/d', answer))
    expect(seen(app)).toEqual([
      'GET /^\\/old/  -',
      'GET /new/^\\/x/  -',
      'GET /^\\/(a|b)$/  readers@app',
      'GET /^\\/c//d  readers@app admins@router',
    ])
    expect(inventory(app, quiet).every(({ regexp }) => regexp)).toBe(true)
  })
})

onExpress5('what it says is guarded', () => {
  test('is guarded over a socket, and what it says is open is open', async () => {
    const app = express()
    app.all('/all/*rest', protect(admins))
    app.use(['/one', '/two'], protect(readers))
    app.get('/late', answer, protect(readers))
    app.get('/between', answer, protect(readers), answer)
    app.use('/in', express.Router().get('/before', answer).use(protect(readers)).get('/after', answer))
    for (const path of ['/all/x', '/all', '/one', '/two/x', '/three']) app.get(path, answer)
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const routes = inventory(app, quiet).filter(({ method }) => method === 'GET')
    for (const { path, guards } of routes) {
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`)
      expect(status, path).toBe(guards.length > 0 ? 401 : 200)
    }
    expect(routes).toHaveLength(9)
    server.close()
  })
})

onExpress5('a guard that may or may not take a route', () => {
  test('a guard under a regular expression does not count: a sample is no proof', () => {
    const app = express()
    app.use(/^\/admin\/~/i, protect(admins))
    app.get('/admin/:id', answer)
    expect(seen(app)).toEqual(['GET /admin/:id  -'])
  })
})

onExpress5('which routes there are', () => {
  test('lists of paths, app.all, app.route, nested routers, optional parts', () => {
    const app = express()
    app.get(['/a', '/b'], protect(readers), answer)
    app.all('/any', protect(readers), answer)
    app.route('/route').get(protect(readers), answer).put(protect(admins), answer)
    app.use('/one', express.Router().use(['/two', '/zwei'], express.Router().get('/', protect(readers), answer)))
    app.get('/x{/:id}', protect(readers), answer)
    expect(seen(app)).toEqual([
      'GET /a  readers@route',
      'GET /b  readers@route',
      '* /any  readers@route',
      'GET /route  readers@route',
      'PUT /route  admins@route',
      'GET /one/two  readers@route',
      'GET /one/zwei  readers@route',
      'GET /x{/:id}  readers@route',
    ])
  })

  test('the HEAD of a GET under the same policy is not told twice; one of its own is', () => {
    const app = express()
    app.route('/same').get(protect(readers), answer).head(protect(readers), answer)
    app.route('/other').get(protect(readers), answer).head(answer)
    expect(seen(app)).toEqual(['GET /same  readers@route', 'GET /other  readers@route', 'HEAD /other  -'])
  })

  test('endpoints that a package brings, each under its own policy', () => {
    const endpoints: readonly Endpoint[] = [
      { method: 'GET', path: '/keys', handle: () => ({}) as never },
      { method: '*', path: '/oauth/*', policy: admins, handle: () => ({}) as never },
    ]
    const app = express()
    app.use('/auth', protect(readers), mount(endpoints))
    expect(seen(app)).toEqual(['GET /auth/keys  readers@app anyone@route', '* /auth/oauth/*  readers@app admins@route'])
  })

  test('what validate checks, as JSON Schema', () => {
    const query = defineSchema({ type: 'object', properties: { limit: { type: 'integer' } } })
    const body = defineSchema({ type: 'object', properties: { sku: { type: 'string' } } })
    const app = express()
    app.post(
      '/orders',
      protect(readers),
      express.json(),
      validate({ query, body }),
      (_request, response) => void response.end(),
    )
    expect(inventory(app)[0]?.input).toEqual({ query: query.schema, body: body.schema })
  })

  test('an app that is mounted is one route that takes everything, unless it is given', () => {
    const admin = express()
    admin.get('/users', protect(admins), answer).get('/open', answer)
    const app = express()
    app.use('/admin', admin)
    expect(seen(app)).toEqual(['* /admin{/*any}  -'])
    expect(seen(app, { ...quiet, apps: [admin] })).toEqual(['GET /admin/users  admins@route', 'GET /admin/open  -'])
    expect(() => inventory(app, { apps: [express()] })).toThrow('an app that is not mounted in this one')
    const guarded = express().use('/admin', protect(readers), express())
    expect(seen(guarded)).toEqual(['* /admin{/*any}  readers@app'])
  })

  test('a router by itself is taken too', () => {
    expect(seen(express.Router().get('/x', protect(readers), answer))).toEqual(['GET /x  readers@route'])
  })
})

onExpress5('routes that hold no policy', () => {
  const open = () => {
    const app = express()
    app.get('/guarded', protect(readers), answer).get('/open', answer).post('/open', answer)
    return app
  }
  const LIST =
    '2 routes hold no policy: put protect(…) before each, with the policy `anyone` where everybody may call\n  GET /open\n  POST /open'

  test('are told to log, and nothing else is', () => {
    const told: string[] = []
    inventory(open(), { log: (message) => told.push(message) })
    inventory(express().get('/x', protect(anyone), answer), { log: (message) => told.push(message) })
    expect(told).toEqual([LIST])
  })

  test('are a warning of the process unless told otherwise', async () => {
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
    inventory(open())
    expect(await warned).toMatchObject({ message: LIST, code: 'COUNTERSIGN_UNDECLARED' })
  })

  test('are refused with undeclared: refuse, all of them by name, but for those that may', () => {
    expect(() => inventory(open(), { undeclared: 'refuse' })).toThrow(new TypeError(LIST))
    const except = ['GET /open', 'POST /open']
    expect(inventory(open(), { undeclared: 'refuse', except })).toHaveLength(3)
    expect(() => inventory(open(), { ...quiet, except: ['GET /gone'] })).toThrow(
      '"GET /gone", which is no route without',
    )
  })

  test('an app that asks HTTPS of everybody says nothing of its routes', () => {
    const app = express()
    app.use(protect(publicRoute({ name: 'secure', conditions: [overHttps] })))
    app.get('/open', answer).get('/told', protect(publicRoute({ conditions: [overHttps] })), answer)
    expect(() => inventory(app, { undeclared: 'refuse' })).toThrow('1 route holds no policy')
    expect(inventoryText(inventory(app, quiet))).toBe(
      'GET /open  NO POLICY  secure (app): anyone; asks https\n' +
        'GET /told  secure (app): anyone; asks https  public (route): anyone; asks https\n',
    )
  })
})

test('Express 4 keeps no paths: the error says what it needs', () => {
  const old = new TypeError('inventory() needs Express 5.3 or newer: older ones do not tell the paths of their routes')
  expect(() => inventory(express4())).toThrow(old)
  expect(() => inventory((express4 as unknown as typeof express).Router())).toThrow(old)
  expect(() => inventory({})).toThrow('takes an app or a router of Express')
})

test('an option that there is not is refused', () => {
  expect(() => inventory(express(), { undeclard: 'refuse' } as never)).toThrow('did you mean "undeclared"?')
  expect(() => inventory(express(), { undeclared: 'refused' } as never)).toThrow('must be "warn", "refuse" or "ignore"')
  expect(() => inventory(express(), { except: ['/x'] })).toThrow('option "except"')
  expect(() => inventory(express(), { log: 'x' } as never)).toThrow('option "log"')
})

onExpress5('called too soon', () => {
  test('it finds nothing, and with `refuse` says so rather than pass', () => {
    expect(() => inventory(express(), { undeclared: 'refuse' })).toThrow(
      'found no route at all: call it when all are registered',
    )
    expect(inventory(express(), quiet)).toEqual([])
  })
})
