// What the rounds come to: a value a round, and the comparisons made within a round.

import type { EndpointWindow } from './life-endpoint.ts'
import {
  ENDPOINT_ALGORITHMS,
  type EndpointName,
  type EndpointSettings,
  GRANTS,
  type Grant,
} from './life-endpoint-candidates.ts'
import type { LaneRow } from './life-lanes.ts'
import type { PartName } from './life-parts.ts'
import type { Machine } from './machine.ts'
import { paired } from './results.ts'
import type { Spread } from './statistics.ts'

/** One lane of a part: microseconds a time, a value a round. */
export interface PartRow {
  readonly part: PartName
  readonly lane: string
  readonly cpu: readonly number[]
  readonly wall: readonly number[]
  /** What it holds in memory. */
  readonly bytes?: number
}
export interface EndpointRow {
  readonly endpoint: EndpointName
  readonly algorithm: EndpointSettings['algorithm']
  readonly grant: Grant
  readonly requestsPerSecond: readonly number[]
  readonly cpuPerRequest: readonly number[]
  readonly serverBusy: readonly number[]
  /** The largest share of its core that the load took. */
  readonly loadBusy: number
}
export interface LifeResults {
  readonly date: string
  readonly rounds: number
  readonly seconds: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** Stores that did not answer. */
  readonly missing: readonly string[]
  readonly parts: readonly PartRow[]
  readonly endpoints: readonly EndpointRow[]
}

export function partRows(
  part: PartName,
  rounds: readonly (readonly LaneRow[])[],
  bytes: Readonly<Record<string, number>>,
): PartRow[] {
  const lanes = rounds[0]?.map(({ lane }) => lane) ?? []
  return lanes.map((lane) => {
    const own = rounds.flatMap((rows) => rows.filter((row) => row.lane === lane))
    const held = bytes[lane]
    return {
      part,
      lane,
      cpu: own.map(({ cpu }) => cpu),
      wall: own.map(({ wall }) => wall),
      ...(held !== undefined && { bytes: held }),
    }
  })
}

export function endpointRows(windows: readonly EndpointWindow[]): EndpointRow[] {
  const groups = Map.groupBy(windows, ({ endpoint, algorithm, grant }) => [grant, algorithm, endpoint].join(' '))
  return [...groups.values()].map((all) => {
    const own = all.toSorted((a, b) => a.round - b.round)
    const { endpoint, algorithm, grant } = own[0] as EndpointWindow
    return {
      ...{ endpoint, algorithm, grant },
      requestsPerSecond: own.map(({ requestsPerSecond }) => requestsPerSecond),
      cpuPerRequest: own.map(({ cpuPerRequest }) => cpuPerRequest),
      serverBusy: own.map(({ serverBusy }) => serverBusy),
      loadBusy: Math.max(...own.map(({ loadBusy }) => loadBusy)),
    }
  })
}

/** Our endpoint beside oidc-provider's. */
export interface Comparison {
  readonly grant: Grant
  readonly algorithm: EndpointSettings['algorithm']
  /** Requests a second, ours over theirs. */
  readonly faster: Spread
  /** Server CPU a request, theirs over ours. */
  readonly cheaper: Spread
  /** What `faster` must be; with RS256 the signature is nearly all there is, and nothing is asked. */
  readonly wanted?: number
  readonly met?: boolean
}

export function comparisons({ endpoints }: Pick<LifeResults, 'endpoints'>): Comparison[] {
  return (Object.keys(GRANTS) as Grant[]).flatMap((grant) =>
    ENDPOINT_ALGORITHMS.flatMap((algorithm) => {
      const of = (name: EndpointName) =>
        endpoints.find((one) => one.endpoint === name && one.grant === grant && one.algorithm === algorithm)
      const [ours, theirs] = [of('ours'), of('oidc')]
      if (!ours || !theirs) return []
      const faster = paired(ours.requestsPerSecond, theirs.requestsPerSecond, (a, b) => a / b)
      const cheaper = paired(theirs.cpuPerRequest, ours.cpuPerRequest, (a, b) => a / b)
      const wanted = algorithm === 'RS256' ? {} : { wanted: 2, met: faster.median >= 2 }
      return [{ grant, algorithm, faster, cheaper, ...wanted }]
    }),
  )
}
