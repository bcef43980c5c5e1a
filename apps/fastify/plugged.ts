// A Fastify server as one that existed before: its own CORS, its own body parser, its own error format on a part of it.
// Test ground for what the sample API does not use of the adapter.
import { setImmediate } from 'node:timers/promises'
import { mount, problems, protect, type SchemaTypes, validate } from '@countersign/fastify'
import { json } from '@countersign/http'
import { POLICY } from '@countersign/policy'
import { given, plugged, refuses } from '@sample/domain/plugged'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'

const { caller, nonce, endpoints, NewOrder, Page, Id, Exploding, Anything } = plugged
let logged = 0
const quiet = () => {}
const logger = {
  error: () => void logged++,
  info: quiet,
  warn: quiet,
  debug: quiet,
  trace: quiet,
  fatal: quiet,
  silent: quiet,
  level: 'error',
  child: () => logger,
}
const app = Fastify({ loggerInstance: logger }).withTypeProvider<SchemaTypes>()
app.addHook('onRequest', (request, reply, done) => {
  reply.header('access-control-allow-origin', '*')
  if (request.method === 'OPTIONS') reply.code(204).send()
  else done()
})
// As plugins that compress or cache have: what is sent is sent later.
app.addHook('onSend', async (_request, _reply, payload) => setImmediate(payload))
app.register(problems)

const format = (error: Error & { status: number; code: string }, _request: FastifyRequest, reply: FastifyReply) =>
  reply.code(error.status).type('application/json').send(`{"house":"${error.code}"}`)
app.register(async (house) => {
  house.addHook('onRequest', protect(caller, { refusals: 'throw' }))
  house.setErrorHandler(format)
  house.get('/house', async () => ({ in: true }))
  const preValidation = validate({ body: NewOrder }, { refusals: 'throw' })
  house.post('/house', { preValidation }, async (request) => ({ sku: request.body.sku }))
})
app.register(async (house) => {
  house.setErrorHandler(format)
  house.get('/sent', { onRequest: protect(caller) }, async () => ({ in: true }))
})

app.get('/me', { onRequest: protect(caller) }, async (request) => ({ user: caller.principal(request).subject }))
app.get('/nonce', { onRequest: protect(nonce) }, async () => ({ in: true }))
app.post('/orders', { onRequest: protect(caller), preValidation: validate({ body: NewOrder }) }, async (request) => ({
  sku: request.body.sku,
}))
app.post('/schema', { schema: { body: NewOrder, querystring: Page } }, async (request) => ({ sku: request.body.sku }))
app.post(
  '/plain',
  { schema: { body: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } } },
  async () => ({ in: true }),
)
app.get('/items/:id', { preValidation: validate({ params: Id, query: Page }) }, async (request) => ({
  id: request.params.id,
  limit: request.query.limit ?? null,
}))
app.post('/anything', { preValidation: validate({ body: Anything }) }, async () => ({ in: true }))
/** What was imported from the wrong adapter. */
const wrong = (made: unknown) =>
  refuses(
    () => (made as (...all: readonly unknown[]) => void)(...given.express),
    "import it from '@countersign/express'",
  )
const misuse = {
  protectElsewhere: await wrong(protect(caller)),
  validateElsewhere: await wrong(validate({ query: Page })),
  mountElsewhere: await wrong(mount([])),
  policy: await refuses(() => protect({} as never)),
  refusals: await refuses(() => protect(caller, { refusals: 'thow' } as never)),
  thrown: await refuses(() => validate({ body: NewOrder }, { refusals: 'thow' } as never)),
  part: await refuses(() => validate({ bdy: NewOrder } as never)),
  schema: await refuses(() => validate({ body: {} } as never)),
  endpoints: await refuses(() => mount({} as never)),
  plugin: await refuses(() => (mount(endpoints) as (...given: readonly unknown[]) => void)(app, {})),
  problems: await refuses(() => problems(undefined as never)),
}
app.get('/misuse', async () => misuse)
app.get('/explodes', { preValidation: validate({ query: Exploding }) }, async () => ({}))
app.get('/inventory', async () => ({ guard: protect(caller)[POLICY].name }))
app.get('/logged', async () => ({ count: logged }))
app.get('/bug', async () => {
  throw new Error('canary-of-a-bug')
})
// A scope that keeps its own handlers, and takes only what `problems` does for the schema option.
app.register(
  async (kept) => {
    kept.setErrorHandler((_error, _request, reply) => reply.code(418).send({ kept: true }))
    kept.setNotFoundHandler((_request, reply) => reply.code(404).send({ kept: true }))
    kept.register(problems, { errors: false, notFound: false })
    kept.get('/bug', async () => {
      throw new Error('canary-of-a-bug')
    })
  },
  { prefix: '/kept' },
)
// A scope with a validator compiler of its own, and `problems` on top of it.
app.register(
  async (own) => {
    own.setValidatorCompiler(
      () => (value) =>
        value && typeof value === 'object' && 'sku' in value
          ? { value }
          : { error: Object.assign(new Error('no sku'), { statusCode: 400 }) },
    )
    await problems(own)
    own.post('/plain', { schema: { body: { type: 'object' } } }, async () => ({ in: true }))
    own.post('/schema', { schema: { body: NewOrder } }, async () => ({ in: true }))
  },
  { prefix: '/own' },
)
app.register(mount(endpoints), { prefix: '/auth' })
app.register(mount([{ method: 'GET', path: '/broken', handle: () => Promise.reject(new Error('canary-of-a-bug')) }]))
app.register(mount([{ method: 'GET', path: '/guarded', policy: caller, handle: async () => json(200, { in: true }) }]))

console.log(`listening on ${await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })}`)
