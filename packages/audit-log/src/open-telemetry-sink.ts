import type { AuditEvent } from './event.ts'
import type { AuditSink } from './sink.ts'
import type { Level } from './vocabulary.ts'

/** A logger of `@opentelemetry/api-logs`, by what is used of it. */
export interface OpenTelemetryLogger {
  emit(record: {
    readonly eventName?: string
    readonly timestamp?: number
    readonly severityNumber?: number
    readonly severityText?: string
    readonly body?: string
    readonly attributes?: Record<string, string | number | boolean>
  }): void
}
export interface OpenTelemetryLoggerProvider {
  getLogger(name: string): OpenTelemetryLogger
}

/** Of OpenTelemetry's log data model: INFO, WARN, ERROR2 (where it puts syslog's Critical). */
const SEVERITY: Readonly<Record<Level, number>> = { INFO: 9, WARN: 13, CRITICAL: 18 }

/** What OpenTelemetry's semantic conventions have a name for; all else is `countersign.NAME`. */
const CONVENTION: { readonly [K in keyof AuditEvent]?: string } = {
  appid: 'service.name',
  hostname: 'host.name',
  subject: 'user.id',
  session: 'session.id',
  request_method: 'http.request.method',
  request_uri: 'url.path',
  source_ip: 'client.address',
}
const OWN_PLACE: readonly string[] = ['datetime', 'event', 'level']

/**
 * Emits each event as a log record with its name, severity and attributes. Takes a logger or a provider of them. What the
 * exporter loses is not noticed here, and there is no chain.
 */
export function openTelemetrySink(to: OpenTelemetryLogger | OpenTelemetryLoggerProvider): AuditSink {
  const logger =
    'getLogger' in (to ?? {}) ? (to as OpenTelemetryLoggerProvider).getLogger('@countersign/audit-log') : to
  if (typeof (logger as Partial<OpenTelemetryLogger> | undefined)?.emit !== 'function')
    throw new TypeError('openTelemetrySink() takes a LoggerProvider or a Logger of @opentelemetry/api-logs')
  const { emit } = logger as OpenTelemetryLogger
  return {
    write(lines) {
      for (const { event } of lines)
        emit.call(logger, {
          eventName: event.event,
          timestamp: Date.parse(event.datetime),
          severityNumber: SEVERITY[event.level],
          severityText: event.level,
          body: event.event,
          attributes: attributesOf(event),
        })
    },
  }
}

function attributesOf(event: AuditEvent): Record<string, string | number | boolean> {
  const named = Object.entries(event).filter(([name]) => !OWN_PLACE.includes(name))
  return Object.fromEntries(
    named.map(([name, value]) => [CONVENTION[name as keyof AuditEvent] ?? `countersign.${name}`, value]),
  )
}
