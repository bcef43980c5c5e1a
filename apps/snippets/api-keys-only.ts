// API keys and nothing else.
// npm i @countersign/express @countersign/policy @countersign/api-keys @countersign/store
import { apiKeys } from '@countersign/api-keys'
import { problems, protect } from '@countersign/express'
import { apiKey, policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import express from 'express'

const keys = apiKeys({ prefix: 'acme', store: sqliteStore(process.env.STORE ?? 'keys.db') })
const partners = policy({ accept: apiKey(keys), scopes: ['orders:read'] })

const app = express()
app.get('/orders', protect(partners), (req, res) => {
  res.json({ orders: [], of: partners.principal(req).subject })
})
app.use(problems())

const { id, key } = await keys.create({ subject: 'customer-42', scopes: ['orders:read'] })
console.log(`key ${id}, shown once: ${key}`)
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
