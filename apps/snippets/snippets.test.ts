import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

const post = (url: string, value: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof value === 'string' ? value : JSON.stringify(value),
  })
const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}
const tokensOf = async (response: Response) => (await response.json()) as Tokens
const lines = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8').split('\n').length

test('(a) express-auth0: tokens of a provider that is found by its URL', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}/`
  const provider = localIssuer({ issuer, audience: 'https://api.acme.com', store: memoryStore() })
  server.on('request', async (request, response) => {
    const found = request.url?.startsWith('/.well-known/openid-configuration')
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify(found ? { issuer, jwks_uri: `${issuer}keys` } : await provider.jwks()))
  })
  const app = await runSnippet('express-auth0.ts', { ISSUER: issuer })
  try {
    const { access_token } = await provider.issue({ subject: 'ada', scopes: ['posts:read'] })
    expect(await (await fetch(`${app.url}/posts`, withToken(access_token))).json()).toEqual({
      posts: [],
      readBy: 'ada',
    })
    const weak = await provider.issue({ subject: 'ada', scopes: [] })
    const refused = await fetch(`${app.url}/posts`, withToken(weak.access_token))
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer realm="api", error="insufficient_scope", scope="posts:read"',
    ])
    expect((await fetch(`${app.url}/posts`)).status).toBe(401)
    expect((await fetch(`${app.url}/posts`, withToken(`${access_token}x`))).status).toBe(401)
  } finally {
    app.stop()
    server.close()
  }
})

test('(b) fastify-login: login, refresh, logout over a user table', async () => {
  const app = await runSnippet('fastify-login.ts')
  try {
    const login = await post(`${app.url}/login`, { username: 'ada', password: 'correct horse' })
    const tokens = await tokensOf(login)
    expect(login.headers.get('cache-control')).toBe('no-store') // RFC 6749 section 5.1
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'posts:read' })
    expect(await (await fetch(`${app.url}/me`, withToken(tokens.access_token))).json()).toEqual({ user: 'user-1' })
    const refreshed = await post(`${app.url}/refresh`, { refresh_token: tokens.refresh_token })
    expect(refreshed.headers.get('cache-control')).toBe('no-store')
    const next = await tokensOf(refreshed)
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    expect((await fetch(`${app.url}/logout`, { method: 'POST', ...withToken(next.access_token) })).status).toBe(204)
    expect((await fetch(`${app.url}/me`, withToken(next.access_token))).status).toBe(401)
    expect(await (await post(`${app.url}/refresh`, { refresh_token: next.refresh_token })).json()).toMatchObject({
      status: 400,
      code: 'invalid_grant',
    })
    const wrong = await post(`${app.url}/login`, { username: 'ada', password: 'x' })
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="api"'])
    expect(await (await post(`${app.url}/login`, { username: 'ada' })).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/password' }],
    })
    expect((await fetch(`${app.url}/.well-known/jwks.json`)).status).toBe(200)
    // An upgrade is written to the row it is of: both log in before and after, each as who they are.
    for (const [username, password, user] of [
      ['bob', 'battery staple', 'user-2'],
      ['ada', 'correct horse', 'user-1'],
      ['bob', 'battery staple', 'user-2'],
    ]) {
      const { access_token } = await tokensOf(await post(`${app.url}/login`, { username, password }))
      expect(await (await fetch(`${app.url}/me`, withToken(access_token))).json()).toEqual({ user })
    }
  } finally {
    app.stop()
  }
})

test('(c) api-keys-only: a key shown once, and good', async () => {
  const app = await runSnippet('api-keys-only.ts')
  try {
    const key = /shown once: (\S+)/.exec(app.output())?.[1] ?? ''
    expect(await (await fetch(`${app.url}/orders`, { headers: { 'x-api-key': key } })).json()).toEqual({
      orders: [],
      of: 'customer-42',
    })
    const wrong = await fetch(`${app.url}/orders`, { headers: { 'x-api-key': `${key}x` } })
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
      401,
      'ApiKey realm="api", header="X-API-Key", error="invalid_token"',
    ])
  } finally {
    app.stop()
  }
})

test('(d) validation-only: what fits, what does not, and problem details for the rest', async () => {
  const app = await runSnippet('validation-only.ts')
  try {
    expect(await (await post(`${app.url}/orders`, { sku: 'x1' })).json()).toEqual({ ordered: 'X1' })
    expect(await (await post(`${app.url}/orders`, { sku: 1 })).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/sku' }],
    })
    for (const [body, status] of [
      ['{"sku":', 400],
      [`{"sku":"${'x'.repeat(200_000)}"}`, 413],
    ] as const) {
      const refused = await post(`${app.url}/orders`, body)
      expect([refused.status, refused.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
    }
    expect((await fetch(`${app.url}/orders`, { method: 'POST', body: 'x' })).status).toBe(415)
    expect(await (await fetch(`${app.url}/nothing`)).json()).toMatchObject({ status: 404, code: 'not_found' })
  } finally {
    app.stop()
  }
})

test('(e) existing-tokens: tokens already issued stay good, and load the user; a forged one does not', async () => {
  const secret = 'the secret of at least 32 bytes that signed them'
  const app = await runSnippet('existing-tokens.ts')
  const token = (sub: string, key = secret) => {
    const input = [
      { alg: 'HS256', typ: 'JWT' },
      { sub, exp: Math.floor(Date.now() / 1000) + 300 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
  }
  try {
    expect(await (await fetch(`${app.url}/profile`, withToken(token('user-1')))).json()).toEqual({
      id: 'user-1',
      name: 'Ada',
      plan: 'pro',
    })
    for (const bad of [token('user-2'), token('user-1', 'another secret of at least 32 bytes, not ours')]) {
      expect((await fetch(`${app.url}/profile`, withToken(bad))).status).toBe(401)
    }
  } finally {
    app.stop()
  }
})

test('(g) flask-jwt-extended: a werkzeug hash, a login, a protected route', async () => {
  const app = await runSnippet('flask-jwt-extended.ts')
  try {
    const login = await post(`${app.url}/login`, { username: 'test', password: 'test' })
    expect(login.headers.get('cache-control')).toBe('no-store') // RFC 6749 section 5.1
    const { access_token } = await tokensOf(login)
    expect(await (await fetch(`${app.url}/protected`, withToken(access_token))).json()).toEqual({
      logged_in_as: 'test',
    })
    expect((await post(`${app.url}/login`, { username: 'test', password: 'x' })).status).toBe(401)
    expect((await post(`${app.url}/login`, {})).status).toBe(400)
    expect((await fetch(`${app.url}/protected`)).status).toBe(401)
  } finally {
    app.stop()
  }
})

test('no snippet outgrows a screen', () => {
  for (const name of [
    'express-auth0',
    'fastify-login',
    'api-keys-only',
    'validation-only',
    'existing-tokens',
    'flask-jwt-extended',
  ]) {
    expect(lines(`${name}.ts`), name).toBeLessThan(60)
  }
})

test('express-handlers: a handler in a file of its own gets what its schemas say', async () => {
  const app = await runSnippet('express-handlers.ts')
  const put = (path: string, body: unknown) =>
    fetch(`${app.url}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  try {
    const answer = await put('/orders/7?dry=true', { sku: 'b-17' })
    expect(await answer.json()).toEqual({ id: 8, sku: 'B-17', dry: true })
    expect((await put('/orders/x', { sku: 'b-17' })).status).toBe(400)
    expect((await put('/orders/7', {})).status).toBe(400)
  } finally {
    app.stop()
  }
})
