// A server as the README of passport-jwt 4 shows one, with what people add to it: an optional route, a key server.
import express from 'express'
import jwt from 'jsonwebtoken'
import { passportJwtSecret } from 'jwks-rsa'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'

const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const issuer = 'https://login.acme.com'
const audience = 'https://api.acme.com'
const partner = process.env.ISSUER ?? 'https://partner.eu.auth0.com'
const users = new Map([['user-1', { id: 'user-1', name: 'Ada' }]])
const User = { findOne: async ({ id }: { id: string }) => users.get(id) }

const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken()
passport.use(
  new Strategy({ jwtFromRequest, secretOrKey: secret }, (payload, done) => {
    User.findOne({ id: payload.sub }).then((user) => done(null, user ?? false), done)
  }),
)
passport.use(
  'pinned', // audience and issuer where the README says that options of jsonwebtoken go
  new Strategy(
    { jwtFromRequest, secretOrKey: secret, jsonWebTokenOptions: { audience, issuer } },
    (payload, done) => void done(null, { id: payload.sub }),
  ),
)
passport.use(
  'header',
  new Strategy({ jwtFromRequest: ExtractJwt.fromHeader('x-token'), secretOrKey: secret }, (payload, done) => {
    User.findOne({ id: payload.sub }).then((user) => done(null, user ?? false), done)
  }),
)
const secretOrKeyProvider = passportJwtSecret({ jwksUri: `${partner}/.well-known/jwks.json` })
passport.use(
  'partner',
  new Strategy(
    { jwtFromRequest, secretOrKeyProvider, algorithms: ['RS256'], issuer: partner, audience },
    (payload, done) => void done(null, { id: payload.sub }),
  ),
)

const app = express()
app.post('/login', (_req, res) => {
  res.json({ token: jwt.sign({}, secret, { subject: 'user-1', issuer, audience, expiresIn: '1h' }) })
})
app.get('/profile', passport.authenticate('jwt', { session: false }), (req, res) => {
  res.json(req.user)
})
app.get('/pinned', passport.authenticate('pinned', { session: false }), (req, res) => {
  res.json(req.user)
})
app.get('/header', passport.authenticate('header', { session: false }), (req, res) => {
  res.json(req.user)
})
app.get('/partner', passport.authenticate('partner', { session: false }), (req, res) => {
  res.json(req.user)
})
app.get('/greeting', (req, res, next) => {
  const optional = (error: unknown, user?: { name?: string } | false | null) => {
    if (error) return next(error)
    res.json({ hello: (user || undefined)?.name ?? 'stranger' })
  }
  passport.authenticate('jwt', { session: false }, optional)(req, res, next)
})
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
