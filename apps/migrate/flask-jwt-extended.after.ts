// The same server in Node, on Countersign: access tokens that Flask gave out stay good.
import { problems, protect } from '@countersign/express'
import { passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { legacyTokens, localIssuer } from '@countersign/tokens'
import express from 'express'

const secret = process.env.SECRET ?? 'the secret of at least 32 bytes that signed them'
const audience = 'https://api.acme.com'
// A hash as werkzeug's generate_password_hash made it: it is verified as it is, and upgraded at the next login.
const hash = 'pbkdf2:sha256:600000$YcWjMtzYFCKH2Q3n$c7e82b8c14f16de4f56084e3727a053e9f54dd04451292161ed48ab9545c57e8'
const table = new Map([['test', { username: 'test', subject: 'test', plan: 'pro', passwordHash: hash }]])
const users = passwordLogin({
  find: (name) => table.get(name),
  upgrade: (user, passwordHash) => void table.set(user.username, { ...user, passwordHash }),
})

const old = legacyTokens({
  algorithms: ['HS256'], // JWT_ALGORITHM
  secret, // JWT_SECRET_KEY
  issuer: 'https://login.acme.com', // JWT_ENCODE_ISSUER, or false
  audience, // JWT_ENCODE_AUDIENCE, or false
  type: 'JWT',
})
const own = localIssuer({ issuer: audience, audience, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const blocklist = new Set<string>() // for old tokens alone, until the last has died
const accept = bearer([own, old], {
  // @jwt.user_lookup_loader and @jwt.token_in_blocklist_loader: undefined refuses
  principal: (verified) => {
    const user = table.get(verified.subject)
    if (!user || blocklist.has(verified.credential?.id ?? '')) return undefined
    return { ...verified, plan: user.plan }
  },
})
const signedIn = policy({ accept }) // @jwt_required()
const maybe = policy({ accept, mode: 'optional' }) // @jwt_required(optional=True)
const fresh = policy({ accept, maxAge: 300 }) // @jwt_required(fresh=True)

const app = express()
app.post('/login', express.json(), async (req, res) => {
  const user = await users.require(req.body)
  res.set('cache-control', 'no-store').json(await own.issue(user, { claims: { plan: user.plan } }))
})
app.post('/refresh', express.json(), async (req, res) => {
  res.set('cache-control', 'no-store').json(await own.refresh(req.body?.refresh_token)) // in the body, and good once
})
app.get('/protected', protect(signedIn), (req, res) => {
  const { subject, plan } = signedIn.principal(req)
  res.json({ logged_in_as: subject, plan })
})
app.get('/greeting', protect(maybe), (req, res) => {
  res.json({ hello: maybe.principal(req)?.subject ?? 'stranger' })
})
app.get('/danger', protect(fresh), (_req, res) => {
  res.json({ done: true })
})
app.all('/hook', protect(signedIn), (_req, res) => {
  res.json({ done: true })
})
app.post('/logout', protect(signedIn), async (req, res) => {
  const caller = signedIn.principal(req)
  if (caller.claims.iss === own.issuer) await own.revoke(caller)
  else blocklist.add(caller.credential?.id ?? '')
  res.sendStatus(204)
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
