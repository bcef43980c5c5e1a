import type { Readable } from 'node:stream'
import { isRefused } from './answer.ts'
import { type AuthError, authError } from './error.ts'
import { headerLines, type Message, messageOf, type RequestView } from './request.ts'

const MEDIA_TYPE = authError('unsupported_media_type', 'body.media-type')
const CODING = authError('unsupported_media_type', 'body.content-encoding')
const TOO_LARGE = authError('content_too_large', 'body.length')
export const MISSING: AuthError = authError('invalid_request', 'body.missing', { detail: 'This needs a body.' })
const BROKEN = authError('invalid_request', 'body.broken', { detail: 'The body broke off.' })
const TAKEN = authError('server_error', 'body.taken')

/** Bytes that a body may have unless told otherwise: 100 KiB. */
export const BODY_LIMIT = 102_400

const PARAMETERS = /^(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*$/i

/**
 * Reads a request's body: the bytes, or why not. In this order: 415 for another media type, a charset other than
 * UTF-8, a doubled Content-Type or any Content-Encoding; 413 over `limit` bytes, without reading on; 400 for no body. Where
 * something ahead refused the stream (`Refused`), it is that error.
 * `types` are media types in lower case, without parameters.
 */
export async function readBody(
  request: RequestView,
  options: { readonly types: readonly string[]; readonly limit: number },
): Promise<Uint8Array | AuthError> {
  const message = messageOf(request)
  const length = headerLines(message, 'content-length')[0]
  const hasBody = headerLines(message, 'transfer-encoding').length > 0 || (length !== undefined && length !== '0')
  const contentTypes = headerLines(message, 'content-type')
  if (contentTypes.length === 0 && !hasBody) return MISSING
  if (contentTypes.length !== 1 || !isOneOf(contentTypes[0] as string, options.types)) return MEDIA_TYPE
  if (headerLines(message, 'content-encoding').length > 0 || !isPlain(message)) return CODING
  if (!hasBody) return MISSING
  if (length !== undefined && Number(length) > options.limit) return TOO_LARGE
  return collect(message as unknown as Readable, options.limit)
}

/** No transfer coding but chunked: node takes off that one alone. */
function isPlain(message: Message): boolean {
  return headerLines(message, 'transfer-encoding').every((line) => line.trim().toLowerCase() === 'chunked')
}

function isOneOf(contentType: string, types: readonly string[]): boolean {
  const lower = contentType.toLowerCase()
  return types.some((type) => lower.startsWith(type) && PARAMETERS.test(lower.slice(type.length)))
}

function collect(stream: Readable, limit: number): Promise<Uint8Array | AuthError> {
  return new Promise((resolve) => {
    if (stream.readableDidRead) return resolve(TAKEN) // what is left of it must not pass for the whole
    if (stream.destroyed) return resolve(BROKEN)
    const chunks: Uint8Array[] = []
    let size = 0
    const settle = (result: Uint8Array | AuthError) => {
      stream.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
      resolve(result)
    }
    const onData = (chunk: Uint8Array) => {
      size += chunk.length
      if (size > limit) {
        settle(TOO_LARGE) // the stream flows on: what still comes is thrown away, not kept
      } else chunks.push(chunk)
    }
    const onEnd = () => settle(size === 0 ? MISSING : Buffer.concat(chunks, size))
    // Whoever looks at a body as it goes by may refuse it: a signature that does not fit.
    const onBroken = (why?: unknown) => settle(isRefused(why) ? why.error : BROKEN)
    stream.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  })
}
