// Handlers in files of their own, behind `validate`: what they read is typed by the same schemas.
// npm i express @countersign/express @countersign/schema
import { problems, type Validated, validate } from '@countersign/express'
import { defineSchema } from '@countersign/schema'
import express, { type Request, type Response } from 'express'

// orders.ts: the input and its handler stand together.
const Order = defineSchema({ type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] })
const Id = defineSchema({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] })
const Page = defineSchema({ type: 'object', properties: { dry: { type: 'boolean' } } })
const input = { params: Id, query: Page, body: Order }

type Input = Validated<typeof input>
type OrderRequest = Request<Input['params'], unknown, Input['body'], Input['query']>

async function putOrder(req: OrderRequest, res: Response): Promise<void> {
  res.json({ id: req.params.id + 1, sku: req.body.sku.toUpperCase(), dry: req.query.dry ?? false })
}

// app.ts
const app = express()
app.put('/orders/:id', validate(input), putOrder)
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
