import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { World } from './case.ts'
import { makeKeys, mintWith, type TestKeys } from './mint.ts'
import { exchange } from './wire.ts'

export interface HostOptions {
  /** Flags for node, before the file: a loader that mutates a source, say. */
  readonly nodeFlags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** How it says on which port it listens: as the sample API's hosts do. */
  readonly listening?: RegExp
}

export interface RunningHost extends World {
  readonly output: () => string
  stop(): Promise<number | null>
}

const LISTENING = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/m
const ISSUER = 'https://sample.test'
const AUDIENCE = 'https://api.sample.test'
let shared: TestKeys | undefined

/** `colon`, password `a:b:c`: no demo user has a password with a colon, and THREATS B03 asks that one works. */
const COLON_USER = `
  CREATE TABLE users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL, roles TEXT NOT NULL);
  INSERT INTO users VALUES ('usr_colon', 'colon',
    '$argon2id$v=19$m=19456,t=2,p=1$RachsL/NBrE8EKV7b73CBg$ezVB8IlNflKI+k9SITSXIEkZMUGLvUJIygI3ONakkIg', 'reader');`

/** Starts a host of the sample API in a process of its own, as a user would, with demo data and keys that the suite knows. */
export async function startHost(main: string, options: HostOptions = {}): Promise<RunningHost> {
  const keys = (shared ??= makeKeys())
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  writeFileSync(join(folder, 'keys.json'), JSON.stringify(keys.jwks), { mode: 0o600 })
  const users = new DatabaseSync(join(folder, 'users.db'))
  users.exec(COLON_USER)
  users.close()
  const env = {
    PORT: '0',
    STORE: 'memory:',
    DB: `sqlite:${join(folder, 'users.db')}`,
    DEMO: '1',
    KEYS: join(folder, 'keys.json'),
    NODE_NO_WARNINGS: '1',
    // Hundreds of hosts start from the same sources: node keeps what it compiled, by the text of each.
    NODE_COMPILE_CACHE: join(tmpdir(), 'countersign-compiled'),
    ...options.env,
  }
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), main], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const stop = () => stopChild(child).finally(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const port = await listening(child, options.listening ?? LISTENING, () => output)
    const send: World['send'] = (request) => exchange(port, request)
    return {
      port,
      pid: child.pid as number,
      keys,
      demoKey: /^demo api key: (.+)$/m.exec(output)?.[1] ?? '',
      issuer: ISSUER,
      audience: AUDIENCE,
      mint: mintWith(keys, ISSUER, AUDIENCE),
      send,
      async login(username, password) {
        const response = await send({
          method: 'POST',
          path: '/login',
          headers: [['Content-Type', 'application/json']],
          body: JSON.stringify({ username, password }),
        })
        if (response.status !== 200) throw new Error(`login of ${username} got ${response.status}`)
        return JSON.parse(response.body.toString())
      },
      output: () => output,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function listening(child: ChildProcess, line: RegExp, output: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the host said nothing for 15 s:\n${output()}`)), 15_000)
    const look = () => {
      const port = line.exec(output())?.[1]
      if (!port) return
      clearTimeout(timer)
      resolve(Number(port))
    }
    child.stdout?.on('data', look)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the host ended with ${code} before it listened:\n${output()}`))
    })
  })
}

function stopChild(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(code)
    })
    child.kill('SIGTERM')
  })
}
