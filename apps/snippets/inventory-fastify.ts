// The same on Fastify, with @fastify/swagger.
// npm i @countersign/fastify @countersign/policy @countersign/tokens @fastify/swagger
import { inventory, problems, protect, swaggerTransforms } from '@countersign/fastify'
import { anyone, bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import swagger from '@fastify/swagger'
import Fastify from 'fastify'

const acme = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience: 'https://api.acme.com' })
const readPosts = policy({ name: 'read posts', accept: bearer(acme), scopes: ['posts:read'] })

const app = Fastify()
const seen = inventory(app, { undeclared: 'refuse' }) // before the first route; refuses at app.ready() and app.listen()
app.register(problems)
app.register(swagger, {
  openapi: { openapi: '3.1.0', info: { title: 'Posts', version: '1.0.0' } },
  ...swaggerTransforms(seen),
})
app.register(
  async (posts) => {
    posts.addHook('onRequest', protect(readPosts)) // guards every route of this scope
    posts.get('/', { schema: { summary: 'All posts' } }, async () => ({ posts: [] }))
  },
  { prefix: '/posts' },
)
app.get('/openapi.json', { onRequest: protect(anyone), schema: { hide: true } }, async () => app.swagger())
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
