// Servers take turns: each a process that stays, on one core, under the load, on the other.
import type { Length, LoadAnswer, LoadRequest } from './load.ts'
import { type Child, startChild } from './process.ts'
import type { CpuAnswer, Listening } from './serve.ts'
import { rotated } from './statistics.ts'

/** A server process, which stays for all rounds: what is compared is code that has been running for a while. */
export interface Server extends Listening {
  readonly child: Child
  readonly port: number
  /** A process that works for it on the load's core, and counts as load. */
  readonly behind?: Child
}

/** What a server is asked in a turn. */
export interface Ask {
  /** What is compared under one kind of traffic comes one after the other. */
  readonly traffic: string
  readonly path: string
  /** That every answer must have. */
  readonly status: number
  readonly says: string
  /** `by turn`: other texts each turn. `once`: and none is sent twice, or the run would fail. */
  readonly fresh?: 'by turn' | 'once'
  /** Requests as bytes, for one turn; `at` counts the turns of the whole run, warming included. */
  texts(server: Server, at: number): readonly string[]
}

/** A server and all that it is asked. */
export interface Lane<A extends Ask = Ask> {
  readonly name: string
  readonly asks: readonly A[]
  start(): Promise<Server>
}

/** One ask of one lane in one round, all its turns together. */
export interface Turned<L> {
  readonly round: number
  readonly lane: L
  readonly ask: Ask
  readonly requestsPerSecond: number
  /** Microseconds of the server process, all threads. */
  readonly cpuPerRequest: number
  /** Shares of a core: the load must not be what is full. */
  readonly serverBusy: number
  readonly loadBusy: number
}

export interface Times {
  /** In a round: what else the machine does for a second then hits all of them alike. */
  readonly turns: number
  /** Each kind of traffic, before the first round: until the compiler is done. Users' servers run for days. */
  readonly start: Length
  /** Before each turn: until caches of the processor hold this server again. */
  readonly warm: Length
  readonly measure: Length
}
export const FULL: Times = {
  turns: 8,
  start: { milliseconds: 1000, atLeast: 8000 },
  warm: { milliseconds: 25, atLeast: 600 },
  measure: { milliseconds: 60, atLeast: 400 },
}
export const QUICK: Times = {
  turns: 1,
  start: { milliseconds: 40, atLeast: 100 },
  warm: { milliseconds: 20, atLeast: 50 },
  measure: { milliseconds: 60, atLeast: 100 },
}
const CONNECTIONS = 32

export type Progress = (done: number, all: number, what: string) => void

/** All rounds of these groups. `progress` is told after each turn how many windows of how many are done. */
export async function takeTurns<L extends Lane>(
  groups: readonly (readonly L[])[],
  { rounds, times }: { readonly rounds: number; readonly times: Times },
  progress: Progress,
): Promise<Turned<L>[]> {
  const lanes = groups.flat()
  const all = rounds * lanes.flatMap(({ asks }) => asks).length
  const load = startChild('load', 'load.ts')
  const servers = new Map<L, Server>()
  const done: Turned<L>[] = []
  try {
    for (const [at, lane] of lanes.entries()) {
      progress(0, all, `${at + 1} of ${lanes.length} servers: warming ${lane.name}`)
      const server = await lane.start()
      servers.set(lane, server)
      await tell(load, { kind: 'open', port: server.port, connections: CONNECTIONS })
      for (const ask of lane.asks) await warm(ask, server, load, times)
    }
    for (let round = 0; round < rounds; round++)
      for (const group of rotated(groups, round)) {
        const sums = new Map<Ask, { lane: L; spent: Spent }>()
        for (let turn = 0; turn < times.turns; turn++)
          for (const { lane, ask } of byTraffic(rotated(group, round + turn))) {
            const more = await turnOf(ask, servers.get(lane) as Server, (round + 1) * times.turns + turn, load, times)
            sums.set(ask, { lane, spent: added(sums.get(ask)?.spent, more) })
            const windows = done.length + sums.size * ((turn + 1) / times.turns)
            progress(Math.floor(windows), all, `${lane.name}, ${ask.says}`)
          }
        for (const [ask, { lane, spent }] of sums) done.push({ round, lane, ask, ...figures(spent) })
      }
  } finally {
    const children = [...servers.values()].flatMap(({ child, behind }) => (behind ? [child, behind] : [child]))
    await Promise.all([load, ...children].map((child) => child.stop()))
  }
  return done
}

/** A candidate as a process, once it listens. */
export async function startServer(name: string, settings: object): Promise<Server> {
  const child = startChild('server', 'serve.ts', [name], { SETTINGS: JSON.stringify(settings) })
  const { url, apiKey } = await child.answer<Listening>()
  return { child, url, port: Number(new URL(url).port), ...(apiKey !== undefined && { apiKey }) }
}

/** What a turn took: milliseconds by the clock, microseconds of CPU. */
interface Spent {
  readonly requests: number
  readonly milliseconds: number
  readonly serverCpu: number
  readonly loadCpu: number
}

function byTraffic<L extends Lane>(lanes: readonly L[]): { lane: L; ask: Ask }[] {
  const asks = lanes.flatMap((lane) => lane.asks.map((ask) => ({ lane, ask })))
  return [...Map.groupBy(asks, ({ ask }) => ask.traffic).values()].flat()
}

function added(sum: Spent | undefined, more: Spent): Spent {
  if (!sum) return more
  return {
    requests: sum.requests + more.requests,
    milliseconds: sum.milliseconds + more.milliseconds,
    serverCpu: sum.serverCpu + more.serverCpu,
    loadCpu: sum.loadCpu + more.loadCpu,
  }
}

function figures({ requests, milliseconds, serverCpu, loadCpu }: Spent) {
  return {
    requestsPerSecond: (requests * 1000) / milliseconds,
    cpuPerRequest: serverCpu / requests,
    serverBusy: serverCpu / 1000 / milliseconds,
    loadBusy: loadCpu / 1000 / milliseconds,
  }
}

async function warm(ask: Ask, server: Server, load: Child, times: Times): Promise<void> {
  const { status, fresh } = ask
  // What is sent once is not enough for a long run: as many short ones.
  const length = fresh === 'once' ? times.measure : times.start
  for (let turn = 0; turn < (fresh ? times.turns : 1) * (fresh === 'once' ? 2 : 1); turn++) {
    await tell(load, { kind: 'requests', texts: ask.texts(server, turn) })
    await run(load, { kind: 'run', status, ...length })
  }
}

/** One turn of a server: the load comes to it, warms it and is measured. */
async function turnOf(ask: Ask, server: Server, at: number, load: Child, times: Times): Promise<Spent> {
  const { status } = ask
  const { child, port, behind } = server
  await tell(load, { kind: 'open', port, connections: CONNECTIONS })
  await tell(load, { kind: 'requests', texts: ask.texts(server, at) })
  await run(load, { kind: 'run', status, ...times.warm })
  const helped = behind && (await cpuOf(behind))
  const before = await cpuOf(child)
  const { requests, milliseconds, cpu } = await run(load, { kind: 'run', status, ...times.measure })
  const serverCpu = (await cpuOf(child)) - before
  const more = behind ? (await cpuOf(behind)) - (helped as number) : 0
  return { requests, milliseconds, serverCpu, loadCpu: cpu + more }
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
