// An API for the customers of customers: each brings an identity provider. And a probe for the load balancer.
// npm i @countersign/express @countersign/policy @countersign/tokens @countersign/store
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { remoteIssuer, remoteIssuers } from '@countersign/tokens'
import express from 'express'

const audience = 'https://api.acme.com'
const customers = new Set((process.env.CUSTOMERS ?? 'https://login.customer.com').split(' ')) // a table, elsewhere

const staff = remoteIssuer(process.env.ISSUER ?? 'https://login.acme.com', {
  audience,
  store: sqliteStore(process.env.STORE ?? 'auth.db'), // the last good keys: for a start while the issuer is down
})
const allowPrivate = process.env.LOCAL === '1' // a test with issuers on this machine
const theirs = remoteIssuers((issuer) => customers.has(issuer), { audience, allowPrivate })
const signedIn = policy({ accept: bearer([staff, theirs]) })

const app = express()
app.get('/me', protect(signedIn), (req, res) => {
  const { subject, claims } = signedIn.principal(req)
  res.json({ subject, issuer: claims.iss }) // a subject is one of its issuer's: the pair is the key
})
app.get('/ready', async (_req, res) => {
  await staff.ready()
  res.sendStatus(204)
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
