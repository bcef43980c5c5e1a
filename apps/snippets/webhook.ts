// Webhooks that are signed as Standard Webhooks says.
// npm i @countersign/express @countersign/policy @countersign/http-signatures @countersign/store
import { problems, protect } from '@countersign/express'
import { webhook } from '@countersign/http-signatures'
import { policy } from '@countersign/policy'
import { sqliteStore } from '@countersign/store'
import express from 'express'

const secrets = [process.env.WEBHOOK_SECRET ?? ''] // whsec_…; two while one takes the place of the other
const replay = sqliteStore(process.env.STORE ?? 'auth.db')
const shop = policy({ accept: webhook({ subject: 'shop', secrets, replay }) })

const done = new Set<string | undefined>() // in your database, with the work
const app = express()
app.post('/hooks', protect(shop), express.json(), (req, res) => {
  const { id } = shop.principal(req).credential ?? {} // the same when it is sent again
  if (!done.has(id)) console.log('to do:', req.body.type)
  done.add(id)
  res.status(204).end()
})
app.use(problems())
app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
