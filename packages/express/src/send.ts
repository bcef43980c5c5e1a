import type { ServerResponse } from 'node:http'
import type { Answer } from '@countersign/http'

/** Bytes as they are: `res.set` would add a charset, `res.send` an ETag. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body)
}
