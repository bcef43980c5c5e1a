import type { Headers } from './answer.ts'

/** Code → status: the one table. RFC 6750, 6749, 9449 and 9470 names where an RFC has one. */
export const STATUS = Object.freeze({
  invalid_request: 400,
  invalid_grant: 400,
  invalid_scope: 400,
  invalid_token: 401,
  invalid_credentials: 401,
  unauthenticated: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  insufficient_user_authentication: 401,
  insufficient_scope: 403,
  access_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  content_too_large: 413,
  unsupported_media_type: 415,
  too_many_requests: 429,
  headers_too_large: 431,
  server_error: 500,
  temporarily_unavailable: 503,
})

export type Code = keyof typeof STATUS

/** What is said to the client when nothing better is known. Public, ASCII, no secret, no echo of what was sent. */
const DETAIL: Readonly<Record<Code, string>> = {
  invalid_request: 'The request is malformed.',
  invalid_grant: 'The grant is unknown, expired, revoked or was used before.',
  invalid_scope: 'More is asked for than was granted.',
  invalid_token: 'The credential is not valid.',
  invalid_credentials: 'The user name or the password is wrong.',
  unauthenticated: 'This needs a credential; WWW-Authenticate lists the kinds that are accepted.',
  invalid_dpop_proof: 'The DPoP proof is not valid.',
  use_dpop_nonce: 'The DPoP proof needs the nonce that this answer carries.',
  insufficient_user_authentication: 'This needs a more recent or a stronger authentication.',
  insufficient_scope: 'The credential does not allow this.',
  access_denied: 'The caller may not do this.',
  not_found: 'There is nothing here.',
  method_not_allowed: 'This resource does not take that method.',
  request_timeout: 'The request took too long to arrive.',
  conflict: 'The state of the resource does not allow this.',
  content_too_large: 'The body is too large.',
  unsupported_media_type: 'The body must be of the media type that this resource takes, without a content encoding.',
  too_many_requests: 'Too many requests.',
  headers_too_large: 'The header section is too large.',
  server_error: 'Something went wrong here.',
  temporarily_unavailable: 'A part that this needs does not answer. Try again later.',
}

/** One thing that is wrong with an input: where (RFC 6901 JSON Pointer) and what. Never the value itself. */
export interface Issue {
  readonly pointer: string
  readonly detail: string
}

/**
 * Why a request is refused: a frozen value, never thrown, no stack. `detail` and `issues` are public;
 * `reason`, `expected` and `got` are for `explain`, events and NODE_DEBUG, and never reach the wire.
 */
export interface AuthError {
  readonly '~error': true
  readonly code: Code
  readonly detail: string
  /** Private and stable, dotted: `token.expired`. */
  readonly reason: string
  /** What would have been enough, whole: for `insufficient_scope`. */
  readonly scopes?: readonly string[]
  /** Headers the answer must carry: `Retry-After`, `Allow`, `DPoP-Nonce`. */
  readonly headers?: Headers
  readonly issues?: readonly Issue[]
  /** Seconds: for `insufficient_user_authentication` (RFC 9470). */
  readonly maxAge?: number
  readonly expected?: string
  readonly got?: string
}

type More = Partial<Pick<AuthError, 'detail' | 'scopes' | 'headers' | 'issues' | 'maxAge' | 'expected' | 'got'>>

/** Makes an error value. `detail` defaults to the code's own sentence. Costs no stack: make one per (code, reason). */
export function authError(code: Code, reason: string, more?: More): AuthError {
  return Object.freeze({ '~error': true as const, code, detail: DETAIL[code], reason, ...more })
}

/** True for a value that `authError` made, in whichever copy of this package. */
export function isAuthError(value: unknown): value is AuthError {
  return typeof value === 'object' && value !== null && (value as { '~error'?: unknown })['~error'] === true
}

/**
 * A store, key source or introspection endpoint is down. The only fault that becomes an answer: 503 with
 * `Retry-After` (whole seconds, default 1) and no challenge. `what` names the part: "the key store".
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly '~unavailable' = true
  readonly retryAfter: number
  constructor(what: string, options?: ErrorOptions & { readonly retryAfter?: number }) {
    super(`${what} does not answer`, options)
    this.retryAfter = options?.retryAfter ?? 1
  }
}

/** True for an `Unavailable`, from whichever copy of this package. */
export function isUnavailable(error: unknown): error is Unavailable {
  return typeof error === 'object' && error !== null && (error as { '~unavailable'?: unknown })['~unavailable'] === true
}
