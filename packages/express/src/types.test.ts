import type { IncomingMessage } from 'node:http'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import express, { type Request, type RequestHandler, type Response } from 'express'
import { expect, expectTypeOf, test } from 'vitest'
import { isRefused, protect, type Validated, validate } from './index.ts'

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

test('validate types body, query and params of the handlers behind it, and keeps the rest', () => {
  const app = express()
  app.post('/orders/:id', protect(caller), express.json(), validate({ body: NewOrder }), (request, response) => {
    expectTypeOf(request.body).toEqualTypeOf<{ sku: string }>()
    expectTypeOf(request.params).toEqualTypeOf<{ id: string }>()
    expectTypeOf(request.query).toEqualTypeOf<Request['query']>()
    expectTypeOf(response.json).toBeCallableWith({})
  })
  app.get('/orders/:id', validate({ query: Page, params: Id }, { refusals: 'throw' }), (request) => {
    expectTypeOf(request.query.limit).toEqualTypeOf<number | undefined>()
    expectTypeOf(request.params.id).toEqualTypeOf<number>()
  })
})

test('a handler that stands elsewhere takes the types of its input', () => {
  const input = { body: NewOrder, query: Page, params: Id }
  type Input = Validated<typeof input>
  const handler = async (request: Request<Input['params'], unknown, Input['body'], Input['query']>, _: Response) => {
    expectTypeOf(request.body).toEqualTypeOf<{ sku: string }>()
    expectTypeOf(request.query.limit).toEqualTypeOf<number | undefined>()
    expectTypeOf(request.params.id).toEqualTypeOf<number>()
    expectTypeOf(caller.principal(request).plan).toEqualTypeOf<'pro'>()
  }
  const whole: RequestHandler<Input['params'], unknown, Input['body'], Input['query']> = (request) => {
    expectTypeOf(request.params.id).toEqualTypeOf<number>()
  }
  const bodyAlone = (request: Request<{ id: string }, unknown, Validated<{ body: typeof NewOrder }>['body']>) => {
    expectTypeOf(request.body).toEqualTypeOf<{ sku: string }>()
  }
  const app = express()
  app.put('/orders/:id', protect(caller), validate(input), handler)
  app.put('/orders/:id', protect(caller), validate(input), whole)
  app.put('/orders/:id', protect(caller), validate({ body: NewOrder }), bodyAlone)
  expectTypeOf(({} as Request & Validated<typeof input>).body).toBeAny() // Express's own `any` swallows it
})

test('the principal is typed by the policy on every kind of request', () => {
  const app = express()
  app.get('/me', protect(caller), (request) => {
    expectTypeOf(caller.principal(request).plan).toEqualTypeOf<'pro'>()
  })
  app.use(protect(caller))
  express.Router().use('/x', protect(caller))
  expectTypeOf(caller.principal).toBeCallableWith({} as IncomingMessage)
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

test('these tests run on the Express that is asked for', () => {
  const { lazyrouter } = express.application as unknown as { readonly lazyrouter?: unknown } // of Express 4 alone
  expect(typeof lazyrouter).toBe(process.env.EXPRESS === '4' ? 'function' : 'undefined')
})
