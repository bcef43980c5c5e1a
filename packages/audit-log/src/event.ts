import { printable, word } from './text.ts'
import { type EventName, type Level, levelOf } from './vocabulary.ts'

/**
 * One event, the same on every host. The members that OWASP's format names are called as there; every one is a bounded
 * text or a number. `event.schema.json` says it in full.
 */
export interface AuditEvent {
  /** ISO 8601, UTC, milliseconds. */
  readonly datetime: string
  /** The `service` option. */
  readonly appid: string
  /** A word of OWASP's vocabulary, one of ours beside it, or the application's own. */
  readonly event: string
  readonly level: Level
  /** The channel that it came on; `application` for `record`; `audit-log` for what the log says of itself. */
  readonly source: string
  /** The `host` option. */
  readonly hostname?: string
  readonly subject?: string
  readonly scheme?: string
  /** Public name of the credential: `jti`, the id of a key. */
  readonly credential_id?: string
  readonly session?: string
  readonly client?: string
  readonly issuer?: string
  /** Name of a key that signs. */
  readonly key_id?: string
  readonly scopes?: string
  readonly policy?: string
  readonly request_method?: string
  /** The path, without its query. */
  readonly request_uri?: string
  /** What it was done to: the application's own name of it. */
  readonly object?: string
  readonly decision?: 'allowed' | 'refused'
  readonly code?: string
  /** Stable and private: `token.expired`. */
  readonly reason?: string
  /** Of a credential that came in the clear: whether it was ended. */
  readonly revoked?: boolean
  readonly source_ip?: string
  /** What the framework calls the request. */
  readonly request_id?: string
  /** What the client called it: nobody has checked that. */
  readonly client_request_id?: string
  /** Of `traceparent` (W3C Trace Context). */
  readonly trace_id?: string
  readonly span_id?: string
  /** The share of such events that is kept, where not all are. */
  readonly sample?: number
  /** How many events could not be kept before this one, or how many of a kind this one stands for. */
  readonly count?: number
}

/** Who writes: put on every event. */
export interface Writer {
  readonly appid: string
  readonly hostname?: string
}

/** Anything, as it was published: nothing of it is believed. */
export type Told = Readonly<Record<string, unknown>>

export interface Kind {
  readonly event: EventName
  readonly level?: Level
  readonly decision?: 'allowed' | 'refused'
  readonly source: string
}

type Draft = { -readonly [K in keyof AuditEvent]?: AuditEvent[K] | undefined }

/** The event for a message of a channel: what is named here goes in, and nothing else. */
export function eventOf(told: Told, { event, level, decision, source }: Kind, writer: Writer): AuditEvent {
  const credential = partOf(told.credential)
  const trace = partOf(told.trace)
  const draft: Draft = {
    datetime: timeOf(told.at),
    appid: writer.appid,
    event,
    level: level ?? levelOf(event),
    source,
  }
  if (writer.hostname !== undefined) draft.hostname = writer.hostname
  set(draft, 'subject', printable(told.subject))
  set(draft, 'scheme', printable(told.scheme, 64))
  set(draft, 'credential_id', printable(credential.id ?? told.id))
  set(draft, 'session', printable(credential.session ?? told.session))
  set(draft, 'client', printable(credential.client ?? told.client))
  set(draft, 'issuer', printable(told.issuer))
  set(draft, 'key_id', printable(told.key))
  if (Array.isArray(told.scopes)) set(draft, 'scopes', printable(told.scopes.join(' ')))
  set(draft, 'policy', printable(told.policy))
  set(draft, 'request_method', word(told.method))
  set(draft, 'request_uri', printable(told.path))
  set(draft, 'object', printable(told.place ?? told.limit))
  if (decision !== undefined) draft.decision = decision
  set(draft, 'code', word(told.code ?? told.error))
  set(draft, 'reason', word(told.reason ?? told.what))
  if (typeof told.revoked === 'boolean') draft.revoked = told.revoked
  set(draft, 'source_ip', printable(told.ip, 64))
  set(draft, 'request_id', printable(told.requestId, 128))
  set(draft, 'client_request_id', printable(told.clientRequestId, 128))
  set(draft, 'trace_id', hex(trace.traceId, 32))
  set(draft, 'span_id', hex(trace.spanId, 16))
  set(draft, 'count', countOf(told.count))
  return draft as AuditEvent
}

/** What the log says of itself. */
export function ownEvent(
  writer: Writer,
  event: EventName,
  reason: string,
  more?: { readonly count?: number },
): AuditEvent {
  return {
    datetime: timeOf(Date.now()),
    appid: writer.appid,
    event,
    level: levelOf(event),
    source: 'audit-log',
    ...(writer.hostname !== undefined && { hostname: writer.hostname }),
    reason,
    ...more,
  }
}

/** Epoch milliseconds as ISO 8601; now, for what is no time. */
export function timeOf(at: unknown): string {
  const usable = typeof at === 'number' && Math.abs(at) <= 8.64e15
  return new Date(usable ? at : Date.now()).toISOString()
}

export function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined
}

function set<K extends keyof Draft>(draft: Draft, name: K, value: Draft[K]): void {
  if (value !== undefined) draft[name] = value
}

const NOTHING: Told = Object.freeze({})
function partOf(value: unknown): Told {
  return typeof value === 'object' && value !== null ? (value as Told) : NOTHING
}

function hex(value: unknown, length: number): string | undefined {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]+$/.test(value) ? value : undefined
}
