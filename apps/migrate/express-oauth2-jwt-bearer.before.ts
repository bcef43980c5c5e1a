// A server as the README of express-oauth2-jwt-bearer 1 shows one.
import express from 'express'
import { auth, claimEquals, claimIncludes, requiredScopes } from 'express-oauth2-jwt-bearer'

const issuerBaseURL = process.env.ISSUER ?? 'https://acme.eu.auth0.com'
const audience = 'https://api.acme.com'
const checkJwt = auth({ issuerBaseURL, audience })

const app = express()
app.get('/posts', checkJwt, requiredScopes('posts:read'), (req, res) => {
  res.json({ readBy: req.auth?.payload.sub })
})
app.get('/greeting', auth({ issuerBaseURL, audience, authRequired: false }), (req, res) => {
  res.json({ hello: req.auth?.payload.sub ?? 'stranger' })
})
app.get('/admin', checkJwt, claimIncludes('permissions', 'admin'), (req, res) => {
  res.json({ admin: req.auth?.payload.sub })
})
app.get('/team', checkJwt, claimEquals('org', 'acme'), (req, res) => {
  res.json({ org: req.auth?.payload.org })
})
const getCertificate = () => undefined // the caller showed none
app.get('/bound', auth({ issuerBaseURL, audience, getCertificate }), (req, res) => {
  res.json({ readBy: req.auth?.payload.sub })
})
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
