import { type Answer, type Headers, Refused } from '@countersign/http'
import { headersBesideBody, type Verdict } from '@countersign/policy'

/** What is used of a `FastifyReply`: the same for every app, whatever its type parameters. */
export interface Reply {
  readonly raw: { setHeader(name: string, value: string | string[]): unknown }
  code(status: number): Reply
  headers(values: Headers): Reply
  send(payload?: unknown): unknown
}

/** Bytes as they are: Fastify adds a charset to strings, nothing to bytes. To none it would add a media type. */
export function send(reply: Reply, { status, headers, body }: Answer): void {
  const bytes = body.length > 0 ? body : undefined
  reply.code(status).headers(headers).send(bytes)
}

/** Lets pass what may, and sends or throws the refusal of what may not. */
export function conclude(verdict: Verdict, reply: Reply, done: (error?: Error) => void, throws: boolean): void {
  if (verdict === undefined) done()
  else if (verdict.status !== undefined && !throws) send(reply, verdict)
  else if (verdict.status === undefined) {
    reply.headers(headersBesideBody(verdict))
    done()
  } else {
    // Not by `reply.headers`: what the handler then sets would stand beside it, where it is a Set-Cookie.
    for (const [name, value] of Object.entries(headersBesideBody(verdict))) reply.raw.setHeader(name, value)
    done(new Refused(verdict))
  }
}
