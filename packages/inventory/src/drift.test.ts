import { readFileSync } from 'node:fs'
import { anyOf, anyone, apiKey, bearer, policy } from '@countersign/policy'
import { describe, expect, test } from 'vitest'
import { driftOf, type RouteData, type RouteEntry } from './index.ts'

/** A document that people wrote: nothing of ours made it. */
const shop = () => JSON.parse(readFileSync(new URL('../test/shop.json', import.meta.url), 'utf8'))
const verify = () => ({ subject: 'x' })
const token = bearer(verify)
const readers = policy({ name: 'readers', accept: token, scopes: ['orders:read'] })
const writers = policy({ name: 'writers', accept: anyOf(apiKey(verify), token), scopes: ['orders:write'] })
const routes: readonly RouteData[] = [
  { method: 'GET', path: '/v1/orders', policy: readers },
  { method: 'POST', path: '/v1/orders', policy: writers },
  { method: 'GET', path: '/v1/orders/:id', policy: readers },
  { method: 'GET', path: '/v1/health', policy: anyone },
  { method: 'GET', path: '/v1/greeting', policy: policy({ accept: token, mode: 'optional' }) },
]
const drift = (document: object, enforced: readonly RouteData[] = routes) =>
  driftOf(document, enforced, { basePath: '/v1' }).map(
    ({ kind, method, path, detail }) => `${kind} ${method} ${path}: ${detail}`,
  )
/** The routes, one with another policy. */
const withPolicy = (at: number, policy: RouteData['policy']) =>
  routes.map((route, place) => {
    const { policy: _before, ...rest } = route
    return place !== at ? route : policy ? { ...rest, policy } : rest
  })

test('a document that people wrote agrees: its names of schemes and parameters are its own', () => {
  expect(drift(shop())).toEqual([])
})

describe('the document was changed', () => {
  test('it forgets an operation', () => {
    const document = shop()
    delete document.paths['/orders'].post
    expect(drift(document)).toEqual([
      'undocumented POST /orders: the document does not have it; enforced: header x-api-key orders:write or bearer orders:write',
    ])
  })

  test('it has an operation that nothing serves', () => {
    const document = shop()
    document.paths['/orders'].delete = { responses: {} }
    expect(drift(document)).toEqual(['missing DELETE /orders: no route serves it'])
  })

  test('it says that anybody may', () => {
    const document = shop()
    document.paths['/orders'].post.security = []
    expect(drift(document)).toEqual([
      'closed POST /orders: the document says anyone; enforced: header x-api-key orders:write or bearer orders:write',
    ])
  })

  test('it forgets the security of all: nothing is inherited any more', () => {
    const { security: _security, ...document } = shop()
    expect(drift(document).map((one) => one.split(':')[0])).toEqual([
      'closed GET /orders',
      'closed GET /orders/{orderId}',
    ])
  })

  test('it asks for another scope, for one more, for none', () => {
    for (const scopes of [['orders:admin'], ['orders:read', 'orders:write'], []]) {
      const document = shop()
      document.paths['/orders'].get.security = [{ Login: scopes }]
      const said = ['bearer', ...(scopes.length > 0 ? [scopes.join(',')] : [])].join(' ')
      expect(drift(document)).toEqual([`scopes GET /orders: the document says ${said}; enforced: bearer orders:read`])
    }
  })

  test('it has another scheme, one less, one more, both at once, one that it does not define', () => {
    const both = [{ Login: ['orders:write'], Partner: ['orders:write'] }]
    const gone = [{ Login: ['orders:write'] }]
    const unknown = [{ Login: ['orders:write'] }, { Nothing: ['orders:write'] }]
    for (const security of [both, gone, unknown]) {
      const document = shop()
      document.paths['/orders'].post.security = security
      expect(drift(document)).toEqual([expect.stringMatching(/^schemes POST \/orders: /)])
    }
    const document = shop()
    document.components.securitySchemes.Partner.name = 'X-Partner'
    expect(drift(document)).toEqual([
      expect.stringContaining('the document says bearer orders:write or header x-partner'),
    ])
  })
})

describe('the server was changed', () => {
  test('a route lost its policy: told first', () => {
    const found = drift(shop(), [...withPolicy(2, undefined), { method: 'GET', path: '/v1/new', policy: anyone }])
    expect(found).toEqual([
      'open GET /orders/{orderId}: the document says bearer orders:read; enforced: NO POLICY',
      'undocumented GET /new: the document does not have it; enforced: anyone',
    ])
  })

  test('a route was opened', () => {
    expect(drift(shop(), withPolicy(0, anyone))).toEqual([
      'open GET /orders: the document says bearer orders:read; enforced: anyone',
    ])
  })

  test('a public route is left without a word: nobody said that it is public', () => {
    expect(drift(shop(), withPolicy(3, undefined))).toEqual([
      'open GET /health: the document says anyone; enforced: NO POLICY',
    ])
  })

  test('a public route was closed', () => {
    expect(drift(shop(), withPolicy(3, readers))).toEqual([
      'closed GET /health: the document says anyone; enforced: bearer orders:read',
    ])
  })

  test('an optional credential became required', () => {
    expect(drift(shop(), withPolicy(4, policy({ accept: token })))).toEqual([
      'closed GET /greeting: the document says anyone or bearer; enforced: bearer',
    ])
  })

  test('another scope is enforced', () => {
    const other = policy({ accept: token, scopes: ['orders:all'] })
    expect(drift(shop(), withPolicy(0, other))).toEqual([
      'scopes GET /orders: the document says bearer orders:read; enforced: bearer orders:all',
    ])
  })

  test('the first of two routes counts, and a route for every method need not be written down whole', () => {
    const open = { method: 'GET', path: '/v1/orders', policy: anyone }
    expect(drift(shop(), [...routes, open])).toEqual([])
    expect(drift(shop(), [open, ...routes])).toHaveLength(1)
    expect(drift(shop(), [{ method: '*', path: '/v1/hooks/*', policy: readers }, ...routes])).toEqual([])
  })
})

describe('what lets anyone in is never silent, whatever the document can say of it', () => {
  const nothing = { paths: {} }
  const none = (method: string, path: string) => ({ method, path })
  const found = (routes: readonly (RouteData | RouteEntry)[], document: object = nothing) =>
    driftOf(document, routes, { basePath: '/v1' }).map(({ kind, method, path }) => `${kind} ${method} ${path}`)

  test('a route for every method, without a policy or for anyone', () => {
    const routes = [none('*', '/none'), { ...none('*', '/open'), policy: anyone }]
    expect(found(routes)).toEqual(['undocumented * /none', 'undocumented * /open'])
    expect(driftOf(nothing, routes)[0]?.detail).toBe(
      'the document does not have it for GET, PUT, POST, DELETE, PATCH; enforced: NO POLICY',
    )
    const post = { paths: { '/open': { post: { security: [] } } } }
    expect(found(routes.slice(1), post)).toEqual(['undocumented * /open'])
    const all = Object.fromEntries(['get', 'put', 'post', 'delete', 'patch'].map((name) => [name, {}]))
    expect(found(routes.slice(1), { paths: { '/open': all } })).toEqual([])
  })

  test('a method that OpenAPI 3.1 has no word for, guarded or not; 3.2 has', () => {
    const routes = [
      none('QUERY', '/none'),
      { ...none('PROPFIND', '/open'), policy: anyone },
      { ...none('PROPFIND', '/read'), policy: policy({ accept: token }) },
    ]
    expect(found(routes)).toEqual([
      'undocumented QUERY /none',
      'undocumented PROPFIND /open',
      'undocumented PROPFIND /read',
    ])
    const security = [{ Login: [] }]
    const components = { securitySchemes: { Login: { type: 'http', scheme: 'bearer' } } }
    const paths = {
      '/none': { query: {} },
      '/open': { additionalOperations: { PROPFIND: {} } },
      '/read': { additionalOperations: { PROPFIND: { security } } },
    }
    expect(found(routes, { paths, components })).toEqual(['open QUERY /none'])
  })

  test('a regular expression; one that asks for a credential is left', () => {
    const entry = { method: 'GET', path: '/^\\/secret/', regexp: true, guards: [] } as const
    expect(found([entry])).toEqual(['undocumented GET /^\\/secret/'])
    expect(found([{ ...entry, guards: [{ policy: anyone.describe(), on: 'route' }] }])).toHaveLength(1)
    expect(found([{ ...entry, guards: [{ policy: readers.describe(), on: 'route' }] }])).toEqual([])
  })

  test('a path that another only looks like: deeper, of another pattern, beside the base path', () => {
    const guarded = (path: string) => ({ method: 'GET', path, policy: policy({ accept: token }) })
    const components = { securitySchemes: { Login: { type: 'http', scheme: 'bearer' } } }
    const document = { paths: { '/a/{id}': { get: { security: [{ Login: [] }] } } }, components }
    const beside = (before: string, path: string) => found([guarded(before), none('GET', path)], document)
    expect(beside('/v1/a/:id', '/v1/a/*')).toEqual(['open GET /a/{id}'])
    expect(beside('/v1/a/:id(^\\d+$)', '/v1/a/:slug')).toEqual(['open GET /a/{id}'])
    expect(beside('/v1/a/:id', '/a/:id')).toEqual(['open GET /a/{id}'])
    expect(beside('/v1/a/:id', '/v1/a/:other')).toEqual([])
  })
})

test('what is no document is refused', () => {
  expect(() => driftOf({}, routes)).toThrow('takes an OpenAPI 3 document')
  expect(() => driftOf(null as never, routes)).toThrow('takes an OpenAPI 3 document')
  expect(() => driftOf(shop(), routes, { base: '/v1' } as never)).toThrow('has no option "base"')
})
