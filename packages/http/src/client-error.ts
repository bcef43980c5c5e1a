import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Answer, problem } from './answer.ts'
import { type AuthError, authError } from './error.ts'

const MALFORMED = authError('invalid_request', 'http.malformed')
const BY_CODE: Readonly<Record<string, AuthError>> = {
  HPE_HEADER_OVERFLOW: authError('headers_too_large', 'http.headers'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: authError('content_too_large', 'http.chunk-extensions'),
  ERR_HTTP_REQUEST_TIMEOUT: authError('request_timeout', 'http.timeout'),
}

/**
 * Answers what fails below any framework (400, 408, 431) with the same problem details as everything else.
 * Use it as `server.on('clientError', answerClientError)`; Fastify takes it as its `clientErrorHandler`.
 */
export function answerClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  // Once an answer has begun, more bytes would be read as a part of it.
  const { _httpMessage: begun } = socket as { _httpMessage?: { headersSent?: boolean } }
  if (error.code === 'ECONNRESET' || !socket.writable || begun?.headersSent) return void socket.destroy()
  const answer = problem(BY_CODE[error.code ?? ''] ?? MALFORMED)
  socket.end(wire(answer))
  // Whoever does not hang up now is hung up on; at once, and the answer could be lost in the reset.
  setTimeout(() => socket.destroy(), 1000).unref()
}

function wire(answer: Answer): Uint8Array {
  const lines = Object.entries({ ...answer.headers, date: new Date().toUTCString(), connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const reason = STATUS_CODES[answer.status]
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${answer.status} ${reason}\r\n${head}\r\n`), answer.body])
}
