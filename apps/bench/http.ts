// A protected route over sockets: a server process on one core, the load on the other.
import { randomBytes } from 'node:crypto'
import type { CandidateName } from './candidates.ts'
import { GROUPS, type Lane, TRAFFIC, type TrafficName } from './lanes.ts'
import type { Length, LoadAnswer, LoadRequest } from './load.ts'
import { POST } from './post.ts'
import { type Child, startChild } from './process.ts'
import type { CpuAnswer, Listening } from './serve.ts'
import { type Algorithm, forged, type Settings, signer, USER } from './settings.ts'
import { rotated } from './statistics.ts'

/** One window: a candidate under one kind of traffic in one round. */
export interface Window {
  readonly round: number
  readonly candidate: CandidateName
  readonly algorithm: Algorithm
  readonly traffic: TrafficName
  readonly path: string
  readonly requestsPerSecond: number
  /** Microseconds of the server process, all threads. */
  readonly cpuPerRequest: number
  /** Shares of a core: the load must not be what is full. */
  readonly serverBusy: number
  readonly loadBusy: number
}

export interface HttpOptions {
  readonly rounds: number
  readonly quick: boolean
  /** Only these candidates, besides the bare servers. */
  readonly only?: (candidate: CandidateName) => boolean
}

interface Material {
  readonly settings: Settings
  readonly tokens: Partial<Record<TrafficName, readonly string[]>>
}

const CONNECTIONS = 32
const REPEATED = 512
const NEW = 12_288 // more than any cache here holds

interface Times {
  /** Each kind of traffic, before the first round: until the compiler is done. Users' servers run for days. */
  readonly start: Length
  /** Before each window: until caches of the processor hold this server again. */
  readonly warm: Length
  readonly measure: Length
}
const FULL: Times = {
  start: { milliseconds: 1000, atLeast: 8000 },
  warm: { milliseconds: 100, atLeast: 1500 },
  measure: { milliseconds: 500, atLeast: 3000 },
}
const QUICK: Times = {
  start: { milliseconds: 40, atLeast: 100 },
  warm: { milliseconds: 20, atLeast: 50 },
  measure: { milliseconds: 60, atLeast: 100 },
}

/** All rounds. `progress` is told after each window how many of how many are done. */
export async function http(
  options: HttpOptions,
  progress: (done: number, all: number, what: string) => void,
): Promise<Window[]> {
  const { rounds, quick, only = () => true } = options
  const times = quick ? QUICK : FULL
  const groups = GROUPS.map(({ bare, others }) => ({
    bare,
    others: others.filter(({ candidate }) => only(candidate)),
  })).filter(({ others }) => others.length > 0)
  const all = rounds * groups.flatMap(({ bare, others }) => [bare, ...others, bare]).flatMap(({ asks }) => asks).length
  const material: Partial<Record<Algorithm, Material>> = { RS256: made('RS256', quick), EdDSA: made('EdDSA', quick) }
  const load = startChild('load', 'load.ts')
  const servers = new Map<string, Server>()
  const windows: Window[] = []
  try {
    const lanes = groups.flatMap(({ bare, others }) => [bare, ...others])
    for (const [at, lane] of lanes.entries()) {
      progress(0, all, `${at + 1} of ${lanes.length} servers: warming ${lane.candidate}`)
      const server = await started(lane, (material[lane.algorithm] as Material).settings)
      servers.set(nameOf(lane), server)
      await warm(lane, server, (material[lane.algorithm] as Material).tokens, load, times)
    }
    for (let round = 0; round < rounds; round++)
      for (const { bare, others } of rotated(groups, round))
        for (const lane of [bare, ...rotated(others, round), bare]) {
          const { tokens } = material[lane.algorithm] as Material
          for await (const window of ask(lane, servers.get(nameOf(lane)) as Server, tokens, load, times)) {
            windows.push({ round, ...window })
            progress(windows.length, all, `${lane.candidate}, ${TRAFFIC[window.traffic].says}`)
          }
        }
  } finally {
    await Promise.all([load, ...[...servers.values()].map(({ child }) => child)].map((child) => child.stop()))
  }
  return windows
}

/** A server process, which stays for all rounds: what is compared is code that has been running for a while. */
interface Server extends Listening {
  readonly child: Child
  readonly port: number
}

const nameOf = ({ candidate, algorithm, asks }: Lane) =>
  `${candidate} ${algorithm} ${asks.map(({ traffic, path }) => traffic + path).join(' ')}`

async function started({ candidate }: Lane, settings: Settings): Promise<Server> {
  const child = startChild('server', 'serve.ts', [candidate], { SETTINGS: JSON.stringify(settings) })
  const { url, apiKey = settings.keys?.[0] } = await child.answer<Listening>()
  return { child, url, port: Number(new URL(url).port), ...(apiKey !== undefined && { apiKey }) }
}

async function warm({ asks }: Lane, { port, apiKey }: Server, tokens: Material['tokens'], load: Child, times: Times) {
  await tell(load, { kind: 'open', port, connections: CONNECTIONS })
  for (const { traffic, path } of asks) {
    await tell(load, { kind: 'requests', texts: texts(traffic, path, tokens, apiKey) })
    await run(load, { kind: 'run', status: TRAFFIC[traffic].status, ...times.start })
  }
}

/** Sends a server its traffic, kind after kind. */
async function* ask(
  { candidate, algorithm, asks }: Lane,
  { child, port, apiKey }: Server,
  tokens: Material['tokens'],
  load: Child,
  times: Times,
): AsyncGenerator<Omit<Window, 'round'>> {
  await tell(load, { kind: 'open', port, connections: CONNECTIONS })
  for (const { traffic, path } of asks) {
    const { status } = TRAFFIC[traffic]
    await tell(load, { kind: 'requests', texts: texts(traffic, path, tokens, apiKey) })
    await run(load, { kind: 'run', status, ...times.warm })
    const before = await cpuOf(child)
    const done = await run(load, { kind: 'run', status, ...times.measure })
    const used = (await cpuOf(child)) - before
    yield {
      candidate,
      algorithm,
      traffic,
      path,
      requestsPerSecond: (done.requests * 1000) / done.milliseconds,
      cpuPerRequest: used / done.requests,
      serverBusy: used / 1000 / done.milliseconds,
      loadBusy: done.cpu / 1000 / done.milliseconds,
    }
  }
}

async function cpuOf(server: Child): Promise<number> {
  server.send({ kind: 'cpu' })
  return (await server.answer<CpuAnswer>()).cpu
}

async function tell(load: Child, message: LoadRequest): Promise<void> {
  load.send(message)
  await load.answer()
}

function run(load: Child, message: LoadRequest): Promise<LoadAnswer> {
  load.send(message)
  return load.answer<LoadAnswer>()
}

/** A key and the tokens signed with it, once for all rounds and all candidates. */
function made(algorithm: Algorithm, quick: boolean): Material {
  const { settings, token } = signer(algorithm)
  const many = algorithm === 'RS256' ? (quick ? 2048 : NEW) : REPEATED
  const good = Array.from({ length: many }, (_, number) => token(number))
  const some = good.slice(0, REPEATED)
  return {
    settings: { ...settings, keys: [randomBytes(32).toString('base64url')] },
    tokens: {
      repeated: some,
      new: good,
      garbage: some.map((one) => [...one].reverse().join('')),
      forged: some.map(forged),
    },
  }
}

function texts(
  traffic: TrafficName,
  path: string,
  tokens: Material['tokens'],
  apiKey: string | undefined,
): readonly string[] {
  const get = (header: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${header}Accept: application/json\r\n\r\n`
  const bearers = (list: readonly string[]) => list.map((one) => get(`Authorization: Bearer ${one}\r\n`))
  switch (traffic) {
    case 'absent':
      return [get('')]
    case 'key': // @fastify/bearer-auth knows no other place
      return [get(path === '/keys' ? `X-API-Key: ${apiKey}\r\n` : `Authorization: Bearer ${apiKey}\r\n`)]
    case 'basic':
      return [get(`Authorization: Basic ${btoa(`${USER.username}:${USER.password}`)}\r\n`)]
    case 'body':
      return [
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${Buffer.byteLength(POST)}\r\n\r\n${POST}`,
      ]
    default:
      return bearers(tokens[traffic] ?? [])
  }
}
