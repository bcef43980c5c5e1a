// http-message-signatures on Express 5: `express.json({ verify })` keeps the bytes for the digest.
import express, { type Request } from 'express'
import { SIGNATURES, type SignatureName } from '../signed-request.ts'
import { messageSignatures } from './message-signatures.ts'
import { listen, type Start } from './peer.ts'

export const start: Start = (settings) => {
  const app = express()
  const bytes = new WeakMap<object, Buffer>()
  app.use(express.json({ verify: (request, _response, body) => void bytes.set(request, body) }))
  for (const name of Object.keys(SIGNATURES) as SignatureName[]) {
    const { isGood, signed } = messageSignatures(name, settings)
    const isRight = (request: Request) => isGood(request, bytes.get(request) ?? Buffer.alloc(0))
    app.post(`/${name}`, async (request, response) => {
      if (!(await isRight(request))) return void response.status(401).json({ error: 'no good signature' })
      response.json({ title: request.body.title })
    })
    app.post(`/${name}/answer`, async (request, response) => {
      if (!(await isRight(request))) return void response.status(401).json({ error: 'no good signature' })
      const body = JSON.stringify({ title: request.body.title })
      response.writeHead(200, { ...(await signed(body, request)), 'content-length': Buffer.byteLength(body) }).end(body)
    })
  }
  return listen(app)
}
