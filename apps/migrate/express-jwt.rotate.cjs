// A secret that is too short, and the one that takes its place: both side by side until the last old token has expired.
const { problems, protect } = require('@countersign/express')
const { bearer, policy } = require('@countersign/policy')
const { legacyTokens } = require('@countersign/tokens')
const express = require('express')
const jwt = require('jsonwebtoken')

const oldSecret = process.env.OLD_SECRET ?? 'secret'
const secret = process.env.SECRET ?? 'the new secret, of at least 32 random bytes' // openssl rand -base64 32
const issuer = 'https://api.acme.com' // old tokens have none, or another

const common = { algorithms: ['HS256'], audience: false, type: 'JWT' }
const fresh = legacyTokens({ ...common, secret, issuer })
const old = legacyTokens({ ...common, secret: oldSecret, issuer: false, dangerouslyAllowShortSecret: true })
const signedIn = policy({ name: 'signed in', accept: bearer([fresh, old]) }) // old last: it takes whatever is not fresh's

const app = express()
app.post('/login', (_req, res) => {
  res.json({ token: jwt.sign({}, secret, { subject: 'user-1', issuer, expiresIn: '1h' }) })
})
app.get('/profile', protect(signedIn), (req, res) => {
  res.json({ user: signedIn.principal(req).subject })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
