// A gateway: authenticates once, and tells the service behind it who called.
// npm i @countersign/fastify @countersign/gateway @countersign/http @countersign/policy @countersign/tokens @countersign/store fastify @fastify/http-proxy
import type { IncomingHttpHeaders } from 'node:http'
import { mount, problems, protect } from '@countersign/fastify'
import { forwardedIdentity } from '@countersign/gateway'
import { isAuthError, Refused } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'

const store = sqliteStore(process.env.STORE ?? 'auth.db')
const issuer = localIssuer({ issuer: 'https://acme.com', audience: 'https://api.acme.com', store })
const identity = forwardedIdentity({ issuer })
const readers = policy({ accept: bearer(issuer), scopes: ['orders:read'] })

const onward = new WeakMap<object, IncomingHttpHeaders>()
const app = Fastify()
app.register(problems)
app.register(mount(identity.endpoints)) // /.well-known/jwks.json
app.register(async (orders) => {
  orders.addHook('onRequest', protect(readers))
  orders.addHook('preHandler', async (req) => {
    const headers = await identity.headers(req, { audience: 'orders' })
    if (isAuthError(headers)) throw new Refused(headers)
    onward.set(req.raw, headers)
  })
  const rewriteRequestHeaders = ({ raw }: { raw: object }) => onward.get(raw) ?? {}
  const upstream = process.env.ORDERS ?? 'http://127.0.0.1:4000'
  orders.register(proxy, {
    prefix: '/orders',
    rewritePrefix: '/orders',
    upstream,
    replyOptions: { rewriteRequestHeaders },
  })
})
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
