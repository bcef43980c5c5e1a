// Fastify with a login of its own over a user table.
// npm i fastify @countersign/fastify @countersign/policy @countersign/tokens @countersign/passwords @countersign/schema @countersign/store
import { mount, problems, protect, type SchemaTypes } from '@countersign/fastify'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import Fastify from 'fastify'

// Your user table: `find` gives the row with its hash, `upgrade` stores a better hash after a login.
const django = 'pbkdf2_sha256$600000$seasalt2$lInljIn1IzIzniisQWjsE7ejYNfdRm52ce0LhNe9yf0=' // an older one
const rows = [
  { username: 'ada', subject: 'user-1', passwordHash: await hashPassword('correct horse'), scopes: ['posts:read'] },
  { username: 'bob', subject: 'user-2', passwordHash: django, scopes: [] },
]
const table = new Map(rows.map((user) => [user.username, user]))
const users = passwordLogin({
  find: (name) => table.get(name),
  upgrade: (user, passwordHash) => void table.set(user.username, { ...user, passwordHash }),
})

const issuer = 'https://api.acme.com'
const own = localIssuer({ issuer, audience: issuer, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const signedIn = policy({ accept: bearer(own) })

const text = { type: 'string', maxLength: 1000 } as const
const login = defineSchema({
  type: 'object',
  properties: { username: text, password: text },
  required: ['username', 'password'],
  additionalProperties: false,
})
const refresh = defineSchema({ type: 'object', properties: { refresh_token: text }, required: ['refresh_token'] })

const app = Fastify().withTypeProvider<SchemaTypes>()
app.register(problems)
app.register(mount(own.endpoints)) // GET /.well-known/jwks.json
app.post('/login', { schema: { body: login } }, async ({ body }, reply) => {
  reply.header('cache-control', 'no-store') // as RFC 6749 section 5.1 asks
  return own.issue(await users.require(body))
})
app.post('/refresh', { schema: { body: refresh } }, async ({ body }, reply) => {
  reply.header('cache-control', 'no-store')
  return own.refresh(body.refresh_token)
})
app.get('/me', { onRequest: protect(signedIn) }, async (request) => ({ user: signedIn.principal(request).subject }))
app.post('/logout', { onRequest: protect(signedIn) }, async (request, reply) => {
  await own.revoke(signedIn.principal(request))
  return reply.code(204).send()
})
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
