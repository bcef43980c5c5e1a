import type { AuditEvent, Writer } from './event.ts'

export interface AuditLine {
  readonly event: AuditEvent
  /** The event as JSON, without a line end. */
  readonly text: string
}

/**
 * Where events go. `write` gets them in order, one batch at a time; the next waits until it is settled. A rejection means that
 * nothing of the batch was kept: the same batch comes again.
 */
export interface AuditSink {
  /** Before anything is written; again when it failed. */
  open?(writer: Writer): void | Promise<void>
  write(lines: readonly AuditLine[]): void | Promise<void>
  /** After the last write. `isComplete`: all that happened was written. */
  close?(isComplete: boolean): void | Promise<void>
  /** The end of a chain, to be kept elsewhere. */
  head?(): ChainHead | undefined
}

export interface ChainHead {
  readonly seq: number
  readonly mac: string
}
