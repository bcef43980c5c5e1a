// Token endpoints over sockets: a server process on one core, the load on the other. Servers stay for all rounds.
import {
  ENDPOINT_ALGORITHMS,
  ENDPOINTS,
  type EndpointName,
  type EndpointSettings,
  GRANTS,
  type Grant,
} from './life-endpoint-candidates.ts'
import type { TokenLoadOrder } from './life-load.ts'
import type { EndpointOrder, SessionsAnswer } from './life-serve.ts'
import type { LoadAnswer } from './load.ts'
import { type Child, startChild } from './process.ts'
import type { CpuAnswer, Listening } from './serve.ts'
import { type Jwk, signer } from './settings.ts'
import { rotated } from './statistics.ts'

/** One endpoint under one grant in one round. */
export interface EndpointWindow {
  readonly round: number
  readonly endpoint: EndpointName
  readonly algorithm: EndpointSettings['algorithm']
  readonly grant: Grant
  readonly requestsPerSecond: number
  /** Microseconds of the server process, all threads. */
  readonly cpuPerRequest: number
  /** Shares of a core: the load must not be what is full. */
  readonly serverBusy: number
  readonly loadBusy: number
}

const CONNECTIONS = 32
const FULL = {
  start: { milliseconds: 800, atLeast: 1000 },
  warm: { milliseconds: 80, atLeast: 100 },
  measure: { milliseconds: 400, atLeast: 300 },
}
const QUICK = {
  start: { milliseconds: 30, atLeast: 40 },
  warm: { milliseconds: 20, atLeast: 40 },
  measure: { milliseconds: 60, atLeast: 40 },
}

interface Server {
  readonly child: Child
  readonly port: number
  readonly endpoint: EndpointName
  readonly settings: EndpointSettings
}

/** All rounds. `progress` is told after each window. */
export async function tokenEndpoints(
  { rounds, quick }: { readonly rounds: number; readonly quick: boolean },
  progress: (done: number, all: number, what: string) => void,
): Promise<EndpointWindow[]> {
  const times = quick ? QUICK : FULL
  const grants = Object.keys(GRANTS) as Grant[]
  const all = ENDPOINT_ALGORITHMS.length * 2 * grants.length * (rounds + 1)
  const load = startChild('load', 'life-load.ts')
  const pairs: Server[][] = []
  const windows: EndpointWindow[] = []
  let done = 0
  const window = async (server: Server, grant: Grant, round: number, warm = times.warm) => {
    const { endpoint, child, port, settings } = server
    const { algorithm, audience } = settings
    const sessions = grant === 'refresh_token' ? await begun(child) : Array.from({ length: CONNECTIONS }, () => '')
    await tell(load, { kind: 'open', port, audience, grant, sessions })
    await run(load, { kind: 'run', ...warm })
    const before = await cpuOf(child)
    const { requests, milliseconds, cpu } = await run(load, { kind: 'run', ...times.measure })
    const used = (await cpuOf(child)) - before
    progress(++done, all, `${ENDPOINTS[endpoint]}, ${algorithm}, ${GRANTS[grant]}`)
    return {
      ...{ round, endpoint, algorithm, grant },
      requestsPerSecond: (requests * 1000) / milliseconds,
      cpuPerRequest: used / requests,
      serverBusy: used / 1000 / milliseconds,
      loadBusy: cpu / 1000 / milliseconds,
    }
  }
  try {
    for (const algorithm of ENDPOINT_ALGORITHMS) {
      const pair: Server[] = []
      pairs.push(pair)
      const { issuer, audience, signingJwk } = signer(algorithm).settings
      for (const endpoint of Object.keys(ENDPOINTS) as EndpointName[])
        pair.push(await started(endpoint, { algorithm, issuer, audience, signingJwk: signingJwk as Jwk }))
      for (const server of pair) for (const grant of grants) await window(server, grant, -1, times.start)
    }
    for (let round = 0; round < rounds; round++)
      for (const pair of rotated(pairs, round))
        for (const grant of rotated(grants, round))
          for (const server of rotated(pair, round)) windows.push(await window(server, grant, round))
  } finally {
    await Promise.all([load, ...pairs.flat().map(({ child }) => child)].map((child) => child.stop()))
  }
  return windows
}

async function started(endpoint: EndpointName, settings: EndpointSettings): Promise<Server> {
  const child = startChild('server', 'life-serve.ts', [endpoint], { SETTINGS: JSON.stringify(settings) })
  const { url } = await child.answer<Listening>()
  return { child, port: Number(new URL(url).port), endpoint, settings }
}

/** A new session for each connection. */
async function begun(child: Child): Promise<readonly string[]> {
  child.send({ kind: 'sessions', count: CONNECTIONS } satisfies EndpointOrder)
  return (await child.answer<SessionsAnswer>()).tokens
}

async function cpuOf(child: Child): Promise<number> {
  child.send({ kind: 'cpu' } satisfies EndpointOrder)
  return (await child.answer<CpuAnswer>()).cpu
}

async function tell(load: Child, order: TokenLoadOrder): Promise<void> {
  load.send(order)
  await load.answer()
}

function run(load: Child, order: TokenLoadOrder): Promise<LoadAnswer> {
  load.send(order)
  return load.answer<LoadAnswer>()
}
