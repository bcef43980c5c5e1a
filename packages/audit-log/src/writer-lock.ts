import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { basename, dirname, join } from 'node:path'

/**
 * Says beside a file, in `.NAME.lock`, which process writes it. Throws an Error where another one of this machine does, and is
 * alive. Returns what takes the mark away. It notices a mistake and excludes nobody: of another machine, or another container,
 * nothing can be known, and what it writes is found as `audit.changed`.
 */
export function lockFor(file: string): () => void {
  // A device or a pipe has no end that two could fork.
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) return () => {}
  const lock = join(dirname(file), `.${basename(file)}.lock`)
  const mine = `${process.pid} ${hostname()}\n`
  const pid = aliveWriter(lock)
  if (pid !== undefined)
    throw new Error(
      `jsonLines(): another process (${pid}) writes ${file}: a chain is one process's. One file a process, such as ` +
        `\`audit.\${process.pid}.log\`; if ${pid} is no writer of it, remove ${lock}`,
    )
  try {
    rmSync(lock, { force: true })
    writeFileSync(lock, mine, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    // Somebody was first in this very moment.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return lockFor(file)
    throw error
  }
  return () => {
    if (read(lock) === mine) rmSync(lock, { force: true })
  }
}

/** The process that a mark names, if it lives; this one's own marks are of logs that it has done with. */
function aliveWriter(lock: string): number | undefined {
  const [, digits, host] = /^(\d{1,10}) (.*)\n$/.exec(read(lock) ?? '') ?? []
  const pid = Number(digits)
  if (digits === undefined || pid === process.pid || host !== hostname()) return undefined
  const { mtimeMs = 0 } = statSync(lock, { throwIfNoEntry: false }) ?? {}
  // Before the machine began: the number is another's by now.
  if (mtimeMs < Date.now() - uptime() * 1000) return undefined
  try {
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined
  }
}

function read(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8')
  } catch {
    return undefined
  }
}
