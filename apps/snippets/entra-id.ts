// An API whose callers come from Microsoft Entra ID: people with a scope, other applications with a role.
// npm i @countersign/express @countersign/policy @countersign/tokens
import { problems, protect } from '@countersign/express'
import { bearer, policy } from '@countersign/policy'
import { entraId } from '@countersign/tokens/profiles'
import express from 'express'

const clientId = process.env.CLIENT_ID ?? '6e74172b-be56-4843-9ff4-e66a39bb12e3'
const tenant = process.env.TENANT ?? '72f988bf-86f1-41af-91ab-2d7cd011db47'

const acme = entraId({ tenant, audience: [clientId, `api://${clientId}`] })
const readOrders = policy({
  accept: bearer(acme),
  allow: { anyOf: [{ scope: 'Orders.Read' }, { role: 'Orders.Read.All' }] },
})

const app = express()
app.get('/orders', protect(readOrders), (req, res) => {
  res.json({ orders: [], readBy: readOrders.principal(req).subject })
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
