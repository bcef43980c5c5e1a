// Worker processes on one store, let go at the same moment.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Worker {
  readonly child: ChildProcess
  output: string
}
const running = new Set<ChildProcess>()

/** Starts workers, lets them go at once, and returns them with the lines that each prints. */
export async function start(count: number, address: string, job: string, rounds: number): Promise<readonly Worker[]> {
  const workers = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = fork(join(import.meta.dirname, 'worker.ts'), [address, job, String(rounds)], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        execArgv: [],
      })
      running.add(child)
      const worker = { child, output: '' }
      child.stdout!.on('data', (chunk: Buffer) => (worker.output += chunk.toString()))
      await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(([code]) => {
          throw new Error(`a worker ended with ${code} before it began`)
        }),
      ])
      return worker
    }),
  )
  for (const { child } of workers) child.send('go')
  return workers
}

/** The lines that they printed. Throws when one of them failed. */
export async function finish(workers: readonly Worker[]): Promise<readonly string[]> {
  const codes = await Promise.all(
    workers.map(async ({ child }) => {
      const [code] = await once(child, 'close')
      running.delete(child)
      return code as number
    }),
  )
  if (codes.some((code) => code !== 0)) throw new Error(`workers ended with ${codes.join(', ')}`)
  return workers.flatMap(({ output }) => output.split('\n').filter(Boolean))
}

/** Ends what still runs. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
}
