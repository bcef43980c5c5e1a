import { type RequestView, requestFacts } from '@countersign/http'
import { provenOf } from '@countersign/policy'
import { type AuditEvent, eventOf, type Told, type Writer } from './event.ts'
import { printable, word } from './text.ts'
import { type EventName, type Level, levelOf } from './vocabulary.ts'

/** An event that only the application knows of. Put no secret in it: its texts are written as they are. */
export interface OwnRecord {
  /** A word of OWASP's vocabulary, or one of your own in its style: small letters, digits and `_`. */
  readonly event: EventName | (string & {})
  /** Default: the vocabulary's; `INFO` for a word of your own. */
  readonly level?: Level
  /** Who, how, from where: method, path, address and ids are taken from it, its headers and body are not. */
  readonly request?: RequestView
  /** Who did it. Default: who called, where `request` passed a policy. */
  readonly subject?: string
  /** What it was done to: `user 7`, at most 256 characters. */
  readonly object?: string
  readonly decision?: 'allowed' | 'refused'
  /** Why, as a stable name: letters, digits and `_ . : -`, at most 64. */
  readonly reason?: string
  /** How many, where one event stands for several. */
  readonly count?: number
}

const FIELDS = ['event', 'level', 'request', 'subject', 'object', 'decision', 'reason', 'count'] as const
const EVENT = /^[a-z][a-z0-9_]{0,63}$/

/** The event for what the application tells. Throws a TypeError for a field that is not known or no such text. */
export function recordOf(own: OwnRecord, writer: Writer): AuditEvent {
  const { event, level = levelOf(`${own?.event}`), request, subject, object, decision, reason, count } = checked(own)
  return eventOf(
    {
      ...(request && seenIn(request)),
      ...(subject !== undefined && { subject }),
      at: Date.now(),
      place: object,
      reason,
      count,
    },
    { event: event as EventName, level, source: 'application', ...(decision && { decision }) },
    writer,
  )
}

function checked(own: OwnRecord): OwnRecord {
  if (typeof own !== 'object' || own === null) throw new TypeError('record() takes an object with `event`')
  const unknown = Object.keys(own).find((name) => !(FIELDS as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new TypeError(`record() has no field "${printable(unknown, 64)}": there are ${FIELDS.join(', ')}`)
  if (typeof own.event !== 'string' || !EVENT.test(own.event))
    throw new TypeError('record(): `event` must be small letters, digits and _, such as user_created')
  if (own.level !== undefined && !['INFO', 'WARN', 'CRITICAL'].includes(own.level))
    throw new TypeError('record(): `level` must be INFO, WARN or CRITICAL')
  if (own.decision !== undefined && !['allowed', 'refused'].includes(own.decision))
    throw new TypeError('record(): `decision` must be allowed or refused')
  if (own.reason !== undefined && word(own.reason) === undefined)
    throw new TypeError('record(): `reason` must be a stable name: letters, digits and _ . : -, at most 64')
  return own
}

/** What of a request may be written: the same as stands in the packages' own events. */
function seenIn(request: RequestView): Told {
  const proven = provenOf(request)
  return {
    ...requestFacts(request),
    ...(proven && {
      scheme: proven.scheme,
      subject: proven.principal.subject,
      credential: proven.principal.credential,
    }),
  }
}
