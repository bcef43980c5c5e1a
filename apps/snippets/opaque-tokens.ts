// Opaque tokens, judged by the server that issued them (RFC 7662), beside JWTs of another issuer.
// npm i @countersign/express @countersign/policy @countersign/tokens
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { introspection, remoteIssuer } from '@countersign/tokens'
import express from 'express'

const audience = 'https://api.acme.com'
const opaque = introspection({
  endpoint: process.env.INTROSPECTION ?? 'https://login.acme.com/oauth2/introspect',
  client: { id: 'orders-api', secret: process.env.CLIENT_SECRET ?? 'as registered' },
  audience,
})
const jwts = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience })
const signedIn = policy({ accept: bearer([opaque, jwts]) }) // opaque first: it leaves JWTs to the next

const app = express()
app.get('/me', protect(signedIn), (req, res) => {
  res.json({ subject: signedIn.principal(req).subject })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
