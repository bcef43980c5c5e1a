// Random 32-character keys that customers hold already: a verifier of one's own in place of `apiKeys(…)`.
// npm i @countersign/express @countersign/policy
import { hash } from 'node:crypto'
import { problems, protect } from '@countersign/express'
import { apiKey, policy } from '@countersign/policy'
import express from 'express'

/** SHA-256 of each key → its customer: a table of your database. Made once, from the keys that exist. */
const customers = new Map([
  ['l7hocwnlx2P9mqIH4t6VdKlM3tQ88NiMT6ySoH_2pFQ', { subject: 'customer-42', scopes: ['orders:read'], plan: 'pro' }],
])

function existingKey({ key }: { readonly key: string }) {
  if (!/^[0-9A-Za-z]{32}$/.test(key)) return undefined // no look-up for what can't be one
  return customers.get(hash('sha256', key, 'base64url')) // undefined: 401 invalid_token
}
const partners = policy({ accept: apiKey(existingKey), scopes: ['orders:read'] })

const app = express()
app.get('/orders', protect(partners), (req, res) => {
  const { subject, plan } = partners.principal(req)
  res.json({ orders: [], of: subject, plan })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
