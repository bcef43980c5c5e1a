import type { IncomingMessage, ServerResponse } from 'node:http'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify'
import { expect, expectTypeOf, test } from 'vitest'
import { isRefused, protect, type SchemaTypes, validate } from './index.ts'

const caller = policy({ accept: bearer(() => ({ subject: 'x', plan: 'pro' as const })) })
const NewOrder = defineSchema({
  type: 'object',
  properties: { sku: { type: 'string' } },
  required: ['sku'],
  additionalProperties: false,
})
const Page = defineSchema({ type: 'object', properties: { limit: { type: 'integer' } }, additionalProperties: false })
const Id = defineSchema({
  type: 'object',
  properties: { id: { type: 'integer' } },
  required: ['id'],
  additionalProperties: false,
})

test('validate types body, query and params of the handler', () => {
  const app = Fastify()
  app.post('/orders', { onRequest: protect(caller), preValidation: validate({ body: NewOrder }) }, async (request) => {
    expectTypeOf(request.body).toEqualTypeOf<{ sku: string }>()
    expectTypeOf(caller.principal(request).plan).toEqualTypeOf<'pro'>()
  })
  app.get(
    '/orders/:id',
    { preValidation: validate({ query: Page, params: Id }, { refusals: 'throw' }) },
    async (request) => {
      expectTypeOf(request.query.limit).toEqualTypeOf<number | undefined>()
      expectTypeOf(request.params.id).toEqualTypeOf<number>()
    },
  )
})

test("SchemaTypes types the handler from Fastify's own schema option", () => {
  const app = Fastify().withTypeProvider<SchemaTypes>()
  app.post(
    '/orders',
    { onRequest: protect(caller), schema: { body: NewOrder, querystring: Page } },
    async (request) => {
      expectTypeOf(request.body).toEqualTypeOf<{ sku: string }>()
      expectTypeOf(request.query.limit).toEqualTypeOf<number | undefined>()
    },
  )
})

test('hooks fit an app with a logger of its own', () => {
  interface House extends FastifyBaseLogger {
    house(): void
  }
  const plug = (app: FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, House>) =>
    app.post(
      '/orders',
      { onRequest: protect(caller), preValidation: validate({ body: NewOrder }) },
      async (request) => {
        expectTypeOf(request.body).toEqualTypeOf<{ sku: string }>()
      },
    )
  expectTypeOf(plug).toBeFunction()
})

test('what a house error handler needs is here too, and is the same', async () => {
  const [here, http] = await Promise.all([import('./index.ts'), import('@countersign/http')])
  for (const name of ['answerClientError', 'authError', 'errorOf', 'isRefused', 'Refused'] as const)
    expect(here[name], name).toBe(http[name])
  const core = await import('@countersign/policy')
  for (const name of ['headersBesideBody', 'refusalOf'] as const) expect(here[name], name).toBe(core[name])
  const handle = (error: unknown) => {
    if (isRefused(error)) expectTypeOf(error.error.reason).toEqualTypeOf<string>()
  }
  expectTypeOf(handle).toBeCallableWith(new Error())
})
