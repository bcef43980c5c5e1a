// Countersign on Fastify 5, README of http-signatures.
import { problems, protect } from '@countersign/fastify'
import { json } from '@countersign/http'
import Fastify from 'fastify'
import { listenFastify, type Start } from './peer.ts'
import { signatures } from './signatures.ts'

interface Body {
  Body: { title: string }
}

export const start: Start = (settings) => {
  const { once, ...both } = signatures(settings)
  const app = Fastify()
  app.register(problems)
  for (const [url, policy] of [
    ['/hmac', both.hmac.policy],
    ['/ed25519', both.ed25519.policy],
    ['/once', once],
  ] as const)
    app.post<Body>(url, { onRequest: protect(policy) }, async ({ body }) => ({ title: body.title }))
  for (const [name, { policy, sign }] of Object.entries(both))
    app.post<Body>(`/${name}/answer`, { onRequest: protect(policy) }, async (request, reply) => {
      const { status, headers, body } = sign(json(200, { title: request.body.title }), request)
      return reply.code(status).headers(headers).send(body)
    })
  return listenFastify(app)
}
