// Tokens that only their owner can use: a login that binds them to the client's key (DPoP), and a route that asks for it.
// npm i @countersign/express @countersign/policy @countersign/tokens @countersign/bound-tokens @countersign/store
import { dpop, dpopKey } from '@countersign/bound-tokens'
import { problems, protect } from '@countersign/express'
import { policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'

const origin = 'https://api.acme.com' // what clients call you: never taken from a header
const store = sqliteStore(process.env.STORE ?? 'auth.db')
const own = localIssuer({ issuer: origin, audience: origin, store })
const caller = policy({ accept: dpop(own, { origin, replay: store }) })
const keyOf = dpopKey({ origin, replay: store })

const app = express()
app.post('/login', async (req, res) => {
  // Check the password here. The client shows a proof of its key, for this route; the tokens are bound to that key.
  res.json(await own.issue({ subject: 'ada' }, { jkt: await keyOf(req) }))
})
app.post('/refresh', express.json(), async (req, res) => {
  res.json(await own.refresh(req.body.refresh_token, { jkt: await keyOf(req) }))
})
app.get('/me', protect(caller), (req, res) => {
  res.json({ subject: caller.principal(req).subject })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
