import { STATUS_CODES } from 'node:http'
import { type AuthError, authError, isUnavailable, STATUS, type Unavailable } from './error.ts'

/** Header fields of an answer, names in lower case. An array is several lines, in order. */
export type Headers = Readonly<Record<string, string | string[]>>

/** What goes on the wire: bytes, with their length. Frameworks add a charset or an ETag to strings, nothing to bytes. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** An answer that says no, with the error it says no for. */
export interface Refusal extends Answer {
  readonly error: AuthError
}

const encoder = new TextEncoder()
const EMPTY = new Uint8Array(0)

/** An answer with a JSON body. Answers that hold a token or a key pass `{ 'cache-control': 'no-store' }`. */
export function json(status: number, value: unknown, headers?: Headers): Answer {
  const body = encoder.encode(JSON.stringify(value))
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': `${body.length}`, ...headers },
    body,
  }
}

/** An answer with no body: 204 and the like. */
export function empty(status: number, headers: Headers = {}): Answer {
  return { status, headers, body: EMPTY }
}

/**
 * The refusal for an error: RFC 9457 problem details with `code`, never cached. `challenges` become
 * `WWW-Authenticate` lines, in order (RFC 9110 section 11.6.1).
 */
export function problem(error: AuthError, challenges: readonly string[] = []): Refusal {
  const status = STATUS[error.code]
  const body = encoder.encode(
    JSON.stringify({
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      detail: error.detail,
      code: error.code,
      ...(error.issues && { errors: error.issues.map(({ pointer, detail }) => ({ pointer, detail })) }),
    }),
  )
  const headers: Record<string, string | string[]> = {
    'content-type': 'application/problem+json',
    'content-length': `${body.length}`,
    'cache-control': 'no-store',
    ...error.headers,
  }
  if (challenges.length > 0)
    headers['www-authenticate'] = challenges.length === 1 ? (challenges[0] as string) : [...challenges]
  return Object.freeze({ status, headers: Object.freeze(headers), body, error })
}

/**
 * Throw it in a handler, hook or login: the adapters' `problems` answers with it. Carries `status`, `statusCode`,
 * `headers` and `body`, so that a house error handler can answer in its own format. Captures no stack.
 */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly '~refused' = true
  readonly code: string
  readonly status: number
  readonly statusCode: number
  readonly expose = true
  declare readonly headers: Headers
  declare readonly body: Uint8Array
  declare readonly error: AuthError
  declare readonly refusal: Refusal
  constructor(why: AuthError | Refusal) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super('error' in why ? why.error.detail : why.detail)
    Error.stackTraceLimit = limit
    const refusal = 'error' in why ? why : problem(why)
    this.code = refusal.error.code
    this.status = refusal.status
    this.statusCode = refusal.status
    // Not enumerable: a logger that prints the error shows its message and code, not its bytes.
    for (const [key, value] of Object.entries({
      headers: refusal.headers,
      body: refusal.body,
      error: refusal.error,
      refusal,
    })) {
      Object.defineProperty(this, key, { value })
    }
  }
}

/** True for a `Refused`, from whichever copy of this package. */
export function isRefused(error: unknown): error is Refused {
  return typeof error === 'object' && error !== null && (error as { '~refused'?: unknown })['~refused'] === true
}

/** The error value for an `Unavailable`: 503 with `Retry-After`. */
export function unavailableError(error: Unavailable): AuthError {
  return authError('temporarily_unavailable', 'unavailable', {
    headers: { 'retry-after': `${error.retryAfter}` },
    got: causeOf(error),
  })
}

/** What is down, and why, for the developer: "the key source of X does not answer: ECONNREFUSED". */
function causeOf({ message, cause }: Unavailable): string {
  const { code, message: why } = (cause ?? {}) as { code?: unknown; message?: unknown }
  const known = typeof code === 'string' ? code : why
  return typeof known === 'string' ? `${message}: ${known.slice(0, 100)}` : message
}

const BY_STATUS: Readonly<Record<number, AuthError>> = Object.freeze({
  400: authError('invalid_request', 'framework.400'),
  401: authError('unauthenticated', 'framework.401'),
  403: authError('access_denied', 'framework.403'),
  404: authError('not_found', 'framework.404'),
  405: authError('method_not_allowed', 'framework.405'),
  408: authError('request_timeout', 'framework.408'),
  409: authError('conflict', 'framework.409'),
  413: authError('content_too_large', 'framework.413'),
  415: authError('unsupported_media_type', 'framework.415'),
  429: authError('too_many_requests', 'framework.429'),
  431: authError('headers_too_large', 'framework.431'),
})
const BUG = authError('server_error', 'bug')

/**
 * The error value behind anything thrown: a `Refused`, an `Unavailable`, or a 4xx that a framework or its body parser
 * means for the client (`expose`, a code `FST_…`, a URIError); of those, what is not in the table of codes is
 * `invalid_request`. Whatever else is a bug and says nothing of itself, the status of an upstream's answer included.
 */
export function errorOf(thrown: unknown): AuthError {
  if (isRefused(thrown)) return thrown.error
  if (isUnavailable(thrown)) return unavailableError(thrown)
  if (typeof thrown !== 'object' || thrown === null || !isForClient(thrown)) return BUG
  const { status, statusCode } = thrown as { status?: unknown; statusCode?: unknown }
  const number = typeof status === 'number' ? status : typeof statusCode === 'number' ? statusCode : 500
  return BY_STATUS[number] ?? (number >= 400 && number < 500 ? (BY_STATUS[400] as AuthError) : BUG)
}

function isForClient(thrown: object): boolean {
  const { expose, code } = thrown as { expose?: unknown; code?: unknown }
  return expose === true || (typeof code === 'string' && code.startsWith('FST_')) || thrown instanceof URIError
}
