// What several tests need: folders, lines, the command that verifies.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AuditEvent, AuditLine, AuditSink } from '../src/index.ts'

export type Line = AuditEvent & {
  readonly seq?: number
  readonly key?: string
  readonly mac?: string
  readonly prev?: string
}

/** A folder that is gone when `using` ends. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'countersign-audit-'))
  return { path, in: (name: string) => join(path, name), [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

export const linesIn = (file: string): readonly Line[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** Keeps what it gets; does with a batch what `behaves` says first. */
export function listSink(behaves: (lines: readonly AuditLine[]) => void | Promise<void> = () => {}) {
  const got: AuditEvent[] = []
  const texts: string[] = []
  const sink: AuditSink = {
    async write(lines) {
      await behaves(lines)
      got.push(...lines.map(({ event }) => event))
      texts.push(...lines.map(({ text }) => text))
    },
  }
  return { sink, got, texts }
}

const MAIN = fileURLToPath(new URL('../../countersign/src/main.ts', import.meta.url))

export interface Verified {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** `countersign audit verify`, in a process of its own. */
export function verify(...args: readonly string[]): Promise<Verified> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NO_COLOR: '1' }, timeout: 20_000 }
    execFile(process.execPath, [MAIN, 'audit', 'verify', ...args], options, (error, out, err) =>
      resolve({ code: error ? (error.code as number) : 0, out, err }),
    )
  })
}
