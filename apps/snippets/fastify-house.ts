// A Fastify server with habits of its own: CORS, a protected part, errors in its own format, public keys under a path.
// npm i fastify @countersign/fastify @countersign/passwords @countersign/policy @countersign/rate-limits @countersign/schema @countersign/store @countersign/tokens
import {
  authError,
  headersBesideBody,
  mount,
  problems,
  protect,
  Refused,
  refusalOf,
  type SchemaTypes,
  validate,
} from '@countersign/fastify'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { loginLimits } from '@countersign/rate-limits'
import { defineSchema } from '@countersign/schema'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import Fastify from 'fastify'

const issuer = 'https://api.acme.com'
const own = localIssuer({ issuer, audience: issuer, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const caller = policy({ accept: bearer(own) })
const ada = { subject: 'user-1', passwordHash: await hashPassword('correct horse') }
const users = passwordLogin({
  find: (name) => (name === 'ada' ? ada : undefined),
  limits: loginLimits({ perUserAndAddress: { limit: 5, window: 900 } }),
})

const Page = defineSchema({ type: 'object', properties: { limit: { type: 'integer', maximum: 100 } } })
const Order = defineSchema({ type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] })
const Id = defineSchema({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] })
const text = { type: 'string', maxLength: 1000 } as const
const Login = defineSchema({
  type: 'object',
  properties: { username: text, password: text },
  required: ['username', 'password'],
})
const Refresh = defineSchema({ type: 'object', properties: { refresh_token: text }, required: ['refresh_token'] })

const app = Fastify().withTypeProvider<SchemaTypes>()
app.addHook('onRequest', (request, reply, done) => {
  reply.header('access-control-allow-origin', 'https://app.acme.com') // your CORS plugin, first
  if (request.method !== 'OPTIONS') return done()
  reply.header('access-control-allow-headers', 'authorization').code(204).send()
})
app.register(problems, { errors: false, notFound: false }) // for `schema` alone: these two are yours
app.setErrorHandler((error, request, reply) => {
  const refusal = refusalOf(error, request) // and tells the audit log of a refused login or refresh
  if (refusal.status >= 500) request.log.error(error)
  reply.code(refusal.status).headers(headersBesideBody(refusal)) // the challenges, Retry-After, Cache-Control
  reply.send({ fault: refusal.error.code, why: refusal.error.detail })
})
app.setNotFoundHandler(() => {
  throw new Refused(authError('not_found', 'route.unknown'))
})

app.post('/login', { schema: { body: Login } }, async (request, reply) => {
  reply.header('cache-control', 'no-store')
  return own.issue(await users.require(request.body, request))
})
app.post('/refresh', { schema: { body: Refresh } }, async (request, reply) => {
  reply.header('cache-control', 'no-store')
  return own.refresh(request.body.refresh_token)
})
const thrown = { refusals: 'throw' } as const
app.register(
  async (orders) => {
    orders.addHook('onRequest', protect(caller, thrown)) // every route of this scope
    orders.get('/', { preValidation: validate({ query: Page }, thrown) }, async (request) => ({
      limit: request.query.limit ?? 20, // a number
    }))
    orders.put('/:id', { preValidation: validate({ params: Id, body: Order }, thrown) }, async (request) => ({
      id: request.params.id,
      sku: request.body.sku,
      by: caller.principal(request).subject,
    }))
  },
  { prefix: '/orders' },
)
app.register(mount(own.endpoints), { prefix: '/auth' }) // GET /auth/.well-known/jwks.json

const { access_token } = await own.issue({ subject: 'user-1' })
console.log(`token: ${access_token}`)
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
