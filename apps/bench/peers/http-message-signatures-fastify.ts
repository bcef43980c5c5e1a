// http-message-signatures on Fastify 5: a parser that gets the bytes keeps them for the digest.
import Fastify, { type FastifyRequest } from 'fastify'
import { SIGNATURES, type SignatureName } from '../signed-request.ts'
import { messageSignatures } from './message-signatures.ts'
import { listenFastify, type Start } from './peer.ts'

interface Body {
  Body: { title: string }
}

export const start: Start = (settings) => {
  const app = Fastify()
  const bytes = new WeakMap<object, Buffer>()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    bytes.set(request, body)
    return JSON.parse(body.toString())
  })
  for (const name of Object.keys(SIGNATURES) as SignatureName[]) {
    const { isGood, signed } = messageSignatures(name, settings)
    const isRight = (request: FastifyRequest) => isGood(request, bytes.get(request) ?? Buffer.alloc(0))
    app.post<Body>(`/${name}`, async (request, reply) => {
      if (!(await isRight(request))) return reply.code(401).send({ error: 'no good signature' })
      return { title: request.body.title }
    })
    app.post<Body>(`/${name}/answer`, async (request, reply) => {
      if (!(await isRight(request))) return reply.code(401).send({ error: 'no good signature' })
      const body = JSON.stringify({ title: request.body.title })
      return reply.headers(await signed(body, request)).send(body)
    })
  }
  return listenFastify(app)
}
