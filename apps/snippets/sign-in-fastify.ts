// The same on Fastify, with sessions in encrypted cookies; and calls to an API in the name of whoever signed in.
// npm i @countersign/fastify @countersign/policy @countersign/oauth-client
import { randomBytes } from 'node:crypto'
import { mount, problems, protect } from '@countersign/fastify'
import { cookieSession, oauthClient } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import Fastify from 'fastify'

const origin = process.env.ORIGIN ?? 'http://localhost:3000'
const api = process.env.API ?? 'https://api.acme.com'

const login = oauthClient({
  provider: { issuer: process.env.ISSUER ?? 'https://login.acme.com' },
  clientId: process.env.CLIENT_ID ?? 'app',
  clientSecret: process.env.CLIENT_SECRET ?? 'what the provider gave',
  redirectUri: `${origin}/callback`,
  scopes: ['openid', 'profile', 'read'],
  offline: true, // a refresh token too
  session: cookieSession({ secret: randomBytes(32), tokens: true }),
})
const signedIn = policy({ accept: login.session })

const app = Fastify()
app.register(problems)
app.register(mount(login.endpoints))
app.get('/orders', { onRequest: protect(signedIn) }, async (request) => {
  const { accessToken } = await login.tokens(request) // renewed when it has run out
  const orders = await fetch(`${api}/orders`, { headers: { authorization: `Bearer ${accessToken}` } })
  return orders.json()
})
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
