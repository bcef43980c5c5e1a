// Coming from Flask-JWT-Extended: JWTManager, create_access_token, @jwt_required, get_jwt_identity.
// npm i express @countersign/express @countersign/policy @countersign/tokens @countersign/passwords @countersign/store
import { problems, protect } from '@countersign/express'
import { passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'

// A hash as werkzeug's generate_password_hash made it: it is verified as it is, and upgraded at the next login.
const hash = 'pbkdf2:sha256:600000$YcWjMtzYFCKH2Q3n$c7e82b8c14f16de4f56084e3727a053e9f54dd04451292161ed48ab9545c57e8'
const table = new Map([['test', { username: 'test', subject: 'test', passwordHash: process.env.HASH ?? hash }]])
const users = passwordLogin({
  find: (name) => table.get(name),
  upgrade: (user, passwordHash) => void table.set(user.username, { ...user, passwordHash }),
})

const url = 'https://api.acme.com'
const own = localIssuer({ issuer: url, audience: url, store: sqliteStore(process.env.STORE ?? 'auth.db') }) // JWTManager(app)
const signedIn = policy({ accept: bearer(own) }) // optional=True: mode: 'optional'; fresh=True: maxAge: 300

const app = express()
// On Express 4 an async handler must pass its rejection on: (req, res, next) => login(req, res).catch(next).
app.post('/login', express.json(), async (req, res) => {
  res.set('cache-control', 'no-store') // as RFC 6749 section 5.1 asks
  res.json(await own.issue(await users.require(req.body))) // create_access_token, create_refresh_token
})
app.get('/protected', protect(signedIn), (req, res) => {
  res.json({ logged_in_as: signedIn.principal(req).subject }) // get_jwt_identity
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
