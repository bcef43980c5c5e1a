import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { buildApp } from '../src/app.ts'

const ORIGIN = 'http://localhost:4200'

let app: FastifyInstance

beforeEach(async () => {
  vi.stubEnv('JWT_SECRET', 'test-secret-test-secret-test-secret')
  app = await buildApp()
})

afterEach(async () => {
  await app.close()
  vi.unstubAllEnvs()
  vi.useRealTimers()
})

async function bearer(username: string) {
  const res = await app.inject({
    method: 'POST',
    url: '/login',
    payload: { username, password: `${username}123` },
  })
  return { authorization: `Bearer ${res.json().accessToken}` }
}

test('GET /health is public', async () => {
  const res = await app.inject('/health')
  expect(res.statusCode).toBe(200)
  expect(res.json()).toEqual({ status: 'ok' })
})

describe('POST /login', () => {
  test('returns an access token', async () => {
    const res = await app.inject({
      method: 'POST',
      url: '/login',
      payload: { username: 'carla', password: 'carla123' },
    })
    expect(res.statusCode).toBe(200)
    expect(res.json().tokenType).toBe('Bearer')

    const payload = app.jwt.verify<{ sub: string; iat: number; exp: number }>(res.json().accessToken)
    expect(payload).toMatchObject({ sub: 'c-1', username: 'carla', roles: ['customer'] })
    expect(payload.exp - payload.iat).toBe(2 * 60 * 60)
  })

  test.each([
    ['carla', 'wrong'],
    ['nobody', 'carla123'],
  ])('rejects %s/%s', async (username, password) => {
    const res = await app.inject({ method: 'POST', url: '/login', payload: { username, password } })
    expect(res.statusCode).toBe(401)
    expect(res.json()).toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
      message: 'Invalid username or password',
      requestId: res.headers['x-request-id'],
    })
  })

  test('validates the body', async () => {
    const res = await app.inject({ method: 'POST', url: '/login', payload: { username: 'carla' } })
    expect(res.statusCode).toBe(400)
    expect(res.json()).toEqual({
      status: 400,
      code: 'VALIDATION_FAILED',
      message: 'Invalid body',
      requestId: res.headers['x-request-id'],
      details: [{ path: '', message: "must have required property 'password'" }],
    })
  })

  test('rejects malformed JSON', async () => {
    const res = await app.inject({
      method: 'POST',
      url: '/login',
      headers: { 'content-type': 'application/json' },
      payload: '{"username":',
    })
    expect(res.statusCode).toBe(400)
    expect(res.json()).toMatchObject({ status: 400, code: 'BAD_REQUEST' })
  })
})

describe('CORS', () => {
  test('preflight', async () => {
    const res = await app.inject({
      method: 'OPTIONS',
      url: '/orders',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    expect(res.statusCode).toBe(204)
    expect(res.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'Authorization, Content-Type',
      'access-control-max-age': '3600',
    })
  })

  test('other origins get no allow-origin header', async () => {
    const res = await app.inject({ url: '/health', headers: { origin: 'https://evil.example' } })
    expect(res.headers['access-control-allow-origin']).toBeUndefined()
  })

  test('headers are present on a 401', async () => {
    const res = await app.inject({ url: '/orders', headers: { origin: ORIGIN } })
    expect(res.statusCode).toBe(401)
    expect(res.headers['access-control-allow-origin']).toBe(ORIGIN)
    expect(res.headers['access-control-expose-headers']).toBe('X-Request-Id')
  })
})

describe('authentication', () => {
  test('missing token', async () => {
    const res = await app.inject('/orders')
    expect(res.statusCode).toBe(401)
    expect(res.json()).toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
      message: 'This needs a credential; WWW-Authenticate lists the kinds that are accepted.',
      requestId: res.headers['x-request-id'],
    })
  })

  test('garbage token', async () => {
    const res = await app.inject({ url: '/orders', headers: { authorization: 'Bearer abc.def.ghi' } })
    expect(res.statusCode).toBe(401)
    expect(res.json().code).toBe('UNAUTHENTICATED')
  })

  test('expired token', async () => {
    const headers = await bearer('carla')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 60 * 60 * 1000 })
    const res = await app.inject({ url: '/orders', headers })
    expect(res.statusCode).toBe(401)
    expect(res.json().message).toBe('The credential is not valid.')
  })

  test('GET /me', async () => {
    const res = await app.inject({ url: '/me', headers: await bearer('dario') })
    expect(res.json()).toEqual({ id: 'c-2', username: 'dario', roles: ['customer'] })
  })
})

describe('orders', () => {
  test('lists own orders', async () => {
    const res = await app.inject({ url: '/orders', headers: await bearer('carla') })
    expect(res.statusCode).toBe(200)
    expect(res.json().map((order: { id: string }) => order.id)).toEqual(['2024-0001'])
  })

  test('reads an own order', async () => {
    const res = await app.inject({ url: '/orders/2024-0001', headers: await bearer('carla') })
    expect(res.statusCode).toBe(200)
    expect(res.json()).toMatchObject({ id: '2024-0001', totalCents: 4900, state: 'delivered' })
  })

  test("does not show someone else's order", async () => {
    const res = await app.inject({ url: '/orders/2024-0002', headers: await bearer('carla') })
    expect(res.statusCode).toBe(403)
    expect(res.json()).toEqual({
      status: 403,
      code: 'FORBIDDEN',
      message: 'Not your order',
      requestId: res.headers['x-request-id'],
    })
  })

  test('unknown order', async () => {
    const res = await app.inject({ url: '/orders/2024-9999', headers: await bearer('carla') })
    expect(res.statusCode).toBe(404)
    expect(res.json()).toMatchObject({ status: 404, code: 'NOT_FOUND', message: 'Order not found' })
  })

  test('creates an order', async () => {
    const headers = await bearer('carla')
    const res = await app.inject({
      method: 'POST',
      url: '/orders',
      headers,
      payload: { lines: [{ product: 'Bookshelf', quantity: 2, unitPriceCents: 7900 }] },
    })
    expect(res.statusCode).toBe(201)
    expect(res.json()).toMatchObject({ customerId: 'c-1', totalCents: 15800, state: 'open' })

    const list = await app.inject({ url: '/orders', headers })
    expect(list.json()).toHaveLength(2)
  })

  test('validates the order lines', async () => {
    const res = await app.inject({
      method: 'POST',
      url: '/orders',
      headers: await bearer('carla'),
      payload: { lines: [{ product: 'Bookshelf', quantity: 0, unitPriceCents: 7900 }] },
    })
    expect(res.statusCode).toBe(400)
    expect(res.json().details).toEqual([{ path: '/lines/0/quantity', message: 'must be >= 1' }])
  })
})

describe('admin', () => {
  test('needs a token', async () => {
    const res = await app.inject('/admin/users')
    expect(res.statusCode).toBe(401)
  })

  test('needs the admin role', async () => {
    const res = await app.inject({ url: '/admin/users', headers: await bearer('carla') })
    expect(res.statusCode).toBe(403)
    expect(res.json()).toEqual({
      status: 403,
      code: 'FORBIDDEN',
      message: 'Role admin required',
      requestId: res.headers['x-request-id'],
    })
  })

  test('lists users without secrets', async () => {
    const res = await app.inject({ url: '/admin/users', headers: await bearer('root') })
    expect(res.statusCode).toBe(200)
    expect(res.json()[0]).toEqual({ id: 'c-1', username: 'carla', roles: ['customer'] })
  })

  test('lists all orders, optionally by state', async () => {
    const headers = await bearer('root')
    const all = await app.inject({ url: '/admin/orders', headers })
    expect(all.json()).toHaveLength(2)
    const open = await app.inject({ url: '/admin/orders?state=open', headers })
    expect(open.json()).toHaveLength(1)
  })

  test('changes the state of an order', async () => {
    const res = await app.inject({
      method: 'PATCH',
      url: '/admin/orders/2024-0002',
      headers: await bearer('root'),
      payload: { state: 'confirmed' },
    })
    expect(res.statusCode).toBe(200)
    expect(res.json().state).toBe('confirmed')
  })
})

test('unknown routes', async () => {
  const res = await app.inject('/nope')
  expect(res.statusCode).toBe(404)
  expect(res.json()).toEqual({
    status: 404,
    code: 'NOT_FOUND',
    message: 'Route GET:/nope not found',
    requestId: res.headers['x-request-id'],
  })
})

describe('OpenAPI', () => {
  test('describes bearerAuth and which routes need it', async () => {
    const res = await app.inject('/documentation/json')
    expect(res.statusCode).toBe(200)

    const doc = res.json()
    expect(doc.openapi).toBe('3.0.3')
    expect(doc.components.securitySchemes).toEqual({
      bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    })
    for (const [path, method] of [
      ['/me', 'get'],
      ['/orders', 'get'],
      ['/orders', 'post'],
      ['/orders/{id}', 'get'],
      ['/admin/users', 'get'],
      ['/admin/orders', 'get'],
      ['/admin/orders/{id}', 'patch'],
    ] as const) {
      expect(doc.paths[path][method].security, `${method} ${path}`).toEqual([{ bearerAuth: [] }])
    }
    expect(doc.paths['/login'].post.security).toBeUndefined()
    expect(doc.paths['/health'].get.security).toBeUndefined()
  })

  test('has named schemas', async () => {
    const doc = (await app.inject('/documentation/json')).json()
    expect(Object.keys(doc.components.schemas)).toEqual(['Error', 'OrderLine', 'Order', 'User'])
  })
})
