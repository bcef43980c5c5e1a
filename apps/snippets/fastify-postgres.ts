// Fastify with a login of its own, users and security state in PostgreSQL.
// npm i fastify pg @countersign/fastify @countersign/policy @countersign/tokens @countersign/passwords @countersign/schema @countersign/store-postgres
import { mount, problems, protect, type SchemaTypes } from '@countersign/fastify'
import { passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { defineSchema } from '@countersign/schema'
import { postgresStore } from '@countersign/store-postgres'
import { localIssuer } from '@countersign/tokens'
import Fastify from 'fastify'
import { Pool } from 'pg'

const pool = new Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 250 })
pool.on('error', (error) => console.error(error.message)) // without this, pg ends the process when PostgreSQL restarts

interface User {
  readonly subject: string
  readonly passwordHash: string
}
const findByName = async (name: string) => {
  const { rows } = await pool.query<User>(
    'SELECT id AS subject, password AS "passwordHash" FROM users WHERE name = $1',
    [name],
  )
  return rows[0]
}
const saveHash = async ({ subject }: User, hash: string) => {
  await pool.query('UPDATE users SET password = $2 WHERE id = $1', [subject, hash])
}

const issuer = 'https://api.acme.com'
const users = passwordLogin({ find: findByName, upgrade: saveHash })
const own = localIssuer({ issuer, audience: issuer, store: postgresStore(pool) })
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
app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store')) // RFC 6749 section 5.1
app.post('/login', { schema: { body: login } }, async ({ body }) => own.issue(await users.require(body)))
app.post('/refresh', { schema: { body: refresh } }, async ({ body }) => own.refresh(body.refresh_token))
app.get('/me', { onRequest: protect(signedIn) }, async (request) => ({ user: signedIn.principal(request).subject }))
app.post('/logout', { onRequest: protect(signedIn) }, async (request, reply) => {
  await own.revoke(signedIn.principal(request))
  return reply.code(204).send()
})
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
