// Countersign on Express 5, README of http-signatures.
import { problems, protect } from '@countersign/express'
import { json } from '@countersign/http'
import express from 'express'
import { listen, type Start } from './peer.ts'
import { signatures } from './signatures.ts'

export const start: Start = (settings) => {
  const { once, ...both } = signatures(settings)
  const app = express()
  for (const [path, policy] of [
    ['/hmac', both.hmac.policy],
    ['/ed25519', both.ed25519.policy],
    ['/once', once],
  ] as const)
    app.post(path, protect(policy), express.json(), (request, response) => {
      response.json({ title: request.body.title })
    })
  for (const [name, { policy, sign }] of Object.entries(both))
    app.post(`/${name}/answer`, protect(policy), express.json(), (request, response) => {
      const { status, headers, body } = sign(json(200, { title: request.body.title }), request)
      response.writeHead(status, headers).end(body)
    })
  app.use(problems())
  return listen(app)
}
