import { authError, Refused } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { headersBesideBody, problems, protect, refusalOf, validate } from './index.ts'

const caller = policy({ accept: bearer(() => ({ subject: 'ada' })) })
const Page = defineSchema({ type: 'object', properties: { limit: { type: 'integer' } } })

function house(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, request)
    reply.code(refusal.status).headers(headersBesideBody(refusal)).send({ fault: refusal.error.code })
  })
}
function routes(app: FastifyInstance): void {
  const querystring = { type: 'object', properties: { limit: { type: 'integer' } } }
  const thrown = { refusals: 'throw' } as const
  app.get('/guarded', { onRequest: protect(caller, thrown) }, async () => ({}))
  app.get('/schema', { schema: { querystring: Page } }, async () => ({}))
  app.get('/plain', { schema: { querystring } }, async () => ({}))
  app.get('/hook', { preValidation: validate({ query: Page }, thrown) }, async () => ({}))
  app.get('/sent', { preValidation: validate({ query: Page }) }, async () => ({}))
  app.get('/gone', { onRequest: protect(caller) }, async () => {
    throw new Refused(authError('invalid_token', 'house.gone'))
  })
}
const get = async (app: FastifyInstance, url: string, headers = {}) => {
  const answer = await app.inject({ url, headers })
  return [answer.statusCode, answer.json().fault ?? 'problem', answer.headers['www-authenticate']]
}

test('a house handler at the root: `problems` for the schema option alone', async () => {
  const app = Fastify()
  app.register(problems, { errors: false, notFound: false })
  house(app)
  routes(app)
  expect(await get(app, '/guarded')).toEqual([401, 'unauthenticated', 'Bearer realm="api"'])
  for (const path of ['/schema', '/plain', '/hook'])
    expect(await get(app, `${path}?limit=x`), path).toEqual([400, 'invalid_request', undefined])
  expect(await get(app, '/sent?limit=x')).toEqual([400, 'problem', undefined])
  const challenge = 'Bearer realm="api", error="invalid_token"'
  expect(await get(app, '/gone', { authorization: 'Bearer x' })).toEqual([401, 'invalid_token', challenge])
})

test('a house handler of a scope stands whatever `problems` does at the root', async () => {
  const app = Fastify()
  app.register(problems)
  app.register(async (scope) => {
    house(scope)
    routes(scope)
  })
  expect(await get(app, '/guarded')).toEqual([401, 'unauthenticated', 'Bearer realm="api"'])
  for (const path of ['/schema', '/plain', '/hook'])
    expect(await get(app, `${path}?limit=x`), path).toEqual([400, 'invalid_request', undefined])
})

test('without these options the one of `problems` replaces it, whichever line comes first', async () => {
  const app = Fastify()
  app.register(problems)
  house(app)
  routes(app)
  expect(await get(app, '/guarded')).toEqual([401, 'problem', 'Bearer realm="api"'])
})

test('no header is doubled, Set-Cookie neither, and a handler that words the body alone has them all the same', async () => {
  const gone = authError('invalid_token', 'session.over', { headers: { 'set-cookie': 'sid=; Max-Age=0' } })
  const browser = policy({ accept: bearer(() => gone) })
  const app = Fastify()
  app.register(async (scope) => {
    house(scope)
    scope.get('/house', { onRequest: protect(browser, { refusals: 'throw' }) }, async () => ({}))
  })
  app.register(async (scope) => {
    scope.register(problems)
    scope.get('/problems', { onRequest: protect(browser, { refusals: 'throw' }) }, async () => ({}))
  })
  app.register(async (scope) => {
    scope.setErrorHandler((_error, _request, reply) => reply.code(401).send({ fault: 'body alone' }))
    scope.get('/body', { onRequest: protect(browser, { refusals: 'throw' }) }, async () => ({}))
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  try {
    for (const path of ['/house', '/problems', '/body']) {
      const { status, headers } = await fetch(`${url}${path}`, { headers: { authorization: 'Bearer x' } })
      expect([status, headers.getSetCookie(), headers.get('www-authenticate'), headers.get('cache-control')]).toEqual([
        401,
        ['sid=; Max-Age=0'],
        'Bearer realm="api", error="invalid_token"',
        'no-store',
      ])
    }
  } finally {
    await app.close()
  }
})
