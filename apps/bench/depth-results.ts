// What the rounds of `npm run bench:depth` come to. Everything is compared within a round.
import type { DepthPart, Entrant } from './depth-groups.ts'
import type { DepthTimes } from './depth-inprocess.ts'
import type { DepthWindow } from './depth-run.ts'
import type { Machine } from './machine.ts'
import { paired } from './results.ts'
import { type Spread, spread } from './statistics.ts'

/** One entrant of a group, a value a round. */
export interface EntrantRow extends Omit<Entrant, 'against'> {
  readonly part: DepthPart
  readonly framework: 'Express' | 'Fastify'
  readonly what: string
  readonly against: string
  readonly requestsPerSecond: readonly number[]
  readonly cpuPerRequest: readonly number[]
  /** Of the bare route's requests a second in the same round; microseconds over those of the bare route. */
  readonly fraction?: readonly number[]
  readonly addedCpu?: readonly number[]
  readonly serverBusy: readonly number[]
  /** The largest share of its core that the load took. */
  readonly loadBusy: number
}
export interface DepthResults {
  readonly date: string
  readonly rounds: number
  readonly seconds: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly routes: readonly EntrantRow[]
  readonly inProcess: readonly DepthTimes[]
}

export function entrantRows(windows: readonly DepthWindow[]): EntrantRow[] {
  return [...Map.groupBy(windows, ({ group }) => group)].flatMap(([{ part, framework, what }, all]) => {
    const rounds = [...Map.groupBy(all, ({ entrant }) => entrant)].map(([entrant, own]) => {
      const sorted = own.toSorted((a, b) => a.round - b.round)
      return {
        ...{ part, framework, what, ...entrant, against: entrant.against ?? '' },
        requestsPerSecond: sorted.map(({ requestsPerSecond }) => requestsPerSecond),
        cpuPerRequest: sorted.map(({ cpuPerRequest }) => cpuPerRequest),
        serverBusy: sorted.map(({ serverBusy }) => serverBusy),
        loadBusy: Math.max(...own.map(({ loadBusy }) => loadBusy)),
      }
    })
    const bare = rounds.find(({ kind }) => kind === 'bare')
    return rounds.map((row) => ({
      ...row,
      ...(bare && {
        fraction: row.requestsPerSecond.map((value, at) => value / (bare.requestsPerSecond[at] as number)),
        addedCpu: row.cpuPerRequest.map((value, at) => value - (bare.cpuPerRequest[at] as number)),
      }),
    }))
  })
}

/** Ours beside a peer that does the same. */
export interface DepthComparison {
  readonly part: DepthPart
  readonly framework: EntrantRow['framework']
  readonly what: string
  readonly ours: string
  readonly peer: string
  /** Microseconds of CPU a request, ours less theirs. */
  readonly difference: Spread
  /** Requests a second, ours over theirs. */
  readonly faster: Spread
  /** Of the difference: the quartiles are on one side of nothing, or they are not. */
  readonly says: 'less' | 'more' | 'within the spread'
}

export function depthComparisons({ routes }: Pick<DepthResults, 'routes'>): DepthComparison[] {
  return routes
    .filter(({ kind }) => kind === 'ours')
    .flatMap((ours) =>
      routes.filter((peer) => peer.kind === 'peer' && isSameWork(ours, peer)).map((peer) => compared(ours, peer)),
    )
}

function isSameWork(a: EntrantRow, b: EntrantRow): boolean {
  return (['part', 'framework', 'what', 'against'] as const).every((name) => a[name] === b[name])
}

function compared(ours: EntrantRow, peer: EntrantRow): DepthComparison {
  const difference = paired(ours.cpuPerRequest, peer.cpuPerRequest, (a, b) => a - b)
  return {
    ...{ part: ours.part, framework: ours.framework, what: ours.what, ours: ours.label, peer: peer.label },
    difference,
    faster: paired(ours.requestsPerSecond, peer.requestsPerSecond, (a, b) => a / b),
    says: difference.high < 0 ? 'less' : difference.low > 0 ? 'more' : 'within the spread',
  }
}

export interface DepthGoal {
  readonly what: string
  readonly wanted: string
  readonly figure: Spread
  readonly met: boolean
}

const EVENT = 5 // microseconds

/** The one goal that was set: what an event costs the request that it is about. */
export function depthGoals({ inProcess }: Pick<DepthResults, 'inProcess'>): DepthGoal[] {
  return inProcess
    .filter(({ lane }) => lane.startsWith('an event'))
    .map(({ lane, values }) => {
      const figure = spread(values)
      return {
        what: `${lane}, on the request path`,
        wanted: `at most ${EVENT} µs`,
        figure,
        met: figure.median <= EVENT,
      }
    })
}
