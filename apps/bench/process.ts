import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Half, pinned } from './machine.ts'

/** A process of this folder on the core of its half, and its messages. */
export interface Child {
  /** The next message that it sends. Rejects when it ends, or says that it failed. */
  answer<T>(): Promise<T>
  send(message: object): void
  stop(): Promise<void>
}

/** Starts a file of this folder. What it prints on standard error is shown when it ends by itself. */
export function startChild(
  half: Half,
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Child {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const [command, all] = pinned(half, process.execPath, [path, ...args])
  const child: ChildProcess = spawn(command, all, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const inbox: unknown[] = []
  let waiting: { resolve(value: never): void; reject(error: Error): void } | undefined
  let ended: Error | undefined
  let complaints = ''
  child.stderr?.on('data', (chunk) => (complaints = `${complaints}${chunk}`.slice(-4000)))
  const over = (error: Error) => {
    ended ??= error
    waiting?.reject(ended)
  }
  child.on('error', over)
  child.on('exit', () => over(new Error(`${[file, ...args].join(' ')} has ended\n${complaints}`)))
  child.on('message', (message: { kind?: string; why?: string }) => {
    if (message.kind === 'failed') return over(new Error(message.why))
    if (waiting) waiting.resolve(message as never)
    else inbox.push(message)
    waiting = undefined
  })
  return {
    answer: () =>
      new Promise((resolve, reject) => {
        if (ended) reject(ended)
        else if (inbox.length > 0) resolve(inbox.shift() as never)
        else waiting = { resolve, reject }
      }),
    send: (message) => void (child.connected && child.send(message)),
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.removeAllListeners('exit')
        child.once('exit', () => resolve())
        child.kill('SIGKILL')
      }),
  }
}
