// A Fastify server with habits of its own: CORS, a protected part, errors in its own format, public keys under a path.
// npm i @countersign/fastify @countersign/policy @countersign/schema @countersign/store @countersign/tokens
import { isRefused, mount, problems, protect, validate } from '@countersign/fastify'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import Fastify, { type FastifyError } from 'fastify'

const issuer = 'https://api.acme.com'
const own = localIssuer({ issuer, audience: issuer, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const caller = policy({ accept: bearer(own) })

const Page = defineSchema({ type: 'object', properties: { limit: { type: 'integer', maximum: 100 } } })
const Order = defineSchema({ type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] })
const Id = defineSchema({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] })

const app = Fastify()
app.addHook('onRequest', (request, reply, done) => {
  reply.header('access-control-allow-origin', 'https://app.acme.com') // your CORS plugin, first
  if (request.method !== 'OPTIONS') return done()
  reply.header('access-control-allow-headers', 'authorization').code(204).send()
})
app.register(problems)
app.register(mount(own.endpoints), { prefix: '/auth' }) // GET /auth/.well-known/jwks.json

app.register(
  async (orders) => {
    orders.addHook('onRequest', protect(caller, { refusals: 'throw' })) // every route of this scope
    orders.setErrorHandler((error: FastifyError, _request, reply) => {
      if (!isRefused(error)) throw error // to the handler of the app
      reply.code(error.status).send({ fault: error.code }) // and error.error.reason for your log
    })
    orders.get('/', { preValidation: validate({ query: Page }) }, async (request) => ({
      limit: request.query.limit ?? 20, // a number
    }))
    orders.put('/:id', { preValidation: validate({ params: Id, body: Order }) }, async (request) => ({
      id: request.params.id,
      sku: request.body.sku,
      by: caller.principal(request).subject,
    }))
  },
  { prefix: '/orders' },
)

const { access_token } = await own.issue({ subject: 'user-1' })
console.log(`token: ${access_token}`)
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
