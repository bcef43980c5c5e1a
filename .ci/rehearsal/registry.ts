// A registry of our own on the loopback: it keeps what is published, and hands on everything else from the registry that
// npm is set up for.
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../packages.ts'
import { shell } from '../shell.ts'

export interface Registry {
  readonly url: string
  /** An npm configuration that names this registry, and has no token. */
  readonly reader: string
  /** Who has it may publish. */
  readonly token: string
  stop(): void
}

export async function startRegistry(scratch: string): Promise<Registry> {
  const folder = join(scratch, 'registry')
  mkdirSync(folder, { recursive: true })
  // Read when it runs: no file of the workspace names a registry.
  const uplink = (await shell('npm', ['config', 'get', 'registry'], { cwd: folder })).trim()
  const port = await freePort()
  const config = join(folder, 'config.json')
  const ours = { access: '$all', publish: '$authenticated' }
  writeFileSync(
    config,
    JSON.stringify({
      storage: join(folder, 'storage'),
      auth: { htpasswd: { file: join(folder, 'htpasswd'), max_users: 1 } },
      uplinks: { uplink: { url: uplink, maxage: '1h', timeout: '60s', max_fails: 100 } },
      // No proxy for our own names: what is asked for was published here, or is not there.
      packages: { '@countersign/*': ours, countersign: ours, '**': { access: '$all', proxy: 'uplink' } },
      web: { enable: false },
      log: { type: 'stdout', format: 'pretty', level: 'warn' },
    }),
  )
  const manifest = createRequire(join(root, 'package.json')).resolve('verdaccio/package.json')
  const log = createWriteStream(join(folder, 'log'))
  const child = spawn(
    process.execPath,
    [join(dirname(manifest), 'bin', 'verdaccio'), '--config', config, '--listen', `127.0.0.1:${port}`],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  child.stdout.pipe(log)
  child.stderr.pipe(log)
  const url = `http://127.0.0.1:${port}/`
  for (let tries = 0; !(await fetch(`${url}-/ping`).catch(() => undefined))?.ok; tries++) {
    if (child.exitCode !== null || tries === 150) throw new Error(`the registry does not start: see ${folder}/log`)
    await sleep(100)
  }
  const token = await signUp(url)
  const reader = join(folder, 'reader.npmrc')
  writeFileSync(reader, `registry=${url}\n`)
  return { url, reader, token, stop: () => child.kill() }
}

async function signUp(url: string): Promise<string> {
  const response = await fetch(`${url}-/user/org.couchdb.user:releaser`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'releaser', password: crypto.randomUUID() }),
  })
  const { token } = (await response.json()) as { token?: string }
  if (!token) throw new Error(`the registry gives no token: ${response.status}`)
  return token
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
