// Redis and PostgreSQL of our own, on free ports of the loopback, that can be killed and started again with their data.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { postgres } from '../../packages/store-postgres/test/postgres.ts'
import { redis } from '../../packages/store-redis/test/redis.ts'
import type { Scope } from './fault.ts'

/** A database in processes of its own. */
export interface Database {
  readonly name: 'Redis' | 'PostgreSQL'
  readonly port: number
  /** For `STORE` of a host, by way of this port: the database's own, or that of a proxy before it. */
  address(port?: number): string
  /** SIGKILL to every process of it. */
  kill(): Promise<void>
  /** Resolves when it answers. */
  start(): Promise<void>
}

/** What this machine lacks to start one. */
export function missing(name: Database['name']): string | undefined {
  const program = name === 'Redis' ? 'redis-server' : join(postgresPrograms(), 'initdb')
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error ? `${program} on this machine` : undefined
}

/** Starts one, empty, with data that survive a kill. */
export async function startDatabase(name: Database['name'], scope: Scope): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-faults-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  const database = await (name === 'Redis' ? redisServer : postgresServer)(folder)
  scope.defer(() => database.kill())
  await database.start()
  return database
}

async function redisServer(folder: string): Promise<Database> {
  const port = await freePort()
  const flags = `--bind 127.0.0.1 --save  --appendonly yes --appendfsync always --dir ${folder}`.split(' ')
  const address = (at = port) => `redis://127.0.0.1:${at}?prefix=faults`
  return processes('Redis', port, address, {
    run: () => spawn('redis-server', ['--port', `${port}`, ...flags], { stdio: 'ignore' }),
    ask: () => redis(['PING'], `redis://127.0.0.1:${port}`),
  })
}

async function postgresServer(folder: string): Promise<Database> {
  const port = await freePort()
  const owner: { readonly uid?: number; readonly gid?: number } = process.getuid?.() === 0 ? idsOf('postgres') : {}
  const bin = postgresPrograms()
  const data = join(folder, 'data')
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid)
  const as = { ...owner, cwd: folder, stdio: 'ignore' } as const
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-E', 'UTF8', '-A', 'trust', '--no-sync'], as)
  const settings = [
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'shared_buffers=16MB',
  ]
  const address = (at = port) => `postgres://postgres@127.0.0.1:${at}/postgres`
  return processes('PostgreSQL', port, address, {
    run: () => spawn(join(bin, 'postgres'), ['-D', data, '-p', `${port}`, ...settings], as),
    ask: () => postgres('SELECT 1', [], address()),
  })
}

function processes(
  name: Database['name'],
  port: number,
  address: (port?: number) => string,
  { run, ask }: { readonly run: () => ChildProcess; readonly ask: () => Promise<unknown> },
): Database {
  let child: ChildProcess | undefined
  return {
    name,
    port,
    address,
    async kill() {
      if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      for (const pid of [child.pid, ...childrenOf(child.pid)]) signal(pid)
      await ended
    },
    async start() {
      child = run()
      const until = performance.now() + 10_000
      for (;;) {
        try {
          return void (await ask())
        } catch (error) {
          if (performance.now() > until || child.exitCode !== null) throw error
          await sleep(20)
        }
      }
    },
  }
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {} // it ended before
}

function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const [, , uid, gid] = (
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`${user}:`)) ?? ''
  ).split(':')
  if (!uid || !gid) throw new Error(`PostgreSQL does not run as root, and there is no user ${user}`)
  return { uid: Number(uid), gid: Number(gid) }
}

/** The folder of initdb and postgres: Debian keeps them off the PATH. */
function postgresPrograms(): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : []
  return versions[0] === undefined ? '' : join(root, versions[0], 'bin')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
