import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'
import {
  type AuthError,
  type Code,
  type Principal,
  type RequestFacts,
  type RequestView,
  requestFacts,
  STATUS,
} from '@countersign/http'

/** What happened, in named fields only: never the request, whose headers hold secrets. */
export interface SecurityEvent extends Partial<RequestFacts> {
  readonly type: EventType
  /** Epoch milliseconds. */
  readonly at: number
  /** Left out where no policy was asked: a login, a refresh. */
  readonly policy?: string
  readonly scheme?: string
  readonly code?: Code
  /** Private and stable: `token.expired`. */
  readonly reason?: string
  readonly subject?: string
  readonly credential?: Principal['credential']
}
export type EventType = 'authenticated' | 'unauthenticated' | 'forbidden' | 'limited' | 'unavailable'

const CHANNELS = {
  authenticated: channel('countersign:authenticated'),
  unauthenticated: channel('countersign:unauthenticated'),
  forbidden: channel('countersign:forbidden'),
  limited: channel('countersign:limited'),
  unavailable: channel('countersign:unavailable'),
} as const

const debug = debuglog('countersign')

interface What {
  readonly policy: string | undefined
  readonly scheme: string | undefined
  readonly principal?: Principal | undefined
  readonly error?: AuthError
}

/** Publishes on `countersign:<type>`, and prints a line for a refusal under NODE_DEBUG. Free when nobody listens. */
export function publish(type: EventType, request: RequestView, what: What): void {
  if (what.error && debug.enabled) debug('%s', line(request, what, what.error))
  if (!CHANNELS[type].hasSubscribers) return
  const { scheme, principal, error } = what
  const event: { -readonly [K in keyof SecurityEvent]: SecurityEvent[K] } = {
    type,
    at: Date.now(),
    ...requestFacts(request),
  }
  if (what.policy !== undefined) event.policy = what.policy
  if (scheme !== undefined) event.scheme = scheme
  if (error) {
    event.code = error.code
    event.reason = error.reason
  }
  if (principal) {
    event.subject = principal.subject
    if (principal.credential) event.credential = principal.credential
  }
  CHANNELS[type].publish(Object.freeze(event))
}

/** Tells of a refusal that no policy made: a question that could not be asked. On the channel of its code, and under NODE_DEBUG. */
export function publishRefusal(error: AuthError, request: RequestView): void {
  publish(typeOf(error), request, { policy: undefined, scheme: undefined, error })
}

/** The channel that an error is told on. */
export function typeOf(error: AuthError): EventType {
  const status = STATUS[error.code]
  if (status === 429) return 'limited'
  return status === 503 ? 'unavailable' : status === 403 ? 'forbidden' : 'unauthenticated'
}

function line(request: RequestView, { policy, scheme }: What, error: AuthError): string {
  const { method, path } = requestFacts(request)
  const shown = [
    `${method} ${path}`,
    ...(policy === undefined ? [] : [`policy "${policy}"`]),
    ...(scheme ? [`scheme ${scheme}`] : error.code === 'unauthenticated' ? ['no credential'] : []),
    error.reason,
    ...(error.expected !== undefined ? [`expected ${error.expected}`] : []),
    ...(error.got !== undefined ? [`got ${error.got}`] : []),
  ]
  return `${shown.join(', ')} -> ${STATUS[error.code]} ${error.code}`
}
