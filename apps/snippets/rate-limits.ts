// Limits by address and by caller, and logins that nobody can guess at leisure, nor lock anybody out of.
// npm i express @countersign/express @countersign/policy @countersign/tokens @countersign/passwords @countersign/rate-limits @countersign/store
import { problems, protect } from '@countersign/express'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { bearer, policy, publicRoute } from '@countersign/policy'
import { loginLimits, rateLimit, sqliteLimits } from '@countersign/rate-limits'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'

const file = process.env.STORE ?? 'auth.db'
const issuer = 'https://api.acme.com'
const own = localIssuer({ issuer, audience: issuer, store: sqliteStore(file) })
const ada = { subject: 'user-1', roles: ['gold'], passwordHash: await hashPassword('correct horse') }

const store = sqliteLimits(file) // or redisLimits(client), postgresLimits(pool), memoryLimits()
const perAddress = rateLimit({ name: 'per-address', by: 'address', limit: 300, window: 60, store })
const perCaller = rateLimit({
  name: 'per-caller',
  by: 'caller',
  limit: 100,
  window: 60,
  plans: (caller) => (caller.roles?.includes('gold') ? { limit: 200 } : undefined),
  store,
})
const users = passwordLogin({
  find: (name) => (name === 'ada' ? ada : undefined),
  limits: loginLimits({ store }),
})

const signedIn = policy({ accept: bearer(own), conditions: [perAddress, perCaller] })
const open = publicRoute({ conditions: [perAddress] })

const app = express()
app.set('trust proxy', 'loopback') // where the proxy calls from; without a proxy false; never true
app.post('/login', protect(open), express.json(), async (req, res) => {
  res.set('cache-control', 'no-store').json(await own.issue(await users.require(req.body, req)))
})
app.get('/me', protect(signedIn), (req, res) => {
  res.json({ user: signedIn.principal(req).subject })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
