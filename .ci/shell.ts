import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { root } from './packages.ts'

export interface Where {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** After so many milliseconds it is ended. */
  readonly timeout?: number
}

/** What went wrong with a command: all that it printed, and the command. */
export class CommandFailed extends Error {}

/** Runs a command to its end: what it printed to stdout. Throws with all its output when it fails. */
export function shell(command: string, args: readonly string[], where: Where = {}): Promise<string> {
  const { cwd = root, env = process.env, input, timeout = 300_000 } = where
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { cwd, env, timeout, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout)
        const output = `${stdout}${stderr}`.trim()
        reject(new CommandFailed(`${command} ${args.join(' ').slice(0, 200)}\n${output || error.message}`))
      },
    )
    child.stdin?.on('error', () => {}) // it may have ended before it read
    child.stdin?.end(input ?? '')
  })
}

/** The environment without what npm, pnpm and yarn tell their children, and with the workspace's own tools first. */
export function plainEnv(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|yarn_|init_cwd$|node_options$)/i.test(name),
  )
  const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`
  return { ...Object.fromEntries(kept), PATH: path, NODE_NO_WARNINGS: '1', ...more }
}
