import type { Readable } from 'node:stream'
import {
  type AuthError,
  authError,
  headerLines,
  isAuthError,
  messageOf,
  type RequestView,
  readBody,
} from '@countersign/http'
import type { Place } from './paths.ts'

/** A request with its body, unread or taken by the app's own parser. */
export type Incoming = RequestView & { readonly body?: unknown }

/** What oidc-provider may read. What is missing here (`Host`, `X-Forwarded-…`) it never sees. */
const HEADERS = [
  'authorization',
  'content-type',
  'cookie',
  'accept-language',
  'origin',
  'dpop',
  'user-agent',
  'access-control-request-method',
  'access-control-request-headers',
]
/** Those that must not come twice: which one counts would be a guess. */
const SINGLE = ['authorization', 'content-type', 'dpop', 'origin']
const BODY = ['content-type', 'content-length', 'transfer-encoding']
const TWICE = authError('invalid_request', 'oauth.header', { detail: 'A header field must not come twice.' })
const SHAPE = authError('invalid_request', 'oauth.body', { detail: 'The body must be a form of plain values.' })
/** As much as oidc-provider itself takes. */
const LIMIT = 56 * 1024
const TYPES = { form: ['application/x-www-form-urlencoded'], json: ['application/json'] }

/** The headers that count, or why not. */
export function headersOf(request: Incoming): Readonly<Record<string, string>> | AuthError {
  const message = messageOf(request)
  const found: Record<string, string> = {}
  for (const name of HEADERS) {
    const lines = headerLines(message, name)
    if (lines.length > 1 && SINGLE.includes(name)) return TWICE
    if (lines.length > 0) found[name] = lines.join(name === 'cookie' ? '; ' : ', ')
  }
  return found
}

/** The body as bytes. What the app's own parser took is put together again. */
export async function bodyOf(request: Incoming, kind: NonNullable<Place['body']>): Promise<Uint8Array | AuthError> {
  const message = messageOf(request)
  // None at all: what is missing is then said of its members.
  if (BODY.every((name) => headerLines(message, name).every((line) => line === '0'))) return new Uint8Array(0)
  const isTaken = (message as unknown as Readable).readableDidRead === true
  if (!isTaken || request.body === undefined || request.body === null)
    return readBody(request, { types: TYPES[kind], limit: LIMIT })
  const [type = ''] = headerLines(message, 'content-type')
  if (type.split(';')[0]?.trim().toLowerCase() !== TYPES[kind][0])
    return authError('unsupported_media_type', 'body.media-type')
  const bytes =
    kind === 'json' && !isBytes(request.body) ? Buffer.from(JSON.stringify(request.body)) : formOf(request.body)
  if (isAuthError(bytes)) return bytes
  return bytes.length > LIMIT ? authError('content_too_large', 'body.length') : bytes
}

const isBytes = (body: unknown): body is string | Uint8Array => typeof body === 'string' || body instanceof Uint8Array

function formOf(body: unknown): Uint8Array | AuthError {
  if (isBytes(body)) return Buffer.from(body as string)
  if (typeof body !== 'object') return SHAPE
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body as object))
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string') return SHAPE
      form.append(name, one)
    }
  return Buffer.from(form.toString())
}
