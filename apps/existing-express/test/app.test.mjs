import jwt from 'jsonwebtoken'
import request from 'supertest'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

const ORIGIN = 'http://localhost:5173'
const SECRET = 'test-secret-of-at-least-32-bytes'

let createApp
let app

beforeAll(async () => {
  vi.stubEnv('JWT_SECRET', SECRET)
  ;({ createApp } = await import('../app.js'))
})

beforeEach(() => {
  app = createApp()
})

async function loginAs(name) {
  const res = await request(app)
    .post('/login')
    .send({ email: `${name}@example.com`, password: `${name}-password` })
  return res.body.token
}

describe('health', () => {
  it('is public', async () => {
    const res = await request(app).get('/health')
    expect(res.status).toBe(200)
    expect(res.body.status).toBe('ok')
  })

  it('sets the security headers', async () => {
    const res = await request(app).get('/health')
    expect(res.headers['x-content-type-options']).toBe('nosniff')
    expect(res.headers['x-powered-by']).toBeUndefined()
  })

  it('echoes the request id', async () => {
    const res = await request(app).get('/health').set('X-Request-Id', 'abc-123')
    expect(res.headers['x-request-id']).toBe('abc-123')
  })
})

describe('POST /login', () => {
  it('returns a token', async () => {
    const res = await request(app).post('/login').send({ email: 'alice@example.com', password: 'alice-password' })
    expect(res.status).toBe(200)
    expect(res.body.user).toEqual({ id: 'u1', email: 'alice@example.com', name: 'Alice', role: 'customer' })
    expect(res.body.expiresIn).toBe(3600)

    const payload = jwt.verify(res.body.token, SECRET, { algorithms: ['HS256'], issuer: 'orders-api' })
    expect(payload).toMatchObject({ sub: 'u1', email: 'alice@example.com', name: 'Alice', role: 'customer' })
    expect(payload.exp - payload.iat).toBe(3600)
  })

  it('rejects a wrong password', async () => {
    const res = await request(app).post('/login').send({ email: 'alice@example.com', password: 'nope' })
    expect(res.status).toBe(401)
    expect(res.body).toEqual({
      error: { code: 'INVALID_CREDENTIALS', message: 'Wrong email or password', requestId: expect.any(String) },
    })
  })

  it('rejects an unknown user with the same answer', async () => {
    const res = await request(app).post('/login').send({ email: 'eve@example.com', password: 'nope' })
    expect(res.status).toBe(401)
    expect(res.body.error.code).toBe('INVALID_CREDENTIALS')
  })

  it('needs email and password', async () => {
    const res = await request(app).post('/login').send({ email: 'alice@example.com' })
    expect(res.status).toBe(400)
    expect(res.body.error.code).toBe('VALIDATION_ERROR')
  })

  it('needs a body', async () => {
    const res = await request(app).post('/login')
    expect(res.status).toBe(400)
    expect(res.body.error.code).toBe('VALIDATION_ERROR')
  })

  it('answers malformed JSON with 400', async () => {
    const res = await request(app).post('/login').set('Content-Type', 'application/json').send('{"email":')
    expect(res.status).toBe(400)
    expect(res.body).toEqual({
      error: {
        code: 'INVALID_JSON',
        message: 'Request body is not valid JSON',
        requestId: res.headers['x-request-id'],
      },
    })
  })
})

describe('CORS', () => {
  it('answers preflights of allowed origins', async () => {
    const res = await request(app)
      .options('/api/orders')
      .set('Origin', ORIGIN)
      .set('Access-Control-Request-Method', 'POST')
      .set('Access-Control-Request-Headers', 'authorization,content-type')
    expect(res.status).toBe(204)
    expect(res.headers['access-control-allow-origin']).toBe(ORIGIN)
    expect(res.headers['access-control-allow-credentials']).toBe('true')
    expect(res.headers['access-control-allow-methods']).toBe('GET,HEAD,PUT,PATCH,POST,DELETE')
    expect(res.headers['access-control-allow-headers']).toBe('authorization,content-type')
    expect(res.headers['access-control-max-age']).toBe('600')
    expect(res.headers.vary).toContain('Origin')
  })

  it('does not allow other origins', async () => {
    const res = await request(app)
      .options('/api/orders')
      .set('Origin', 'https://evil.example')
      .set('Access-Control-Request-Method', 'POST')
    expect(res.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('exposes the headers the front end reads', async () => {
    const res = await request(app).get('/api/products').set('Origin', ORIGIN)
    expect(res.status).toBe(200)
    expect(res.headers['access-control-expose-headers']).toBe('X-Request-Id,X-Total-Count,Location')
  })

  it('sets the headers on a 401 too', async () => {
    const res = await request(app).get('/api/orders').set('Origin', ORIGIN)
    expect(res.status).toBe(401)
    expect(res.headers['access-control-allow-origin']).toBe(ORIGIN)
    expect(res.headers['access-control-allow-credentials']).toBe('true')
  })
})

describe('authentication', () => {
  it('answers 401 without a token', async () => {
    const res = await request(app).get('/api/orders')
    expect(res.status).toBe(401)
    expect(res.body).toEqual({
      error: {
        code: 'UNAUTHORIZED',
        message: 'This needs a credential; WWW-Authenticate lists the kinds that are accepted.',
        requestId: res.headers['x-request-id'],
      },
    })
  })

  it('answers 401 for a token signed with another secret', async () => {
    const token = jwt.sign({ role: 'admin' }, 'other-secret', { subject: 'u3', issuer: 'orders-api' })
    const res = await request(app).get('/api/orders').auth(token, { type: 'bearer' })
    expect(res.status).toBe(401)
    expect(res.body.error).toMatchObject({ code: 'UNAUTHORIZED', message: 'The credential is not valid.' })
  })

  it('answers 401 for an expired token', async () => {
    const token = jwt.sign({ role: 'customer' }, SECRET, { subject: 'u1', issuer: 'orders-api', expiresIn: -60 })
    const res = await request(app).get('/api/orders').auth(token, { type: 'bearer' })
    expect(res.status).toBe(401)
    expect(res.body.error).toMatchObject({ code: 'UNAUTHORIZED', message: 'The credential is not valid.' })
  })

  it('answers 401 for another issuer', async () => {
    const token = jwt.sign({ role: 'customer' }, SECRET, { subject: 'u1', issuer: 'someone-else' })
    const res = await request(app).get('/api/orders').auth(token, { type: 'bearer' })
    expect(res.status).toBe(401)
  })

  it('lets anyone read the products', async () => {
    const res = await request(app).get('/api/products')
    expect(res.status).toBe(200)
    expect(res.body.products).toHaveLength(3)
  })

  it('only opens GET on the products', async () => {
    const res = await request(app).post('/api/products').send({})
    expect(res.status).toBe(401)
  })
})

describe('orders', () => {
  it('lists own orders only', async () => {
    const res = await request(app)
      .get('/api/orders')
      .auth(await loginAs('alice'), { type: 'bearer' })
    expect(res.status).toBe(200)
    expect(res.headers['x-total-count']).toBe('2')
    expect(res.body.orders.map((order) => order.id)).toEqual(['o-1001', 'o-1002'])
  })

  it('filters by status', async () => {
    const res = await request(app)
      .get('/api/orders?status=paid')
      .auth(await loginAs('alice'), { type: 'bearer' })
    expect(res.body.orders.map((order) => order.id)).toEqual(['o-1001'])
  })

  it('gets an own order', async () => {
    const res = await request(app)
      .get('/api/orders/o-1001')
      .auth(await loginAs('alice'), { type: 'bearer' })
    expect(res.status).toBe(200)
    expect(res.body).toMatchObject({ id: 'o-1001', userId: 'u1', total: 2400 })
  })

  it("answers 403 for someone else's order", async () => {
    const res = await request(app)
      .get('/api/orders/o-1003')
      .auth(await loginAs('alice'), { type: 'bearer' })
    expect(res.status).toBe(403)
    expect(res.body).toEqual({
      error: {
        code: 'FORBIDDEN',
        message: 'This order belongs to another user',
        requestId: res.headers['x-request-id'],
      },
    })
  })

  it('answers 404 for an unknown order', async () => {
    const res = await request(app)
      .get('/api/orders/o-9')
      .auth(await loginAs('alice'), { type: 'bearer' })
    expect(res.status).toBe(404)
    expect(res.body.error).toMatchObject({ code: 'ORDER_NOT_FOUND', message: 'Order o-9 not found' })
  })

  it('creates an order', async () => {
    const token = await loginAs('bob')
    const res = await request(app)
      .post('/api/orders')
      .auth(token, { type: 'bearer' })
      .send({
        items: [
          { sku: 'MUG-01', quantity: 1 },
          { sku: 'CAP-01', quantity: 2 },
        ],
      })
    expect(res.status).toBe(201)
    expect(res.body).toMatchObject({ userId: 'u2', total: 4800, status: 'pending' })
    expect(res.headers.location).toBe(`/api/orders/${res.body.id}`)

    const again = await request(app).get(res.headers.location).auth(token, { type: 'bearer' })
    expect(again.status).toBe(200)
    expect(again.body).toEqual(res.body)
  })

  it('validates the items', async () => {
    const token = await loginAs('bob')
    const empty = await request(app).post('/api/orders').auth(token, { type: 'bearer' }).send({ items: [] })
    expect(empty.status).toBe(400)
    expect(empty.body.error.code).toBe('VALIDATION_ERROR')

    const unknown = await request(app)
      .post('/api/orders')
      .auth(token, { type: 'bearer' })
      .send({ items: [{ sku: 'NOPE', quantity: 1 }] })
    expect(unknown.status).toBe(400)
    expect(unknown.body.error.details).toEqual({ field: 'items[0].sku' })
  })
})

describe('admin', () => {
  it('is closed without a token', async () => {
    const res = await request(app).get('/api/admin/users')
    expect(res.status).toBe(401)
  })

  it('is closed for customers', async () => {
    const res = await request(app)
      .get('/api/admin/users')
      .auth(await loginAs('alice'), { type: 'bearer' })
    expect(res.status).toBe(403)
    expect(res.body).toEqual({
      error: {
        code: 'FORBIDDEN',
        message: 'You do not have permission to do this',
        requestId: res.headers['x-request-id'],
      },
    })
  })

  it('lists users without their password hashes', async () => {
    const res = await request(app)
      .get('/api/admin/users')
      .auth(await loginAs('admin'), { type: 'bearer' })
    expect(res.status).toBe(200)
    expect(res.body.users).toHaveLength(3)
    expect(Object.keys(res.body.users[0])).toEqual(['id', 'email', 'name', 'role'])
  })

  it('lists all orders', async () => {
    const res = await request(app)
      .get('/api/admin/orders')
      .auth(await loginAs('admin'), { type: 'bearer' })
    expect(res.body.orders).toHaveLength(3)
  })

  it('changes the status of an order', async () => {
    const token = await loginAs('admin')
    const res = await request(app)
      .patch('/api/admin/orders/o-1002')
      .auth(token, { type: 'bearer' })
      .send({ status: 'shipped' })
    expect(res.status).toBe(200)
    expect(res.body.status).toBe('shipped')

    const bad = await request(app)
      .patch('/api/admin/orders/o-1002')
      .auth(token, { type: 'bearer' })
      .send({ status: 'lost' })
    expect(bad.status).toBe(400)
  })
})

describe('unknown routes', () => {
  it('answers 404 in the house format', async () => {
    const res = await request(app).get('/nope')
    expect(res.status).toBe(404)
    expect(res.body).toEqual({
      error: { code: 'NOT_FOUND', message: 'Cannot GET /nope', requestId: res.headers['x-request-id'] },
    })
  })
})
