import type { IncomingHttpHeaders } from 'node:http'
import { HOP_BY_HOP } from '@countersign/gateway'

/**
 * The headers of an answer of a service that the client gets: none for one connection alone, none that `Connection` names (RFC 9110
 * section 7.6.1), and no `X-Request-Id`: the gateway's stands. What the body is and how long is not for `Connection` to name.
 */
export function answerHeaders<H extends IncomingHttpHeaders>({ ...headers }: H): H {
  const named = [headers.connection ?? []].flat().flatMap((line) => line.toLowerCase().split(','))
  for (const name of named.map((one) => one.trim())) if (!name.startsWith('content-')) delete headers[name]
  for (const name of [...HOP_BY_HOP, 'x-request-id']) delete headers[name]
  return headers as H
}
