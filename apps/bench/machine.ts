import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release } from 'node:os'

/** The two halves of a run: the server has a core of its own. */
export type Half = 'server' | 'load'

const CORES = allowedCores()
const TASKSET = has('taskset')

/** Why the server and the load cannot each have a core; `undefined` when they can. */
export const UNPINNED: string | undefined =
  CORES.length < 2
    ? 'one core for server and load together: throughput says little here'
    : TASKSET
      ? undefined
      : 'no taskset: server and load are not kept apart'

/** A command that runs on the core of its half, where that can be had. */
export function pinned(half: Half, command: string, args: readonly string[]): [string, string[]] {
  if (UNPINNED !== undefined) return [command, [...args]]
  return ['taskset', ['-c', `${CORES[half === 'server' ? 0 : 1]}`, command, ...args]]
}

/** What the figures were measured on. */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: CORES.length,
    pinned: UNPINNED === undefined,
    node: process.versions.node,
    openssl: process.versions.openssl,
    os: `${process.platform} ${release().split('-')[0]} ${process.arch}`,
  }
}
export type Machine = ReturnType<typeof machine>

/** Those that this process may use, which a container may have cut down. */
function allowedCores(): readonly number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    return list.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, at) => first + at)
    })
  } catch {
    return cpus().map((_, core) => core)
  }
}

function has(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
