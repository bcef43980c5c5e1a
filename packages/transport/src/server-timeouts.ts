import { checkOptions } from '@countersign/http'

/** In seconds. */
export interface ServerTimeoutsOptions {
  /** For the whole head of a request to arrive, at most 600: 10. */
  readonly headers?: number
  /** For the whole request, its body included: 30. Longer where people upload. */
  readonly request?: number
  /** That an idle connection is kept: 5. Longer than that of a proxy in front, which would send into a closed one. */
  readonly keepAlive?: number
}

/** Options for `createServer` of `node:http` and `node:https`. */
export interface ServerTimeouts {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
  readonly connectionsCheckingInterval: number
  /** For `node:https`: the TLS handshake counts as the head. */
  readonly handshakeTimeout: number
}

const OPTIONS = ['headers', 'request', 'keepAlive'] as const

/**
 * Closes who sends a head or a body too slowly: `createServer(times, app)`, `Fastify({ ...times, http: times })`. Node's own
 * times are 60 s and 300 s, and it looks only every 30 s; here it looks as often as the shortest of these asks for, at least every
 * second. Who is late gets 408 where `answerClientError` is wired. Answers may take as long as they like.
 */
export function serverTimeouts(options: ServerTimeoutsOptions = {}): ServerTimeouts {
  checkOptions('serverTimeouts()', options, OPTIONS)
  const { headers = 10, request = 30, keepAlive = 5 } = options
  for (const [name, value] of Object.entries({ headers, request, keepAlive }))
    if (!(typeof value === 'number' && value > 0 && value <= 86_400))
      throw new TypeError(`serverTimeouts(): \`${name}\` must be seconds, more than 0 and at most 86400`)
  // No head takes ten minutes: that was meant in milliseconds.
  if (headers > 600)
    throw new TypeError(
      'serverTimeouts(): `headers` must be seconds, more than 0 and at most 600: 10 for ten seconds, not 10000',
    )
  if (headers > request)
    throw new TypeError(`serverTimeouts(): \`headers\` may not be longer than \`request\` (${request} seconds)`)
  return {
    headersTimeout: headers * 1000,
    requestTimeout: request * 1000,
    keepAliveTimeout: keepAlive * 1000,
    handshakeTimeout: headers * 1000,
    connectionsCheckingInterval: Math.min(1000, Math.ceil(headers * 250)),
  }
}
