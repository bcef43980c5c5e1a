// The same on Fastify, for an MCP server or any client that nobody told you of: by its document, or by registering.
// npm i fastify oidc-provider @countersign/fastify @countersign/oauth-server @countersign/policy @countersign/tokens
//       @countersign/passwords @countersign/store
import { mount, problems, protect } from '@countersign/fastify'
import { oauthServer } from '@countersign/oauth-server'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import Fastify from 'fastify'

const port = Number(process.env.PORT ?? 3000)
const api = 'https://api.acme.com'
const store = sqliteStore(process.env.STORE ?? 'auth.db')
const ada = { subject: 'user-1', username: 'ada', passwordHash: await hashPassword('correct horse') }

const own = localIssuer({ issuer: `http://127.0.0.1:${port}`, audience: api, store })
const server = oauthServer({
  issuer: own,
  store,
  users: passwordLogin({ find: (name) => (name === ada.username ? ada : undefined) }),
  account: (subject) => (subject === ada.subject ? { scopes: ['posts:read'] } : undefined),
  resources: { [api]: { scopes: ['posts:read'] } },
  clients: [],
  clientDocuments: true, // a client's id is the URL of its document
  registration: true, // for those that have none
  deviceCodes: true, // for a terminal or a television
})

const app = Fastify()
app.register(problems)
app.register(mount([...own.endpoints, ...server.endpoints]))

const readPosts = policy({ accept: bearer(own), scopes: ['posts:read'] })
app.get('/posts', { onRequest: protect(readPosts) }, async (request) => ({
  for: readPosts.principal(request).subject,
}))
await app.listen({ port, host: '127.0.0.1' })
