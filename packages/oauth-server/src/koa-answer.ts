import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Answer, Headers } from '@countersign/http'

/** A request as oidc-provider is to see it. Host and scheme are the issuer's, whatever the client or a proxy said. */
export interface Sent {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** The pair that oidc-provider works on. No framework and no body parser has seen it. */
export interface Pair {
  readonly request: IncomingMessage
  readonly response: CollectedResponse
}

/** A response that goes nowhere: what is written is kept. */
export class CollectedResponse extends ServerResponse {
  readonly chunks: Buffer[] = []
  override write(chunk: unknown): boolean {
    this.chunks.push(bytesOf(chunk))
    return true
  }
  override end(chunk?: unknown): this {
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') this.chunks.push(bytesOf(chunk))
    return this
  }
}

const bytesOf = (chunk: unknown): Buffer =>
  typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk as Uint8Array)

export function pairOf({ method, target, headers, body }: Sent, origin: URL): Pair {
  const socket = new Socket()
  Object.defineProperty(socket, 'encrypted', { value: origin.protocol === 'https:' })
  const request = new IncomingMessage(socket)
  request.method = method
  request.url = target
  const length = method === 'POST' ? { 'content-length': `${body.length}` } : {}
  const all = { ...headers, ...length, host: origin.host }
  request.headers = all
  request.rawHeaders = Object.entries(all).flat()
  if (body.length > 0) request.push(body)
  request.push(null)
  return { request, response: new CollectedResponse(request) }
}

const HOP = ['connection', 'keep-alive', 'transfer-encoding', 'content-length']

/** What came of it, as an answer that any host can send. */
export function answerOf({ response }: Pair): Answer {
  // The text under a redirect would repeat what its location holds, a code at times.
  const isRedirect = response.hasHeader('location')
  const body = isRedirect ? Buffer.alloc(0) : Buffer.concat(response.chunks)
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(response.getHeaders()))
    if (value !== undefined && !HOP.includes(name) && !(isRedirect && name === 'content-type'))
      headers[name] = Array.isArray(value) ? value : `${value}`
  if (response.statusCode !== 204 && response.statusCode !== 304) headers['content-length'] = `${body.length}`
  return { status: response.statusCode, headers: headers satisfies Headers, body }
}
