import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Attack } from './attack.ts'

const TIMEOUT = 10_000

/**
 * Sends one attack to a server, over a socket of its own, its path as it stands (`fetch` would tidy it). Returns the status
 * and the headers; rejects when no answer comes within 10 s.
 */
export function sendAttack(
  origin: string | URL,
  { request }: Pick<Attack, 'request'>,
): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, string | string[] | undefined>> }> {
  const { protocol, hostname, port } = new URL(origin)
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => [name, one]),
  )
  const send = protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const sent = send(
      {
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        method: request.method,
        path: request.url,
        headers: ['Host', new URL(origin).host, ...headers, ...lengthOf(request.payload)] as never,
        agent: false,
        signal: AbortSignal.timeout(TIMEOUT),
      },
      (answer) => {
        answer.resume()
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }))
        answer.once('error', reject)
      },
    )
    sent.once('error', reject)
    sent.end(request.payload)
  })
}

function lengthOf(payload: string | undefined): readonly string[] {
  return payload === undefined ? [] : ['Content-Length', `${Buffer.byteLength(payload)}`]
}
