import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exchange, type WireRequest, type WireResponse } from '@countersign/conformance'
import { type RunningSnippet, runSnippet } from '../snippets/snippet.ts'

export interface Running {
  send(request: WireRequest): Promise<WireResponse>
  output(): string
  stop(): void
}

/** Starts a server of this folder in a process of its own. */
export async function start(file: string, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const server = file.endsWith('.py') ? await startPython(file, env) : await runSnippet(`../migrate/${file}`, env)
  const port = Number(new URL(server.url).port)
  return { send: (request) => exchange(port, request), output: server.output, stop: server.stop }
}

/** A Python that has Flask-JWT-Extended, and its version; `undefined` where there is none. */
export const flask = ['/usr/bin/python3', 'python3'].flatMap((python) => {
  try {
    const code = 'import flask_jwt_extended; print(flask_jwt_extended.__version__)'
    const version = execFileSync(python, ['-c', code], { stdio: ['ignore', 'pipe', 'ignore'] }).toString()
    return [{ python, version: version.trim() }]
  } catch {
    return []
  }
})[0]

async function startPython(file: string, env: Readonly<Record<string, string>>): Promise<RunningSnippet> {
  if (!flask) throw new Error('no python3 here has flask_jwt_extended')
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child: ChildProcess = spawn(flask.python, [path], { env: { PATH: process.env.PATH, PORT: '0', ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  for (let tries = 0; ; tries++) {
    const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
    if (url) return { url, output: () => output, stop: () => child.kill() }
    if (child.exitCode !== null || tries === 200) throw new Error(`${file} does not listen:\n${output}`)
    await sleep(50)
  }
}

/** An answer in one line: the status, and what a client can tell by: the code, the message or the whole of a JSON body. */
export function say({ status, headers, body }: WireResponse, header?: string): string {
  const shown = header === undefined ? '' : ` ${header}: ${headers.find(([name]) => name === header)?.[1] ?? 'none'}`
  try {
    const value = JSON.parse(body.toString())
    const told = value.code ?? value.msg ?? JSON.stringify(value).replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '…')
    return `${status} ${told}${shown}`
  } catch {
    return `${status}${shown}`
  }
}
