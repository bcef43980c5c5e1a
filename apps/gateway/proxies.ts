// nginx, Caddy and HAProxy as they are installed, with the very files of docs/gateways, on ports of their own.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Started, start } from './processes.ts'

export const docs = (file: string) => new URL(`../../docs/gateways/${file}`, import.meta.url)

export interface Ports {
  readonly proxy: number
  readonly gateway: number
  readonly service: number
}

interface Proxy {
  readonly binary: string
  readonly file: string
  /** Files beside it. */
  readonly more?: readonly string[]
  args(file: string, folder: string): readonly string[]
  /** Whether it sends the body of a refusal on as the gateway wrote it. */
  readonly keepsBody: boolean
}

export const PROXIES: Readonly<Record<string, Proxy>> = {
  nginx: {
    binary: '/usr/sbin/nginx',
    file: 'nginx.conf',
    args: (file, folder) => ['-c', file, '-p', folder, '-e', 'stderr', '-g', directives(folder)],
    keepsBody: false,
  },
  Caddy: {
    binary: '/usr/bin/caddy',
    file: 'Caddyfile',
    args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
    keepsBody: true,
  },
  HAProxy: {
    binary: '/usr/sbin/haproxy',
    file: 'haproxy.cfg',
    more: ['auth-check.lua'],
    args: (file, folder) => ['-db', '-C', folder, '-f', file],
    keepsBody: true,
  },
}

/** What a test of nginx needs that no reader of the page does: no daemon, and nothing outside its folder. */
function directives(folder: string): string {
  return `daemon off; pid ${folder}/nginx.pid; error_log stderr;`
}

export function isInstalled(name: string): boolean {
  const there = existsSync((PROXIES[name] as Proxy).binary)
  if (!there) console.warn(`\n!!! ${name} is not installed (${PROXIES[name]?.binary}): its tests are left out\n`)
  return there
}

export async function startProxy(name: string, ports: Ports): Promise<Started> {
  const { binary, file, more = [], args } = PROXIES[name] as Proxy
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'))
  mkdirSync(join(folder, 'logs'))
  const place = (one: string) => {
    const text = readFileSync(docs(one), 'utf8')
      .replaceAll(':8080', `:${ports.proxy}`)
      .replaceAll(':3000', `:${ports.gateway}`)
      .replaceAll(':4000', `:${ports.service}`)
    writeFileSync(join(folder, one), text)
    return join(folder, one)
  }
  for (const one of more) place(one)
  const config = place(file)
  // Caddy writes its state below HOME, and by itself opens a port to be steered by.
  if (name === 'Caddy') writeFileSync(config, `{\n\tadmin off\n}\n${readFileSync(config, 'utf8')}`)
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }
  const running = await start(binary, args(config, folder), env, () => accepts(ports.proxy)).catch((error) => {
    rmSync(folder, { recursive: true })
    throw error
  })
  return {
    output: running.output,
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
