// An Express server with habits of its own: CORS, a protected part, errors in its own format, public keys under a path.
// npm i express @countersign/express @countersign/passwords @countersign/policy @countersign/rate-limits @countersign/schema @countersign/store @countersign/tokens
import { authError, headersBesideBody, mount, protect, Refused, refusalOf, validate } from '@countersign/express'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { loginLimits } from '@countersign/rate-limits'
import { defineSchema } from '@countersign/schema'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express, { type ErrorRequestHandler } from 'express'

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

const app = express()
app.use((req, res, next) => {
  res.setHeader('access-control-allow-origin', 'https://app.acme.com') // your CORS middleware, first
  if (req.method !== 'OPTIONS') return next()
  res.setHeader('access-control-allow-headers', 'authorization').sendStatus(204)
})
app.use('/auth', mount(own.endpoints)) // GET /auth/.well-known/jwks.json

const thrown = { refusals: 'throw' } as const
app.post('/login', validate({ body: Login }, thrown), (req, res, next) => {
  const tokens = users.require(req.body, req).then((user) => own.issue(user))
  tokens.then((pair) => res.set('cache-control', 'no-store').json(pair)).catch(next)
})
app.post('/refresh', validate({ body: Refresh }, thrown), (req, res, next) => {
  const tokens = own.refresh(req.body.refresh_token)
  tokens.then((pair) => res.set('cache-control', 'no-store').json(pair)).catch(next)
})
const orders = express.Router()
orders.use(protect(caller, thrown)) // every route of this router
orders.get('/', validate({ query: Page }, thrown), (req, res) => {
  res.json({ limit: req.query.limit ?? 20 }) // a number
})
orders.put('/:id', validate({ params: Id, body: Order }, thrown), (req, res) => {
  res.json({ id: req.params.id, sku: req.body.sku, by: caller.principal(req).subject })
})
app.use('/orders', orders)

app.use((_req, _res, next) => next(new Refused(authError('not_found', 'route.unknown'))))
const house: ErrorRequestHandler = (error, req, res, next) => {
  if (res.headersSent) return next(error)
  const refusal = refusalOf(error, req) // and tells the audit log of a refused login or refresh
  if (refusal.status >= 500) console.error(error)
  res.status(refusal.status).set(headersBesideBody(refusal)) // the challenges, Retry-After, Cache-Control
  res.json({ fault: refusal.error.code, why: refusal.error.detail })
}
app.use(house) // last
const { access_token } = await own.issue({ subject: 'user-1' })
console.log(`token: ${access_token}`)
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
