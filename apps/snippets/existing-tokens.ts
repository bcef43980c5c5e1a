// Coming from passport-jwt, express-jwt or @fastify/jwt: tokens already issued stay good, handlers stay as they are.
// npm i express @countersign/express @countersign/policy @countersign/tokens @countersign/store
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { legacyTokens, localIssuer } from '@countersign/tokens'
import express from 'express'

declare global {
  namespace Express {
    interface User {} // as @types/passport has it
    interface Request {
      user?: User | undefined
    }
  }
}
const User = { findById: async (id: string) => (id === 'user-1' ? { id, name: 'Ada', plan: 'pro' } : null) }
const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'

const issuer = 'https://api.acme.com'
const own = localIssuer({ issuer, audience: issuer, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const old = legacyTokens({ algorithms: ['HS256'], secret, issuer: false, audience: false, type: false })
const user = policy({ accept: bearer([own, old], { principal: ({ subject }) => User.findById(subject) }) })

const app = express()
app.use(protect(user), (req, _res, next) => {
  req.user = user.principal(req)
  next()
})
app.get('/profile', (req, res) => {
  res.json(req.user) // a handler as it was before
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
