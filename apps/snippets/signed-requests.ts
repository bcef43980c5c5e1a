// Requests that partners sign (RFC 9421), bodies included, and answers that you sign.
// npm i @countersign/express @countersign/policy @countersign/http-signatures @countersign/store
import { createPublicKey } from 'node:crypto'
import { problems, protect } from '@countersign/express'
import { json } from '@countersign/http'
import { httpSignature, signAnswers } from '@countersign/http-signatures'
import { policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import express from 'express'

const origin = 'https://api.acme.com' // what clients call you: never taken from Host
const key = createPublicKey(process.env.PARTNER_KEY ?? '')
const keys = { 'partner-1': { algorithm: 'ed25519', key, subject: 'partner', scopes: ['orders:write'] } } as const
const replay = sqliteStore(process.env.STORE ?? 'auth.db') // a signature counts once

const partner = policy({ accept: httpSignature({ origin, keys, replay }), scopes: ['orders:write'] })

const app = express()
app.post('/orders', protect(partner), express.json(), (req, res) => {
  res.status(201).json({ sku: req.body.sku, by: partner.principal(req).subject })
})

const sign = signAnswers({ origin, keyid: 'acme', algorithm: 'hmac-sha256', key: process.env.ANSWER_SECRET ?? '' })
app.get('/orders/:id', protect(partner), (req, res) => {
  const { status, headers, body } = sign(json(200, { id: req.params.id }), req)
  res.writeHead(status, headers).end(body)
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
