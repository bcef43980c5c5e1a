// A service calls an API as itself: by client credentials, with tokens that are of no use to whoever steals them.
// npm i @countersign/oauth-client
import { createServer } from 'node:http'
import { serviceFetch } from '@countersign/oauth-client'

const api = process.env.API ?? 'https://api.acme.com'

const call = serviceFetch({
  provider: { issuer: process.env.ISSUER ?? 'https://login.acme.com' },
  clientId: process.env.CLIENT_ID ?? 'reports',
  clientSecret: process.env.CLIENT_SECRET ?? 'what the provider gave',
  scopes: ['read'],
  origins: [api], // nobody else gets the token
  dpop: true,
})

const server = createServer(async (_request, response) => {
  const orders = await call(`${api}/orders`) // the token is fetched, kept and renewed
  response.end(`the API answered ${orders.status}`)
})
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
