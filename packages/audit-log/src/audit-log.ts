import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { checkOptions, Unavailable, unavailableError } from '@countersign/http'
import type { Condition } from '@countersign/policy'
import { buffered } from './buffered.ts'
import { BY_CHANNEL, kindOf } from './channels.ts'
import { eventOf, ownEvent, type Told, type Writer } from './event.ts'
import { type OwnRecord, recordOf } from './record.ts'
import type { AuditSink, ChainHead } from './sink.ts'

export interface AuditLogOptions {
  /** Where events go: `jsonLines`, `pinoSink`, `openTelemetrySink`, or anything with `write`. */
  readonly sink: AuditSink
  /** The application, as every event names it. */
  readonly service: string
  /** The machine or instance, as every event names it. Default: none. */
  readonly host?: string
  /** The share of requests let through that is kept, over 0 to 1: refusals and all else always are. Default 1. */
  readonly sample?: number
  /** Events held while the sink is slow, 1 to 1,000,000; beyond, they are dropped and counted. Default 10,000. */
  readonly buffer?: number
  /** Milliseconds after which a write that has not come back counts as hanging. Default 1,000. */
  readonly patience?: number
}

export interface AuditHealth {
  readonly buffered: number
  readonly dropped: number
  readonly written: number
  /** The sink failed last time, or hangs. */
  readonly failing: boolean
  /** Code or class of the last failure, while it fails. */
  readonly error?: string
  /** Requests let through that `sample` left out. */
  readonly sampledOut: number
  /** The end of the chain, to be kept where whoever can change the log cannot. */
  readonly head?: ChainHead
}

export interface AuditLog {
  /** An event of the application's own. False when there was no room for it. Throws a TypeError for a field that it does not know. */
  record(event: OwnRecord): boolean
  /** For `conditions` of a policy whose operations must be on record: 503 while the sink fails, hangs or is full. */
  readonly required: Condition
  /**
   * Once all that happened by now is written. Rejects after `within` milliseconds, 5,000 unless told otherwise, and at once while
   * events are dropped.
   */
  flush(within?: number): Promise<void>
  /** Listens no longer, writes what it holds, and closes the sink. Rejects as `flush` does; it is closed all the same. */
  close(within?: number): Promise<void>
  health(): AuditHealth
}

const OPTIONS = ['sink', 'service', 'host', 'sample', 'buffer', 'patience'] as const
const WITHIN = 5_000

/**
 * Listens to what the packages publish and hands it to a sink: off the request path, in order, bounded. Throws a TypeError
 * for a wrong option.
 */
export function auditLog(options: AuditLogOptions): AuditLog {
  checkOptions('auditLog()', options, OPTIONS)
  const { sink, service, host, sample = 1, buffer = 10_000, patience = 1_000 } = options ?? {}
  if (typeof sink?.write !== 'function')
    throw new TypeError("auditLog(): `sink` must have `write`, such as jsonLines('audit.log')")
  const writer = writerOf(service, host)
  if (typeof sample !== 'number' || !(sample > 0 && sample <= 1))
    throw new TypeError(
      'auditLog(): `sample` must be a number over 0, at most 1: the share of requests let through to keep',
    )
  checkWhole('buffer', buffer, 1_000_000)
  checkWhole('patience', patience, 600_000)

  const lost = (count: number) => ownEvent(writer, 'sys_monitor_disabled', 'audit.dropped', { count })
  const held = buffered({ sink, writer, limit: buffer, patience, lost })
  let sampledOut = 0
  let closing: Promise<void> | undefined

  const listeners = [...BY_CHANNEL].map(([channel, rows]) => {
    const isSampled = sample < 1 && channel === 'countersign:authenticated'
    const listen = (message: unknown) => {
      if (isSampled && Math.random() >= sample) {
        sampledOut++
        return
      }
      if (typeof message !== 'object' || message === null) return
      const kind = kindOf(rows, message as Told)
      if (!kind) return
      const event = eventOf(message as Told, kind, writer)
      held.add(isSampled ? { ...event, sample } : event)
    }
    subscribe(channel, listen)
    return () => unsubscribe(channel, listen)
  })

  const refusal = unavailableError(new Unavailable('the audit log'))
  const required: Condition = Object.freeze({
    name: 'audit log',
    refuses: ['temporarily_unavailable'] as const,
    // Before any credential is looked at: whether it may be on record does not depend on who asks.
    before: () => (held.isBehind() ? refusal : undefined),
  })

  async function close(within: number): Promise<void> {
    for (const stop of listeners) stop()
    const failed: unknown = await held.flush(within).then(
      () => undefined,
      (error) => error,
    )
    held.stop()
    await bounded(within, async () => sink.close?.(failed === undefined))
    if (failed !== undefined) throw failed
  }

  return Object.freeze({
    required,
    record: (own: OwnRecord) => held.add(recordOf(own, writer)),
    flush: (within = WITHIN) => held.flush(within),
    close: (within = WITHIN) => (closing ??= close(within)),
    health(): AuditHealth {
      const { failing, counts } = held
      const head = sink.head?.()
      return {
        ...counts,
        failing: failing !== undefined || held.isBehind(),
        ...(failing !== undefined && { error: failing }),
        sampledOut,
        ...(head && { head }),
      }
    },
  })
}

function writerOf(service: unknown, host: unknown): Writer {
  const isName = (name: unknown): name is string => typeof name === 'string' && /^[\x20-\x7e]{1,128}$/.test(name)
  if (!isName(service))
    throw new TypeError('auditLog(): `service` must name the application: 1 to 128 printable ASCII characters')
  if (host === undefined) return { appid: service }
  if (!isName(host))
    throw new TypeError(
      'auditLog(): `host` must name the machine: 1 to 128 printable ASCII characters, such as hostname()',
    )
  return { appid: service, hostname: host }
}

function checkWhole(name: string, value: unknown, most: number): void {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return
  throw new TypeError(`auditLog(): \`${name}\` must be a whole number from 1 to ${most}`)
}

/** Waits for something that may hang, and no longer than so. */
async function bounded(within: number, act: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => late.reject(new Error(`audit log: the sink is not closed after ${within} ms`)), within)
  await Promise.race([act(), late.promise]).finally(() => clearTimeout(timer))
}
