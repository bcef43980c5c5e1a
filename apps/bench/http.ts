// A protected route over sockets: a server process on one core, the load on the other.
import { randomBytes } from 'node:crypto'
import type { CandidateName } from './candidates.ts'
import { GROUPS, type Lane, TRAFFIC, type TrafficName } from './lanes.ts'
import { POST } from './post.ts'
import { type Algorithm, forged, type Settings, signer, USER } from './settings.ts'
import { FULL, type Progress, QUICK, type Server, startServer, takeTurns } from './turns.ts'

/** A candidate under one kind of traffic in one round, all its turns together. */
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
  /** For one turn; `at` counts the turns of the whole run, so that a token that shall be new is. */
  tokens(traffic: TrafficName, at: number): readonly string[]
}

const REPEATED = 512
const NEW = 2048 // in a turn: more than a server answers in it

/** All rounds. `progress` is told after each turn how many windows of how many are done. */
export async function http(options: HttpOptions, progress: Progress): Promise<Window[]> {
  const { rounds, quick, only = () => true } = options
  const times = quick ? QUICK : FULL
  const groups = GROUPS.map(({ bare, others }) => ({
    bare,
    others: others.filter(({ candidate }) => only(candidate)),
  })).filter(({ others }) => others.length > 0)
  const all = rounds * groups.flatMap(({ bare, others }) => [bare, ...others]).flatMap(({ asks }) => asks).length
  progress(0, all, 'signing tokens')
  const material: Partial<Record<Algorithm, Material>> = {
    RS256: await made('RS256', times.turns * (rounds + 1)),
    EdDSA: await made('EdDSA', 0),
  }
  const turned = await takeTurns(
    groups.map(({ bare, others }) => [bare, ...others].map((lane) => turning(lane, material))),
    { rounds, times },
    progress,
  )
  return turned.map(({ round, lane, ask, ...figures }) => ({
    round,
    candidate: lane.candidate,
    algorithm: lane.algorithm,
    traffic: ask.traffic as TrafficName,
    path: ask.path,
    requestsPerSecond: figures.requestsPerSecond,
    cpuPerRequest: figures.cpuPerRequest,
    serverBusy: figures.serverBusy,
    loadBusy: figures.loadBusy,
  }))
}

function turning({ candidate, algorithm, asks }: Lane, material: Partial<Record<Algorithm, Material>>) {
  const { settings, tokens } = material[algorithm] as Material
  return {
    name: candidate,
    candidate,
    algorithm,
    start: () => startServer(candidate, settings),
    asks: asks.map(({ traffic, path }) => ({
      traffic,
      path,
      ...TRAFFIC[traffic],
      ...(traffic === 'new' && { fresh: 'by turn' as const }),
      texts: ({ apiKey = settings.keys?.[0] }: Server, at: number) => texts(traffic, path, tokens(traffic, at), apiKey),
    })),
  }
}

/** A key and the tokens signed with it, once for all candidates: those that shall be new for so many turns, too. */
async function made(algorithm: Algorithm, turns: number): Promise<Material> {
  const { settings, token, tokens } = signer(algorithm)
  const some = Array.from({ length: REPEATED }, (_, number) => token(number))
  const fresh = await tokens(REPEATED, turns * NEW)
  const lists: Partial<Record<TrafficName, readonly string[]>> = {
    repeated: some,
    garbage: some.map((one) => [...one].reverse().join('')),
    forged: some.map(forged),
  }
  return {
    settings: { ...settings, keys: [randomBytes(32).toString('base64url')] },
    tokens: (traffic, at) => (traffic === 'new' ? fresh.slice(at * NEW, (at + 1) * NEW) : (lists[traffic] ?? [])),
  }
}

function texts(
  traffic: TrafficName,
  path: string,
  tokens: readonly string[],
  apiKey: string | undefined,
): readonly string[] {
  switch (traffic) {
    case 'absent':
      return [get(path)]
    case 'key': // @fastify/bearer-auth knows no other place
      return [get(path, path === '/keys' ? `X-API-Key: ${apiKey}\r\n` : `Authorization: Bearer ${apiKey}\r\n`)]
    case 'basic':
      return [get(path, `Authorization: Basic ${btoa(`${USER.username}:${USER.password}`)}\r\n`)]
    case 'body':
      return [post(path)]
    default:
      return tokens.map((one) => get(path, `Authorization: Bearer ${one}\r\n`))
  }
}

/** A GET as bytes, with further header lines. */
export function get(path: string, lines = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}Accept: application/json\r\n\r\n`
}

/** The POST of 0.6 KB, with further header lines. */
export function post(path: string, lines = ''): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}Content-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(POST)}\r\n\r\n${POST}`
  )
}
