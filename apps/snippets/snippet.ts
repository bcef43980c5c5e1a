import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const { PATH, NODE_COMPILE_CACHE } = process.env

export interface RunningSnippet {
  readonly url: string
  readonly output: () => string
  stop(): void
}

/** Where the snippets stand: in a rehearsal of a release, where somebody installed the packages. */
const FOLDER = process.env.SNIPPETS ? pathToFileURL(`${process.env.SNIPPETS}/`) : new URL('.', import.meta.url)

/** The file of a snippet. */
export const snippetFile = (name: string) => fileURLToPath(new URL(name, FOLDER))

const EXPRESS_4 = new URL('express4.mjs', import.meta.url).href

/** Whose handlers are async and refuse by throwing: Express 4 does not see that, and the process ends. */
const EXPRESS_5_ALONE: readonly string[] = ['flask-jwt-extended.ts', '../migrate/flask-jwt-extended.after.ts']

/** Flags under which a server gets the Express that is asked for: `EXPRESS=4`, else the one that is installed beside it. */
function flagsFor(name: string, express: string | undefined): readonly string[] {
  if (express !== '4') return []
  if (!EXPRESS_5_ALONE.includes(name)) return ['--import', EXPRESS_4]
  console.warn(`\n!!! ${name} is run on Express 5: it throws in async handlers, which Express 4 does not see\n`)
  return []
}

/** Runs a snippet as its reader would: in a process of its own, with nothing but a port and a store file told to it. */
export async function runSnippet(name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningSnippet> {
  const port = await freePort()
  const child: ChildProcess = spawn(
    process.execPath,
    [...flagsFor(name, env.EXPRESS ?? process.env.EXPRESS), snippetFile(name)],
    {
      env: { PATH, NODE_COMPILE_CACHE, PORT: `${port}`, STORE: ':memory:', ...env },
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries === 400) {
      child.kill()
      throw new Error(`${name} does not listen:\n${output}`)
    }
    if (await fetch(url).catch(() => undefined)) break
    await sleep(50)
  }
  return { url, output: () => output, stop: () => child.kill() }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
