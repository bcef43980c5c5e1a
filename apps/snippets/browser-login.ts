// A browser application: tokens in cookies that its scripts cannot read, guarded against requests of other sites.
// npm i @countersign/express @countersign/policy @countersign/tokens @countersign/cookies @countersign/passwords @countersign/store
import { randomBytes } from 'node:crypto'
import { browserCookies } from '@countersign/cookies'
import { problems, protect } from '@countersign/express'
import { hashPassword, passwordLogin } from '@countersign/passwords'
import { bearer, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'

const port = Number(process.env.PORT ?? 3000)
const origin = process.env.ORIGIN ?? `http://localhost:${port}` // in production https://app.acme.com
const ada = { subject: 'ada', passwordHash: await hashPassword('correct horse battery') }
const users = passwordLogin({ find: (name) => (name === 'ada' ? ada : undefined) })

const own = localIssuer({ issuer: origin, audience: origin, store: sqliteStore(process.env.STORE ?? 'auth.db') })
const cookies = browserCookies({ origin, secret: randomBytes(32) }) // of several processes: one secret for all
const signedIn = policy({ accept: bearer(own, { cookie: cookies }) })

const app = express()
app.post('/login', express.json(), async (req, res) => {
  res.setHeader('set-cookie', cookies.set(await own.issue(await users.require(req.body)))).sendStatus(204)
})
app.post('/refresh', async (req, res) => {
  res.setHeader('set-cookie', cookies.set(await own.refresh(cookies.refreshToken(req)))).sendStatus(204)
})
app.post('/logout', protect(signedIn), async (req, res) => {
  await own.revoke(signedIn.principal(req))
  res.setHeader('set-cookie', cookies.clear()).sendStatus(204)
})
app.get('/me', protect(signedIn), (req, res) => res.json({ subject: signedIn.principal(req).subject }))
app.get('/', (_req, res) => res.type('html').send(PAGE))
app.use(problems())
app.listen(port, '127.0.0.1')

// The page sends back what it reads from the cookie `__Host-csrf`.
const PAGE = `<!doctype html><title>app</title><script>
const csrf = () => document.cookie.match(/(?:^|; )__Host-csrf=([^;]*)/)?.[1] ?? ''
const post = (path, body) => fetch(path, {
  method: 'POST',
  headers: { 'x-csrf-token': csrf(), ...(body && { 'content-type': 'application/json' }) },
  body: body && JSON.stringify(body),
}).then(({ status }) => status)
</script>`
