import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type RunningHost, startHost } from '@countersign/conformance'
import type { Change, Scope } from './fault.ts'

const LOADER = fileURLToPath(new URL('../mutants/loader.ts', import.meta.url))

/** What makes the texts of sources others in a process of node: flags and environment. */
export function without(changes: readonly Change[]): {
  readonly nodeFlags: string[]
  readonly env: Record<string, string>
} {
  return { nodeFlags: ['--import', LOADER], env: { MUTANT: JSON.stringify(changes) } }
}

/** A host of the sample API, in a process of its own, with these changes. */
export async function host(
  main: string,
  changes: readonly Change[],
  env: Readonly<Record<string, string>>,
  scope: Scope,
): Promise<RunningHost> {
  const { nodeFlags, env: mutated } = without(changes)
  const running = await startHost(main, { nodeFlags, env: { ...mutated, ...env } })
  scope.defer(() => {
    if (isThere(running.pid)) process.kill(running.pid, 'SIGKILL')
    return Promise.race([running.stop(), sleep(1_000)]) // `stop` waits for the end, which may have been before
  })
  return running
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
