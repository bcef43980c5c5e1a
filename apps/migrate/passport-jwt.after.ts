// The same server on Countersign: tokens that are out stay good, handlers go on reading req.user.
import { problems, protect } from '@countersign/express'
import { apiKey, bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { legacyTokens, localIssuer, remoteIssuer } from '@countersign/tokens'
import express from 'express'

declare global {
  namespace Express {
    interface User {} // as @types/passport has it
    interface Request {
      user?: User | undefined
    }
  }
}
const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const issuer = 'https://login.acme.com'
const audience = 'https://api.acme.com'
const partner = process.env.ISSUER ?? 'https://partner.eu.auth0.com'
const users = new Map([['user-1', { id: 'user-1', name: 'Ada' }]])
const User = { findOne: async ({ id }: { id: string }) => users.get(id) }

const old = legacyTokens({ algorithms: ['HS256'], secret, issuer, audience, type: 'JWT' })
const own = localIssuer({ issuer: audience, audience, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const accept = bearer([own, old], { principal: ({ subject }) => User.findOne({ id: subject }) }) // undefined: 401
const signedIn = policy({ accept })
const maybe = policy({ accept, mode: 'optional' })
const pinned = policy({ accept: bearer([own, old], { principal: ({ subject }) => ({ id: subject }) }) })
const inHeader = policy({
  accept: apiKey(({ key }) => old.verify(key), {
    header: ['X-Token'], // ExtractJwt.fromHeader('x-token')
    principal: ({ subject }) => User.findOne({ id: subject }),
  }),
})
const partners = policy({
  accept: bearer(remoteIssuer(partner, { audience, algorithms: ['RS256'] }), {
    principal: ({ subject }) => ({ id: subject }),
  }),
})

const app = express()
app.post('/login', async (_req, res) => {
  const { access_token, refresh_token } = await own.issue({ subject: 'user-1' })
  res.set('cache-control', 'no-store').json({ token: access_token, refresh_token })
})
app.get('/profile', protect(signedIn), (req, res) => {
  req.user = signedIn.principal(req)
  res.json(req.user)
})
app.get('/pinned', protect(pinned), (req, res) => {
  res.json(pinned.principal(req))
})
app.get('/header', protect(inHeader), (req, res) => {
  res.json(inHeader.principal(req))
})
app.get('/partner', protect(partners), (req, res) => {
  res.json(partners.principal(req))
})
app.get('/greeting', protect(maybe), (req, res) => {
  res.json({ hello: maybe.principal(req)?.name ?? 'stranger' })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
