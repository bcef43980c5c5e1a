// A server as the README of express-jwt 8 shows one: a secret, an optional route, a partner's keys by jwks-rsa.
import express from 'express'
import { expressjwt, type GetVerificationKey, type Request } from 'express-jwt'
import jwt from 'jsonwebtoken'
import { expressJwtSecret } from 'jwks-rsa'

const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const issuer = 'https://login.acme.com'
const audience = 'https://api.acme.com'
const partner = process.env.ISSUER ?? 'https://partner.eu.auth0.com'

const app = express()
app.post('/login', (_req, res) => {
  const token = jwt.sign({ admin: true }, secret, { subject: 'user-1', issuer, audience, expiresIn: '1h' })
  res.json({ token })
})

const signedIn = expressjwt({ secret, algorithms: ['HS256'] })
const maybe = expressjwt({ secret, algorithms: ['HS256'], credentialsRequired: false })
app.get('/profile', signedIn, (req: Request, res) => {
  res.json({ user: req.auth?.sub, admin: req.auth?.admin })
})
app.get('/greeting', maybe, (req: Request, res) => {
  res.json({ hello: req.auth?.sub ?? 'stranger' })
})
app.all('/hook', signedIn, (_req, res) => {
  res.json({ done: true })
})

const keys = expressJwtSecret({ jwksUri: `${partner}/.well-known/jwks.json` }) as GetVerificationKey
app.get(
  '/partner',
  expressjwt({ secret: keys, algorithms: ['RS256'], audience, issuer: partner }),
  (req: Request, res) => {
    res.json({ user: req.auth?.sub })
  },
)
const tenants = new Map([
  ['https://red.acme.com', 'the secret of at least 32 bytes of red'],
  ['https://blue.acme.com', 'the secret of at least 32 bytes of blue'],
])
const getSecret: GetVerificationKey = async (_req, token) => {
  const { iss } = token!.payload as { iss: string }
  const tenant = tenants.get(iss)
  if (!tenant) throw new Error('missing_secret')
  return tenant
}
app.get('/tenant', expressjwt({ secret: getSecret, algorithms: ['HS256'] }), (req: Request, res) => {
  res.json({ user: req.auth?.sub, of: req.auth?.iss })
})
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
