// An Express server as one that existed before: its own CORS, its own body parser, its own error format on a part of it.
// Test ground for what the sample API does not use of the adapter.
import { createServer } from 'node:http'
import { mount, problems, protect, validate } from '@countersign/express'
import { json } from '@countersign/http'
import { POLICY } from '@countersign/policy'
import { given, plugged, refuses } from '@sample/domain/plugged'
import type { ErrorRequestHandler, default as Express5 } from 'express'

const { caller, nonce, endpoints, NewOrder, Page, Id, Exploding, Anything } = plugged
const express: typeof Express5 = (await import(process.env.EXPRESS === '4' ? 'express4' : 'express')).default
const app = express()
let logged = 0
app.disable('x-powered-by').disable('etag')
app.use((request, response, next) => {
  response.setHeader('access-control-allow-origin', '*')
  if (request.method === 'OPTIONS') response.status(204).end()
  else next()
})

const house = express.Router()
house.use(protect(caller, { refusals: 'throw' }))
house.get('/', (_request, response) => void response.json({ in: true }))
house.post(
  '/',
  validate({ body: NewOrder }, { refusals: 'throw' }),
  (request, response) => void response.json({ sku: request.body.sku }),
)
const format: ErrorRequestHandler = (error, _request, response, _next) => {
  response.status(error.status).json({ house: error.code })
}
app.use('/house', house, format)
app.get('/sent', protect(caller), (_request, response) => void response.json({ in: true }))
app.use('/sent', format)

app.get('/me', protect(caller), (request, response) => void response.json({ user: caller.principal(request).subject }))
app.get('/nonce', protect(nonce), (_request, response) => void response.json({ in: true }))
app.post('/orders', protect(caller), express.json(), validate({ body: NewOrder }), (request, response) => {
  response.json({ sku: request.body.sku })
})
app.get('/items/:id', validate({ params: Id, query: Page }), (request, response) => {
  response.json({ id: request.params.id, limit: request.query.limit ?? null })
})
app.post(
  '/anything',
  express.json(),
  validate({ body: Anything }),
  (_request, response) => void response.json({ in: true }),
)
/** What was imported from the wrong adapter. */
const wrong = (made: unknown) =>
  refuses(
    () => (made as (...all: readonly unknown[]) => void)(...given.fastify),
    "import it from '@countersign/fastify'",
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
  plugin: true, // Fastify's alone
  problems:
    (await refuses(() => problems({ rawHeaders: [] } as never))) &&
    (await refuses(() => problems({ logger: 1 } as never))),
}
app.get('/misuse', (_request, response) => void response.json(misuse))
app.get('/explodes', validate({ query: Exploding }), (_request, response) => void response.end())
app.get('/inventory', (_request, response) => void response.json({ guard: protect(caller)[POLICY].name }))
app.get('/logged', (_request, response) => void response.json({ count: logged }))
app.get('/bug', () => {
  throw new Error('canary-of-a-bug')
})
app.get('/late', (_request, response) => {
  response.write('begun')
  throw new Error('after the headers')
})
app.use('/auth', mount(endpoints))
app.use(mount([{ method: 'GET', path: '/broken', handle: () => Promise.reject(new Error('canary-of-a-bug')) }]))
app.use(mount([{ method: 'GET', path: '/guarded', policy: caller, handle: async () => json(200, { in: true }) }]))
app.use(problems({ log: () => logged++ }))

const server = createServer(app).listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
