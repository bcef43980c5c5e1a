// Debian's Python clients, each in a process: `python3-requests-oauthlib`, `python3-authlib`.
import { execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PYTHON = '/usr/bin/python3'

/** Why they can't be run here; `undefined` where they can. */
export const noPython = missing()

function missing(): string | undefined {
  try {
    execFileSync(PYTHON, ['-c', 'import requests_oauthlib, authlib'], { stdio: 'ignore' })
    return undefined
  } catch {
    return '`apt-get install -y python3-requests-oauthlib python3-authlib`'
  }
}

/** Runs a script of `python/`. Where it prints an address first, `visit` says where the person came back to. Gives its last line. */
export async function python<T>(
  script: string,
  args: readonly string[],
  visit?: (url: string) => Promise<URL>,
): Promise<T> {
  const child = spawn(PYTHON, [fileURLToPath(new URL(`python/${script}`, import.meta.url)), ...args])
  let wrong = ''
  child.stderr.on('data', (chunk) => (wrong += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let last = ''
  for await (const line of createInterface({ input: child.stdout })) {
    if (visit && line.startsWith('http')) child.stdin.write(`${await visit(line)}\n`)
    else last = line
  }
  if ((await ended) !== 0) throw new Error(`${script} failed:\n${wrong}`)
  return JSON.parse(last) as T
}
