import type { Answer, Headers } from '@countersign/http'

/** What is used of a `FastifyReply`: the same for every app, whatever its type parameters. */
export interface Reply {
  code(status: number): Reply
  headers(values: Headers): Reply
  send(payload?: unknown): unknown
}

/** Bytes as they are: Fastify adds a charset to strings, nothing to bytes. */
export function send(reply: Reply, { status, headers, body }: Answer): void {
  reply.code(status).headers(headers).send(body)
}
