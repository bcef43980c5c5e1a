// An Express server with habits of its own: CORS, a protected part, errors in its own format, public keys under a path.
// npm i @countersign/express @countersign/policy @countersign/schema @countersign/store @countersign/tokens
import { isRefused, mount, problems, protect, validate } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express, { type ErrorRequestHandler } from 'express'

const issuer = 'https://api.acme.com'
const own = localIssuer({ issuer, audience: issuer, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const caller = policy({ accept: bearer(own) })

const Page = defineSchema({ type: 'object', properties: { limit: { type: 'integer', maximum: 100 } } })
const Order = defineSchema({ type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] })
const Id = defineSchema({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] })

const app = express()
app.use((req, res, next) => {
  res.setHeader('access-control-allow-origin', 'https://app.acme.com') // your CORS middleware, first
  if (req.method !== 'OPTIONS') return next()
  res.setHeader('access-control-allow-headers', 'authorization').sendStatus(204)
})
app.use('/auth', mount(own.endpoints)) // GET /auth/.well-known/jwks.json

const orders = express.Router()
orders.use(protect(caller, { refusals: 'throw' })) // every route of this router
orders.get('/', validate({ query: Page }), (req, res) => {
  res.json({ limit: req.query.limit ?? 20 }) // a number
})
orders.put('/:id', validate({ params: Id, body: Order }), (req, res) => {
  res.json({ id: req.params.id, sku: req.body.sku, by: caller.principal(req).subject })
})
const house: ErrorRequestHandler = (error, _req, res, next) => {
  if (!isRefused(error)) return next(error)
  res.status(error.status).json({ fault: error.code }) // and error.error.reason for your log
}
app.use('/orders', orders, house)
app.use(problems())

const { access_token } = await own.issue({ subject: 'user-1' })
console.log(`token: ${access_token}`)
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
