import type { Answer } from '@countersign/http'
import type { Response } from 'express'

/** Bytes as they are: `res.set` would add a charset, `res.send` an ETag. */
export function send(response: Response, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body)
}
