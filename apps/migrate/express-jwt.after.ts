// The same server on Countersign: tokens that are out stay good, handlers go on reading req.auth.
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { legacyTokens, localIssuer, remoteIssuer } from '@countersign/tokens'
import express, { type RequestHandler } from 'express'

const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const issuer = 'https://login.acme.com'
const audience = 'https://api.acme.com'
const partner = process.env.ISSUER ?? 'https://partner.eu.auth0.com'
type Request = express.Request & { readonly auth?: { readonly sub?: string; readonly admin?: boolean } }

const old = legacyTokens({ algorithms: ['HS256'], secret, issuer, audience, type: 'JWT' })
const own = localIssuer({ issuer: audience, audience, store: sqliteStore(process.env.STORE ?? 'auth.db') })

const app = express()
app.post('/login', async (_req, res) => {
  const { access_token, refresh_token } = await own.issue({ subject: 'user-1' }, { claims: { admin: true } })
  res.set('cache-control', 'no-store').json({ token: access_token, refresh_token })
})

const signedIn = policy({ accept: bearer([own, old]) })
const maybe = policy({ accept: bearer([own, old]), mode: 'optional' })
const asAuth =
  (from: typeof signedIn | typeof maybe): RequestHandler =>
  (req, _res, next) => {
    Object.assign(req, { auth: from.principal(req)?.claims }) // what express-jwt put there
    next()
  }
app.get('/profile', protect(signedIn), asAuth(signedIn), (req: Request, res) => {
  res.json({ user: req.auth?.sub, admin: req.auth?.admin })
})
app.get('/greeting', protect(maybe), asAuth(maybe), (req: Request, res) => {
  res.json({ hello: req.auth?.sub ?? 'stranger' })
})
app.all('/hook', protect(signedIn), (_req, res) => {
  res.json({ done: true })
})

const partners = policy({ accept: bearer(remoteIssuer(partner, { audience, algorithms: ['RS256'] })) })
app.get('/partner', protect(partners), (req, res) => {
  res.json({ user: partners.principal(req).subject })
})
const tenants = [
  ['https://red.acme.com', 'the secret of at least 32 bytes of red'],
  ['https://blue.acme.com', 'the secret of at least 32 bytes of blue'],
].map(([issuer = '', secret = '']) => legacyTokens({ algorithms: ['HS256'], secret, issuer, audience, type: 'JWT' }))
const tenant = policy({ accept: bearer(tenants) }) // the iss selects one of these, and nothing else
app.get('/tenant', protect(tenant), (req, res) => {
  const { subject, claims } = tenant.principal(req)
  res.json({ user: subject, of: claims.iss })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
