import type { Answer } from '@countersign/http'
import type { FastifyReply } from 'fastify'

/** Bytes as they are: Fastify adds a charset to strings, nothing to bytes. */
export function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
