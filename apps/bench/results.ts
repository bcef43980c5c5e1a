// What the rounds come to. Everything is compared within a round, and the medians are taken of the comparisons.
import type { CandidateName } from './candidates.ts'
import { CANDIDATES, type Candidate } from './candidates.ts'
import type { Window } from './http.ts'
import type { InProcessRow } from './inprocess.ts'
import type { Machine } from './machine.ts'
import { type Spread, spread } from './statistics.ts'

/** One candidate under one kind of traffic, a value a round. */
export interface RouteRow {
  readonly framework: Candidate['framework']
  readonly candidate: CandidateName
  readonly label: string
  readonly kind: Candidate['kind']
  readonly algorithm: Window['algorithm']
  readonly traffic: Window['traffic']
  readonly path: string
  readonly requestsPerSecond: readonly number[]
  readonly cpuPerRequest: readonly number[]
  /** Of the bare route's requests a second in the same round. */
  readonly fraction?: readonly number[]
  /** Microseconds over those of the bare route in the same round. */
  readonly addedCpu?: readonly number[]
  /** The largest share of its core that the load took: far below 1, or the load was what was measured. */
  readonly loadBusy: number
  /** The share of its core that the server took: near 1, or something else was waited for. */
  readonly serverBusy: readonly number[]
}

export interface Results {
  readonly date: string
  readonly rounds: number
  readonly seconds: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly routes: readonly RouteRow[]
  readonly inProcess: readonly InProcessRow[]
}

/** Windows to rows: a row for each candidate, traffic and path; the two bare windows of a round count as one. */
export function routeRows(windows: readonly Window[]): RouteRow[] {
  const groups = Map.groupBy(windows, ({ candidate, algorithm, traffic, path }) =>
    [candidate, algorithm, traffic, path].join(' '),
  )
  return [...groups.values()].map((own) => {
    const { candidate, algorithm, traffic, path } = own[0] as Window
    const { framework, label, kind }: Candidate = CANDIDATES[candidate]
    const rounds = [...new Set(own.map(({ round }) => round))]
    const values = (read: (window: Window) => number) =>
      rounds.map((round) => mean(own.filter((window) => window.round === round).map(read)))
    const bare = (round: number, read: (window: Window) => number) => {
      const found = windows.filter(
        (one) =>
          one.round === round &&
          one.algorithm === algorithm &&
          one.traffic === traffic &&
          CANDIDATES[one.candidate].kind === 'bare' &&
          CANDIDATES[one.candidate].framework === framework,
      )
      // At the same path, where the bare server is asked there too.
      const same = found.filter((one) => one.path === path)
      return found.length === 0 ? undefined : mean((same.length > 0 ? same : found).map(read))
    }
    const compared = (read: (window: Window) => number, compare: (value: number, bare: number) => number) => {
      const all = values(read).map((value, at) => {
        const other = bare(rounds[at] as number, read)
        return other === undefined ? undefined : compare(value, other)
      })
      return all.every((one) => one !== undefined) ? all : undefined
    }
    const fraction = compared(
      ({ requestsPerSecond }) => requestsPerSecond,
      (value, other) => value / other,
    )
    const addedCpu = compared(
      ({ cpuPerRequest }) => cpuPerRequest,
      (value, other) => value - other,
    )
    return {
      framework,
      candidate,
      label,
      kind,
      algorithm,
      traffic,
      path,
      requestsPerSecond: values(({ requestsPerSecond }) => requestsPerSecond),
      cpuPerRequest: values(({ cpuPerRequest }) => cpuPerRequest),
      ...(fraction && { fraction }),
      ...(addedCpu && { addedCpu }),
      loadBusy: Math.max(...own.map(({ loadBusy }) => loadBusy)),
      serverBusy: values(({ serverBusy }) => serverBusy),
    }
  })
}

/** Two rows round by round. */
export function paired(a: readonly number[], b: readonly number[], compare: (a: number, b: number) => number): Spread {
  if (a.length !== b.length) throw new RangeError('rows of a different number of rounds')
  return spread(a.map((value, at) => compare(value, b[at] as number)))
}

/** For JSON: three decimals are more than there is to know. */
export function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
