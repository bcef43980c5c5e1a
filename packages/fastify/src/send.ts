import type { Answer, Headers } from '@countersign/http'

/** What is used of a `FastifyReply`: the same for every app, whatever its type parameters. */
export interface Reply {
  code(status: number): Reply
  headers(values: Headers): Reply
  send(payload?: unknown): unknown
}

/** Bytes as they are: Fastify adds a charset to strings, nothing to bytes. To none it would add a media type. */
export function send(reply: Reply, { status, headers, body }: Answer): void {
  const bytes = body.length > 0 ? body : undefined
  reply.code(status).headers(headers).send(bytes)
}
