// The same API on Express, Fastify and node:http: reads that go on without a log, and changes of keys that must be on record.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { problems, protect } from '@countersign/fastify'
import { json, Unavailable } from '@countersign/http'
import { anyOf, apiKey, basic, bearer, type Condition, policy } from '@countersign/policy'
import express from 'express'
import Fastify from 'fastify'

export const TOKEN = 'CANARY-token.CANARY-token.CANARY-token'

/** Takes TOKEN; `down` is a key source that does not answer. */
function policies(required?: Condition) {
  const accept = anyOf(
    bearer(({ token }) => {
      if (token === 'CANARY-down') throw new Unavailable('the key source')
      return token === TOKEN
        ? { subject: 'ada', scopes: ['read', 'keys:manage'], credential: { id: 'jti-1', session: 'sid-1' } }
        : undefined
    }),
    apiKey(() => undefined),
    basic(() => undefined),
  )
  return {
    read: policy({ name: 'read', accept, scopes: ['read'] }),
    manage: policy({
      name: 'manage keys',
      accept,
      scopes: ['keys:manage'],
      ...(required && { conditions: [required] }),
    }),
    admin: policy({ name: 'admin', accept, allow: { role: 'admin' } }),
  }
}

export const HOSTS: Readonly<Record<string, (required?: Condition) => Promise<RequestListener>>> = {
  Express: async (required) => {
    const { read, manage, admin } = policies(required)
    const app = express()
    app.get('/posts', expressProtect(read), (_request, response) => void response.json({ read: true }))
    app.post('/keys', expressProtect(manage), (_request, response) => void response.json({ made: true }))
    app.get('/admin', expressProtect(admin), (_request, response) => void response.json({}))
    app.use(expressProblems())
    return app
  },
  Fastify: async (required) => {
    const { read, manage, admin } = policies(required)
    const app = Fastify()
    await app.register(problems)
    app.get('/posts', { onRequest: protect(read) }, async () => ({ read: true }))
    app.post('/keys', { onRequest: protect(manage) }, async () => ({ made: true }))
    app.get('/admin', { onRequest: protect(admin) }, async () => ({}))
    await app.ready()
    return (request, response) => app.routing(request, response)
  },
  'node:http': async (required) => {
    const { read, manage, admin } = policies(required)
    return async (request, response) => {
      const one = request.url?.startsWith('/keys') ? manage : request.url?.startsWith('/admin') ? admin : read
      const verdict = await one.check(request)
      const { status, headers, body } = verdict?.status === undefined ? json(200, {}) : verdict
      response.writeHead(status, headers).end(body)
    }
  },
}

export async function start(name: string, required?: Condition) {
  const server = createServer(await (HOSTS[name] as (typeof HOSTS)[string])(required)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = (path: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }, method = 'GET') =>
    fetch(url + path, { method, headers, signal: AbortSignal.timeout(2_000) })
  return {
    ask,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}
