import type { IncomingMessage } from 'node:http'
import { type AuthError, authError, headerLines } from '@countersign/http'

const HOST = authError('invalid_request', 'head.host', { expected: 'one Host (RFC 9112 section 3.2)' })
const BODY = authError('invalid_request', 'head.body', {
  detail: 'A GET or HEAD with a body does not go on.',
  expected: 'no body',
})

/** One `Host`, which HTTP/1.0 alone may leave out (RFC 9112 section 3.2). */
export function hostFault(message: IncomingMessage): AuthError | undefined {
  const { length } = headerLines(message, 'host')
  return length === 1 || (length === 0 && message.httpVersion === '1.0') ? undefined : HOST
}

/** What a `GET` or `HEAD` brings as a body has no meaning (RFC 9110 section 9.3.1): it is refused rather than lost on the way. */
export function bodyFault(message: IncomingMessage): AuthError | undefined {
  if (message.method !== 'GET' && message.method !== 'HEAD') return undefined
  const { 'content-length': length = '0', 'transfer-encoding': coding } = message.headers
  return Number(length) === 0 && coding === undefined ? undefined : BODY
}
