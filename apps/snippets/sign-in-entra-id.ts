// Employees sign in with Microsoft Entra ID; an app role decides who may approve. Step by step: docs/sign-in-with-entra-id.md
// npm i @countersign/express @countersign/policy @countersign/oauth-client @countersign/store
import { mount, problems, protect } from '@countersign/express'
import { entraId, oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import express from 'express'

const { TENANT = '', CLIENT_ID = '', CLIENT_SECRET = '', SECRET = '', ORIGIN = 'http://localhost:3000' } = process.env

const login = oauthClient({
  provider: entraId({ tenant: TENANT }), // Directory (tenant) ID
  clientId: CLIENT_ID, // Application (client) ID
  clientSecret: CLIENT_SECRET, // the Value of a client secret, not its ID
  redirectUri: `${ORIGIN}/callback`,
  session: storeSession({ store: sqliteStore(process.env.STORE ?? 'sessions.db'), secret: SECRET }),
})
const signedIn = policy({ accept: login.session })
const approvers = policy({ accept: login.session, allow: { role: 'Orders.Approve' } })

const app = express()
app.use(mount(login.endpoints))
app.get('/me', protect(signedIn), (req, res) => {
  const { subject, roles, claims } = signedIn.principal(req)
  res.json({ subject, roles, name: claims.name })
})
app.post('/orders/1/approve', protect(approvers), (req, res) => res.json({ by: approvers.principal(req).subject }))
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
