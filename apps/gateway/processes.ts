import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface Started {
  readonly output: () => string
  stop(): Promise<void>
}

/** A process of a test's own, once `isUp` says that it serves. It ends by its own id, with the test. */
export async function start(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  isUp: (output: string) => boolean | Promise<boolean>,
): Promise<Started> {
  const child: ChildProcess = spawn(command, args, { env: { PATH: process.env.PATH, ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let failed = false
  child.once('error', (error) => {
    failed = true
    output += error.message
  })
  const stop = async () => {
    child.kill()
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(timer)
  }
  for (let tries = 0; ; tries++) {
    if (failed || child.exitCode !== null) throw new Error(`${command} does not start:\n${output}`)
    if (await isUp(output)) return { output: () => output, stop }
    if (tries === 200) {
      await stop()
      throw new Error(`${command} does not serve:\n${output}`)
    }
    await sleep(50)
  }
}

/** A gateway of apps/gateway, on a port of its own. */
export function startGateway(port: number, env: Readonly<Record<string, string>>): Promise<Started> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  return start(process.execPath, [main], { PORT: `${port}`, ...env }, (output) => output.includes('listening on'))
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Waits until something holds, at most `limit` milliseconds: how long it took. */
export async function until(holds: () => boolean | Promise<boolean>, limit: number): Promise<number> {
  const from = performance.now()
  while (!(await holds())) {
    if (performance.now() - from > limit) throw new Error(`did not come to hold within ${limit} ms`)
    await sleep(20)
  }
  return performance.now() - from
}
