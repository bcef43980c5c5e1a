// A CommonJS server of Express 4 or 5 that goes on issuing with jsonwebtoken: only the check is another.
const { isRefused, protect } = require('@countersign/express')
const { bearer, policy } = require('@countersign/policy')
const { legacyTokens } = require('@countersign/tokens')
const express = require('express')
const jwt = require('jsonwebtoken')

const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const tokens = legacyTokens({ algorithms: ['HS256'], secret, issuer: false, audience: false, type: 'JWT' })
const signedIn = policy({ name: 'signed in', accept: bearer(tokens) })
const checkToken = [
  protect(signedIn, { refusals: 'throw' }), // to the error handler below
  (req, _res, next) => {
    req.auth = signedIn.principal(req).claims // what express-jwt put there
    next()
  },
]

const app = express()
app.use(express.json())
app.post('/login', (req, res) => {
  if (req.body?.password !== 'secret') return res.status(401).json({ error: 'invalid_credentials' })
  res.json({ token: jwt.sign({ admin: true }, secret, { subject: 'user-1', expiresIn: '1h' }) })
})
app.get('/profile', checkToken, (req, res) => {
  res.json({ user: req.auth.sub, admin: req.auth.admin })
})

app.use((error, req, res, next) => {
  if (res.headersSent) return next(error)
  if (isRefused(error)) {
    console.warn(`${req.method} ${req.path}: ${error.error.reason}`) // token.expired: for your log, not for the client
    return res.status(error.status).json({ error: error.code, message: error.message })
  }
  if (error.expose) return res.status(error.status).json({ error: 'invalid_request' }) // express.json()
  console.error(error)
  res.status(500).json({ error: 'server_error' })
})
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
