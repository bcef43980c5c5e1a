import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LocalIssuerOptions } from '@countersign/tokens'
import type { Change, Scope } from './fault.ts'
import { without } from './hosts.ts'

export interface WorkerOptions {
  /** As `openStore` of the stores' tests takes it. */
  readonly address: string
  readonly issuer?: Omit<Partial<LocalIssuerOptions>, 'store' | 'clock'>
  readonly store?: { readonly timeout?: number; readonly pending?: number; readonly connections?: number }
}

export interface Call {
  readonly id: number
  readonly verb: string
  readonly args: readonly unknown[]
}

/** What a call came to. `said`: `ok`, the code of a refusal, `unavailable`, or `dead` where the process ended over it. */
export interface Said {
  readonly said: string
  // biome-ignore lint/suspicious/noExplicitAny: what another process sent
  readonly value?: any
}

export interface Worker {
  readonly child: ChildProcess
  /** What it wrote to standard output. */
  output(): string
  call(verb: string, ...args: readonly unknown[]): Promise<Said>
  /** Access tokens as `issueFor` makes them. */
  onToken(take: (token: string) => void): void
}

const FILE = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Starts a worker with these changes; resolves when its store is open. */
export async function worker(options: WorkerOptions, changes: readonly Change[], scope: Scope): Promise<Worker> {
  const { nodeFlags, env } = without(changes)
  const child = fork(FILE, [JSON.stringify(options)], {
    execArgv: nodeFlags,
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  scope.defer(() => child.kill('SIGKILL'))
  let output = ''
  let errors = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (errors += chunk))
  const waiting = new Map<number, (said: Said) => void>()
  let last = 0
  let take: ((token: string) => void) | undefined
  let isDead = false
  const ready = once(child, 'message')
  child.on('message', (message: { id?: number; token?: string } & Said) => {
    if (message.token !== undefined) take?.(message.token)
    if (message.id === undefined) return
    waiting.get(message.id)?.(message)
    waiting.delete(message.id)
  })
  const dead = new Promise<void>((resolve) => {
    child.once('exit', () => {
      isDead = true
      for (const tell of waiting.values()) tell({ said: 'dead' })
      waiting.clear()
      resolve()
    })
  })
  await Promise.race([
    ready,
    dead.then(() => {
      throw new Error(`a worker ended before it began:\n${errors}`)
    }),
  ])
  return {
    child,
    output: () => output,
    call(verb, ...args) {
      if (isDead) return Promise.resolve({ said: 'dead' })
      const id = ++last
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        child.send({ id, verb, args } satisfies Call, (error) => error && resolve({ said: 'dead' }))
      })
    },
    onToken: (taker) => void (take = taker),
  }
}
