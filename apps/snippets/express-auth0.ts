// An existing Express server whose tokens come from Auth0, Entra ID or any OpenID provider.
// npm i @countersign/express @countersign/policy @countersign/tokens
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import express from 'express'

const acme = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience: 'https://api.acme.com' })
const readPosts = policy({ accept: bearer(acme), scopes: ['posts:read'] })

const app = express()
app.get('/posts', protect(readPosts), (req, res) => {
  res.json({ posts: [], readBy: readPosts.principal(req).subject })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
