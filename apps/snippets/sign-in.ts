// People sign in at an OpenID provider. Their sessions are in a store; their browsers have a cookie that says nothing.
// npm i @countersign/express @countersign/policy @countersign/oauth-client @countersign/store
import { mount, problems, protect } from '@countersign/express'
import { oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import express from 'express'

// SECRET: of all processes one, `openssl rand 32 | basenc --base64url -w0 | tr -d =`
const { ISSUER = '', CLIENT_ID = '', CLIENT_SECRET = '', SECRET = '', ORIGIN = 'http://localhost:3000' } = process.env

const login = oauthClient({
  provider: { issuer: ISSUER }, // or entraId({ tenant }), google(), okta({ domain }), …
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  redirectUri: `${ORIGIN}/callback`, // as registered at the provider
  session: storeSession({ store: sqliteStore(process.env.STORE ?? 'sessions.db'), secret: SECRET }),
})
const signedIn = policy({ accept: login.session })

const app = express()
app.use(mount(login.endpoints)) // GET /login, GET /callback, POST /logout, POST /backchannel-logout
app.get('/me', protect(signedIn), (req, res) => res.json(signedIn.principal(req).claims))
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
