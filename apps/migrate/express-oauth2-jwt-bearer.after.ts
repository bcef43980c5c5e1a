// The same server on Countersign.
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer, type TokenPrincipal } from '@countersign/tokens'
import express from 'express'

const audience = 'https://api.acme.com'
const acme = remoteIssuer(process.env.ISSUER ?? 'https://acme.eu.auth0.com/', { audience })
const accept = bearer(acme)
const readPosts = policy({ accept, scopes: ['posts:read'] })
const signedIn = policy({ accept })
const maybe = policy({ accept, mode: 'optional' })
const isOfAcme = { name: 'is of acme', test: ({ claims }: TokenPrincipal) => claims.org === 'acme' }
const team = policy({ accept, allow: isOfAcme })
const admins = policy({
  // Auth0's `permissions` become roles; `claims` comes along for handlers that read it.
  accept: bearer(acme, {
    principal: ({ subject, claims }) => ({ subject, claims, roles: (claims.permissions ?? []) as readonly string[] }),
  }),
  allow: { role: 'admin' },
})

const app = express()
app.get('/posts', protect(readPosts), (req, res) => {
  res.json({ readBy: readPosts.principal(req).subject })
})
app.get('/greeting', protect(maybe), (req, res) => {
  res.json({ hello: maybe.principal(req)?.subject ?? 'stranger' })
})
app.get('/admin', protect(admins), (req, res) => {
  res.json({ admin: admins.principal(req).subject })
})
app.get('/team', protect(team), (req, res) => {
  res.json({ org: team.principal(req).claims.org })
})
app.get('/bound', protect(signedIn), (req, res) => {
  res.json({ readBy: signedIn.principal(req).subject }) // no certificate is looked at
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
