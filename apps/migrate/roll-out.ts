// Both kinds of token side by side. STAGE=1: verify both, give out old ones. 2: give out own ones. 3: own ones alone.
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { legacyTokens, localIssuer, type TokenPrincipal } from '@countersign/tokens'
import express from 'express'
import jwt from 'jsonwebtoken'

const stage = Number(process.env.STAGE ?? 1)
const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const issuer = 'https://login.acme.com' // iss of the old tokens: own ones must have another
const audience = 'https://api.acme.com'

const old = legacyTokens({ algorithms: ['HS256'], secret, issuer, audience, type: 'JWT' })
const own = localIssuer({ issuer: audience, audience, store: sqliteStore(process.env.STORE ?? 'auth.db') })

const seen = { oldTokens: 0, lastSeen: 0, lastExpires: 0 } // your metrics
function counted(verified: TokenPrincipal): TokenPrincipal {
  if (verified.claims.iss === own.issuer) return verified
  seen.oldTokens++
  seen.lastSeen = Math.floor(Date.now() / 1000)
  seen.lastExpires = Math.max(seen.lastExpires, verified.claims.exp)
  return verified
}
const signedIn = policy({ accept: bearer(stage < 3 ? [own, old] : [own], { principal: counted }) })

const app = express()
app.post('/login', async (_req, res) => {
  res.set('cache-control', 'no-store')
  if (stage === 1) res.json({ token: jwt.sign({}, secret, { subject: 'user-1', issuer, audience, expiresIn: '1h' }) })
  else res.json({ token: (await own.issue({ subject: 'user-1' })).access_token })
})
app.get('/profile', protect(signedIn), (req, res) => {
  res.json({ user: signedIn.principal(req).subject })
})
app.get('/metrics', (_req, res) => {
  res.json(seen)
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
