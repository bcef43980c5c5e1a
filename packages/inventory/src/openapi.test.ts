import { allOf, anyOf, anyone, apiKey, basic, bearer, type Condition, policy, publicRoute } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { type OpenApiOptions, openApi, type RouteData, type RouteEntry } from './index.ts'

const verify = () => ({ subject: 'x' })
const token = bearer(verify)
const limit: Condition = { name: 'rate limit', refuses: ['too_many_requests'], before: () => undefined }
const record: Condition = { name: 'on record', refuses: ['temporarily_unavailable'], after: () => undefined }
const readers = policy({ name: 'readers', accept: token, scopes: ['read'] })
const info = { title: 'Shop', version: '1' }
const Order = defineSchema({ type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] })
const Page = defineSchema({
  type: 'object',
  properties: { limit: { type: 'integer', minimum: 1 }, q: { type: 'string' } },
  required: ['q'],
})
type Loose = Record<string, Record<string, Record<string, unknown>>>
const documentOf = (routes: readonly (RouteData | RouteEntry)[], more: Partial<OpenApiOptions> = {}) =>
  openApi(routes, { info, ...more })
const operation = (route: RouteData, more: Partial<OpenApiOptions> = {}) => {
  const [item] = Object.values(documentOf([route], more).paths as never as Loose)
  return Object.values(item ?? {})[0] as Record<string, unknown>
}
const statuses = (route: RouteData) => Object.keys(operation(route).responses as object)

test('the whole document is valid OpenAPI 3.1', async () => {
  const ref = {
    type: 'object',
    properties: { tree: { $ref: '#/$defs/tree' } },
    $defs: { tree: { type: 'object', properties: { child: { $ref: '#/$defs/tree' } } } },
  }
  const routes: readonly RouteData[] = [
    { method: 'GET', path: '/health', policy: anyone },
    { method: 'GET', path: '/open' },
    { method: 'GET', path: '/orders', policy: readers, input: { query: Page } },
    {
      method: 'POST',
      path: '/orders',
      policy: policy({ accept: anyOf(token, apiKey(verify)), maxAge: 60 }),
      input: { body: Order },
    },
    {
      method: 'PUT',
      path: '/orders/:id',
      policy: policy({ accept: allOf(token, apiKey(verify)) }),
      input: { body: ref, query: ref },
    },
    {
      method: 'DELETE',
      path: '/orders/:order',
      policy: policy({ accept: token, mode: 'optional', conditions: [limit] }),
    },
    { method: 'GET', path: '/deep', policy: readers, input: { query: { anyOf: [{ type: 'object' }] } } },
    { method: '*', path: '/files{/*path}', policy: publicRoute({ conditions: [limit] }) },
    { method: 'PURGE', path: '/cache', policy: readers },
  ]
  const document = documentOf(routes, { servers: [{ url: 'https://api.acme.com' }] })
  expect(await new Validator().validate(JSON.parse(JSON.stringify(document)))).toMatchObject({ valid: true })
  expect(JSON.parse(JSON.stringify(document))).toEqual(document)
})

describe('who may call', () => {
  test('an operation says it, and anyone is an empty list; where nothing says it, nothing stands there', () => {
    expect(operation({ method: 'GET', path: '/x', policy: readers })).toMatchObject({
      security: [{ bearer: ['read'] }],
    })
    expect(operation({ method: 'GET', path: '/x', policy: anyone }).security).toEqual([])
    expect(operation({ method: 'GET', path: '/x' })).not.toHaveProperty('security')
    expect(operation({ method: 'GET', path: '/x' })['x-policy']).toEqual([])
  })

  test('what security has no words for stands in the description and in x-policy', () => {
    const own = { name: 'own order', test: () => true }
    const strict = policy({
      name: 'strict',
      accept: token,
      allow: { anyOf: [own, { role: 'admin' }] },
      maxAge: 60,
      conditions: [limit],
    })
    expect(operation({ method: 'GET', path: '/x', policy: strict })).toMatchObject({
      description:
        'Allowed: own order or role admin. The caller authenticated at most 60 s ago. Asked beside: rate limit.',
      'x-policy': [
        {
          name: 'strict',
          mode: 'required',
          allow: { anyOf: [{ test: 'own order' }, { role: 'admin' }] },
          maxAge: 60,
          conditions: ['rate limit'],
        },
      ],
    })
  })
})

describe('what is refused', () => {
  const at = (policy: RouteData['policy'], input: RouteData['input'] = {}, method = 'POST') =>
    statuses({ method, path: '/x', ...(policy && { policy }), input })
  test.each([
    ['nothing, to anyone', at(anyone), []],
    ['nobody who proves it', at(policy({ accept: token })), ['400', '401', '503']],
    ['who may not', at(readers), ['400', '401', '403', '503']],
    [
      'a cookie of any site',
      at(policy({ accept: bearer(verify, { cookie: 'session' }) })),
      ['400', '401', '403', '503'],
    ],
    ['a wrong one, where none is needed', at(policy({ accept: token, mode: 'optional' })), ['400', '401', '503']],
    ['nothing, where both pass', at(policy({ accept: token, mode: 'attempt' })), ['503']],
    ['who authenticated long ago', at(policy({ accept: token, mode: 'attempt', maxAge: 1 })), ['401', '503']],
    ['too many', at(publicRoute({ conditions: [limit] })), ['429']],
    ['what cannot be recorded', at(publicRoute({ conditions: [record] })), ['503']],
    ['a wrong query', at(anyone, { query: Page }), ['400']],
    ['a wrong body', at(anyone, { body: Order }), ['400', '413', '415']],
    ['no body of a GET', at(anyone, { body: Order, query: Page }, 'GET'), ['400']],
  ])('%s', (_what, found, expected) => {
    expect(found.filter((status) => status !== '2XX')).toEqual(expected)
  })

  test('by the codes that these schemes and rules have', () => {
    const strict = policy({ accept: basic(verify), allow: { anyOf: [{ scope: 'a' }, { role: 'admin' }] } })
    expect(operation({ method: 'GET', path: '/x', policy: strict }).responses).toMatchObject({
      401: { description: 'Refused: invalid_credentials, unauthenticated.' },
      403: { description: 'Refused: access_denied, insufficient_scope.' },
    })
  })

  test('as problem details, with the codes, the challenges and when to come back', () => {
    const { responses } = operation({
      method: 'GET',
      path: '/x',
      policy: policy({ accept: token, conditions: [limit], scopes: ['a'] }),
    }) as never as { responses: Loose }
    const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
    expect(responses['401']).toMatchObject({
      description: 'Refused: invalid_token, unauthenticated.',
      headers: { 'WWW-Authenticate': {} },
      content,
    })
    expect(responses['403']).toMatchObject({ description: 'Refused: insufficient_scope.', content })
    expect(responses['403']).not.toHaveProperty('headers')
    for (const status of ['429', '503'])
      expect(responses[status]).toMatchObject({ headers: { 'Retry-After': {} }, content })
  })
})

describe('what must be sent', () => {
  test('a body, the query and the path, by their schemas', () => {
    const params = { type: 'object', properties: { id: { type: 'integer' } } }
    const input = { body: Order, query: Page, params }
    expect(operation({ method: 'POST', path: '/orders/:id/*rest', policy: anyone, input })).toMatchObject({
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
        { name: 'rest', in: 'path', required: true, schema: { type: 'string' }, description: 'May hold slashes.' },
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1 } },
        { name: 'q', in: 'query', required: true, schema: { type: 'string' } },
      ],
      requestBody: { required: true, content: { 'application/json': { schema: Order.schema } } },
    })
  })

  test('a schema that refers to its own parts stands under components, so that it still does', () => {
    const node = {
      type: 'object',
      properties: { next: { $ref: '#' }, name: { $ref: '#/$defs/name' } },
      $defs: { name: { type: 'string' } },
    }
    const input = { body: node, query: node }
    const document = documentOf([{ method: 'POST', path: '/x', policy: anyone, input }]) as never as Record<
      string,
      Loose
    >
    expect(document.components?.schemas?.Input1).toMatchObject({
      properties: {
        next: { $ref: '#/components/schemas/Input1' },
        name: { $ref: '#/components/schemas/Input1/$defs/name' },
      },
    })
    expect(document.paths?.['/x']?.post).toMatchObject({
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Input1' } } } },
      parameters: [{ name: 'next' }, { name: 'name', schema: { $ref: '#/components/schemas/Input1/$defs/name' } }],
    })
  })
})

describe('paths', () => {
  const paths = (...routes: RouteData[]) =>
    Object.entries(documentOf(routes).paths).map(([path, item]) => `${path} ${Object.keys(item).join(' ')}`)

  test('two templates that differ in names alone are one path, with the names of the first', () => {
    const routes = [
      { method: 'GET', path: '/posts/:id', policy: anyone },
      { method: 'PUT', path: '/posts/:slug', policy: anyone },
    ]
    expect(paths(...routes)).toEqual(['/posts/{id} get put'])
    expect(documentOf(routes).paths['/posts/{id}']?.put?.parameters).toMatchObject([{ name: 'id' }])
  })

  test('every method is five; of two routes the first one counts', () => {
    const all = { method: '*', path: '/x', policy: anyone }
    expect(paths({ method: 'GET', path: '/x', policy: readers }, all)).toEqual(['/x get put post delete patch'])
    expect(documentOf([{ method: 'GET', path: '/x', policy: readers }, all]).paths['/x']?.get?.security).toHaveLength(1)
  })

  test('what no template can stand for is listed', () => {
    const regexp: RouteEntry = { method: 'GET', path: '/^\\/x/', regexp: true, guards: [] }
    const document = documentOf([regexp, { method: 'PURGE', path: '/x', policy: anyone }])
    expect(document['x-left-out']).toEqual(['GET /^\\/x/', 'PURGE /x'])
    expect(document.paths).toEqual({})
  })
})

describe('what you say yourself', () => {
  const route = { method: 'GET', path: '/posts/:id', policy: readers }
  test('stands beside what follows from the policy', () => {
    const own = {
      summary: 'One post',
      description: 'By its id.',
      responses: { 200: { description: 'It' }, 404: { description: 'None' } },
    }
    const found = operation(route, { operations: { 'GET /posts/:id': own } })
    expect(found).toMatchObject({ summary: 'One post', description: 'By its id.\n\nAllowed: scope read.' })
    expect(Object.keys(found.responses as object)).toEqual(['200', '400', '401', '403', '404', '503', '2XX'])
  })

  test('of no route, or of who may call, is refused', () => {
    expect(() => documentOf([route], { operations: { 'GET /gone': {} } })).toThrow('"GET /gone", which is no route')
    expect(() => documentOf([route], { operations: { 'GET /posts/:id': { security: [] } } })).toThrow(
      'says "security" of GET /posts/:id: that follows from its policy',
    )
  })

  test('title and version must be said', () => {
    expect(() => openApi([], {} as never)).toThrow('must have a title and a version')
    expect(() => openApi([], undefined as never)).toThrow('must have a title and a version')
    expect(() => openApi([], { info, server: [] } as never)).toThrow('did you mean "servers"?')
  })
})
