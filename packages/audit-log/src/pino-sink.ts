import type { AuditEvent } from './event.ts'
import type { AuditSink } from './sink.ts'
import type { Level } from './vocabulary.ts'

/** A pino logger, by what is used of it. */
export interface PinoLike {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const METHOD = { INFO: 'info', WARN: 'warn', CRITICAL: 'error' } as const satisfies Record<Level, keyof PinoLike>

/**
 * Hands each event to a logger, under `audit`, at its level (`CRITICAL` is `error`). The logger says nothing of what it could not
 * write: behind it no loss is noticed, and there is no chain.
 */
export function pinoSink(logger: PinoLike): AuditSink {
  const missing = Object.values(METHOD).find((method) => typeof logger?.[method] !== 'function')
  if (missing)
    throw new TypeError(`pinoSink() takes a logger with info, warn and error, such as pino(): it has no ${missing}`)
  return {
    write(lines) {
      for (const { event } of lines) logger[METHOD[event.level]]({ audit: event satisfies AuditEvent }, event.event)
    },
  }
}
