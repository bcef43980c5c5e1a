// A service that only the gateway can call for somebody.
// npm i @countersign/express @countersign/gateway @countersign/policy express
import { problems, protect } from '@countersign/express'
import { forwarded } from '@countersign/gateway'
import { policy } from '@countersign/policy'
import express from 'express'

const jwksUri = process.env.GATEWAY_KEYS ?? 'https://gateway.acme.internal/.well-known/jwks.json'
const caller = policy({ accept: forwarded({ issuer: 'https://acme.com', audience: 'orders', jwksUri }) })

const app = express()
app.get('/orders', protect(caller), (req, res) => {
  const { subject, scopes, scheme } = caller.principal(req)
  res.json({ subject, scopes, scheme })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 4000), '127.0.0.1')
