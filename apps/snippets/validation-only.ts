// Validation and nothing else.
// npm i @countersign/express @countersign/schema
import { problems, validate } from '@countersign/express'
import { defineSchema } from '@countersign/schema'
import express from 'express'

const NewOrder = defineSchema({
  type: 'object',
  properties: { sku: { type: 'string' } },
  required: ['sku'],
  additionalProperties: false,
})

const app = express()
app.post('/orders', express.json(), validate({ body: NewOrder }), (req, res) => {
  res.json({ ordered: req.body.sku.toUpperCase() })
})
app.use(problems()) // 404, malformed JSON, 413, 415 as problem details
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
