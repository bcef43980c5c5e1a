// Pages: whoever is not signed in is sent to sign in, and comes back. One of them calls an API in the name of whoever signed in.
// npm i @countersign/express @countersign/policy @countersign/oauth-client @countersign/store
import { isRefused, mount, problems, protect } from '@countersign/express'
import { oauthClient, storeSession } from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import express, { type ErrorRequestHandler } from 'express'

const { ISSUER = '', CLIENT_ID = '', CLIENT_SECRET = '', SECRET = '', ORIGIN = 'http://localhost:3000' } = process.env
const api = process.env.API ?? 'https://api.acme.com'

const login = oauthClient({
  provider: { issuer: ISSUER },
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  redirectUri: `${ORIGIN}/callback`,
  scopes: ['openid', 'profile', 'read'],
  offline: true, // a refresh token too
  session: storeSession({ store: sqliteStore(process.env.STORE ?? 'sessions.db'), secret: SECRET }),
})
const signedIn = policy({ accept: login.session })
const app = express()
app.use(mount(login.endpoints))

app.get('/', (_req, res) => res.type('html').send(FRONT)) // for everybody

const pages = express.Router()
pages.use(protect(signedIn, { refusals: 'throw' })) // every page of this router
pages.get('/orders', async (req, res) => {
  const ask = (token: string) => fetch(`${api}/orders`, { headers: { authorization: `Bearer ${token}` } })
  const { accessToken } = await login.tokens(req)
  let orders = await ask(accessToken)
  if (orders.status === 401) orders = await ask((await login.tokens(req, { instead: accessToken })).accessToken)
  res
    .status(orders.status)
    .type('text')
    .send(await orders.text())
})
app.use(pages)

const toSignIn: ErrorRequestHandler = (error, req, res, next) => {
  const isPage = req.method === 'GET' && isRefused(error) && error.status === 401
  isPage ? res.redirect(303, login.loginPath(req)) : next(error)
}
app.use(toSignIn)
app.use(problems()) // whatever else: 403, 503, bugs
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')

const FRONT = `<!doctype html><title>app</title>
<a href="/orders">orders</a>
<form method="post" action="/logout"><button>sign out</button></form>`
