import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'
import {
  type AuthError,
  type Code,
  messageOf,
  type Principal,
  pathOf,
  type RequestView,
  STATUS,
} from '@countersign/http'

/** What happened, in named fields only: never the request, whose headers hold secrets. */
export interface SecurityEvent {
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
  readonly method?: string
  /** The path without its query: queries hold secrets too. */
  readonly path?: string
  readonly ip?: string
}
export type EventType = 'authenticated' | 'unauthenticated' | 'forbidden' | 'unavailable'

const CHANNELS = {
  authenticated: channel('countersign:authenticated'),
  unauthenticated: channel('countersign:unauthenticated'),
  forbidden: channel('countersign:forbidden'),
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
  const { method } = messageOf(request)
  const { scheme, principal, error } = what
  const event: SecurityEvent = {
    type,
    at: Date.now(),
    ...(what.policy !== undefined && { policy: what.policy }),
    ...(scheme !== undefined && { scheme }),
    ...(error && { code: error.code, reason: error.reason }),
    ...(principal && { subject: principal.subject, ...(principal.credential && { credential: principal.credential }) }),
    ...(method !== undefined && { method }),
    path: printable(pathOf(request)),
    ...(request.ip !== undefined && { ip: request.ip }),
  }
  CHANNELS[type].publish(Object.freeze(event))
}

/** The channel that an error is told on. */
export function typeOf(error: AuthError): EventType {
  const status = STATUS[error.code]
  return status === 503 ? 'unavailable' : status === 403 ? 'forbidden' : 'unauthenticated'
}

function line(request: RequestView, { policy, scheme }: What, error: AuthError): string {
  const shown = [
    `${messageOf(request).method} ${printable(pathOf(request))}`,
    ...(policy === undefined ? [] : [`policy "${policy}"`]),
    ...(scheme ? [`scheme ${scheme}`] : error.code === 'unauthenticated' ? ['no credential'] : []),
    error.reason,
    ...(error.expected !== undefined ? [`expected ${error.expected}`] : []),
    ...(error.got !== undefined ? [`got ${error.got}`] : []),
  ]
  return `${shown.join(', ')} -> ${STATUS[error.code]} ${error.code}`
}

/** A path as it may be shown: what could forge a log line is escaped, and no more than 200 characters. */
function printable(path: string): string {
  return path
    .slice(0, 200)
    .toWellFormed()
    .replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
}
