// What is written of a route behind a policy: README of audit-log, and "Asynchronous Logging" of pino's docs for the peers.
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type AuditLog, auditLog, jsonLines } from '@countersign/audit-log'
import pino from 'pino'
import type { Settings } from '../settings.ts'
import type { Running } from './peer.ts'

export const FILE = 'log.jsonl'
export const KEY = 'an-audit-key-of-thirty-two-bytes-or-more'

/** Our log, to `FILE` of the folder that the settings name. */
export function logTo({ folder }: Settings, chained: boolean): AuditLog {
  const file = join(folder as string, FILE)
  const sink = chained ? jsonLines(file, { chain: { key: KEY } }) : jsonLines(file)
  return auditLog({ sink, service: 'bench', host: hostname() })
}

/** With a log that has everything on file before the server's CPU is read, and that must not drop any. */
export function logged(running: Running, log: AuditLog): Running {
  return {
    ...running,
    async settle() {
      await log.flush()
      const { dropped, failing, error } = log.health()
      if (dropped > 0 || failing) throw new Error(`the audit log dropped ${dropped} events: ${error ?? ''}`)
    },
    async close() {
      await running.close()
      await log.close()
    },
  }
}

/** Pino's fastest file. */
export function destination({ folder }: Settings): ReturnType<typeof pino.destination> {
  return pino.destination({ dest: join(folder as string, FILE), sync: false, minLength: 4096 })
}

/** With pino's buffer written before the server's CPU is read. */
export function written(running: Running, file: ReturnType<typeof destination>): Running {
  const flushed = () =>
    new Promise<void>((resolve, reject) => file.flush((error) => (error ? reject(error) : resolve())))
  const settle = async () => {
    await flushed() // what is being written; less than a block may be left behind it
    await flushed()
  }
  return {
    ...running,
    settle,
    async close() {
      await running.close()
      await settle()
      file.end()
    },
  }
}
