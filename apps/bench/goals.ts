// The goals, each computed from the rows. A row that was not measured makes no goal.
import type { InProcessRow } from './inprocess.ts'
import type { Results, RouteRow } from './results.ts'
import { paired } from './results.ts'
import { ALGORITHMS } from './settings.ts'
import { median, type Spread, spread } from './statistics.ts'

export interface Goal {
  readonly what: string
  readonly wanted: string
  readonly figure: Spread
  readonly unit: string
  readonly met: boolean
  /** What it was compared with, where the run chose that: the fastest peer. */
  readonly against?: string
}

const FRAMEWORKS = [
  { name: 'Express', ours: 'countersign-express', floor: 'floor-map-express', wanted: 0.9 },
  { name: 'Fastify', ours: 'countersign-fastify', floor: 'floor-map-fastify', wanted: 0.85 },
] as const
const PEERS = ['jose', 'jsonwebtoken', 'fast-jwt']
const REFUSED = { absent: 'no credential', garbage: 'no token at all', forged: 'wrong signature' } as const
const WITHIN = { key: 'API key', basic: 'Basic, cached', body: 'body' } as const
const difference = (a: number, b: number) => a - b
const ratio = (a: number, b: number) => a / b

export function goals({ routes, inProcess }: Pick<Results, 'routes' | 'inProcess'>): Goal[] {
  return [
    ...protectedRoute(routes),
    ...everyTokenNew(routes),
    ...verifying(inProcess),
    ...hits(inProcess),
    ...heap(inProcess),
    ...missing(inProcess),
    ...within(routes),
    ...refusals(routes, inProcess),
  ]
}

function protectedRoute(routes: readonly RouteRow[]): Goal[] {
  return FRAMEWORKS.flatMap(({ name, ours, floor, wanted }) =>
    (['RS256', 'EdDSA'] as const).flatMap((algorithm) => {
      const own = find(routes, ours, algorithm, 'repeated')
      const map = find(routes, floor, algorithm, 'repeated')
      if (!own?.fraction || !map) return []
      return [
        goal(
          `${name}, ${algorithm}: CPU over the floor with a map`,
          'at most 2 µs',
          paired(own.cpuPerRequest, map.cpuPerRequest, difference),
          'µs',
          (figure) => figure.median <= 2,
        ),
        goal(
          `${name}, ${algorithm}: of the bare route`,
          `on the way to ${wanted.toFixed(2)}`,
          spread(own.fraction),
          '×',
          (figure) => figure.median >= wanted,
        ),
      ]
    }),
  )
}

function everyTokenNew(routes: readonly RouteRow[]): Goal[] {
  const pairs = [
    ['countersign-fastify', 'fastify-jwt', '@fastify/jwt', 1.4],
    ['countersign-express', 'express-jwt-key', 'express-jwt', 1.25],
  ] as const
  return pairs.flatMap(([ours, other, name, wanted]) => {
    const own = find(routes, ours, 'RS256', 'new')
    const peer = find(routes, other, 'RS256', 'new')
    if (!own || !peer) return []
    const figure = paired(own.requestsPerSecond, peer.requestsPerSecond, ratio)
    return [goal(`every token new, of ${name}`, `at least ${wanted}`, figure, '×', ({ median }) => median >= wanted)]
  })
}

function verifying(rows: readonly InProcessRow[]): Goal[] {
  return ALGORITHMS.flatMap((algorithm) => {
    const own = row(rows, algorithm, 'new', 'countersign')
    const fastest = fastestOf(rows, algorithm, 'new')
    if (!own || !fastest) return []
    return [
      goal(
        `in process, ${algorithm}, every token new: time of the fastest peer's`,
        'at most 1, or within the spread',
        paired(own.values, fastest.values, ratio),
        '×',
        (figure) => figure.low <= 1,
        fastest.verifier,
      ),
    ]
  })
}

function hits(rows: readonly InProcessRow[]): Goal[] {
  return ALGORITHMS.flatMap((algorithm) => {
    const own = row(rows, algorithm, 'repeated', 'countersign, its cache')
    const other = row(rows, algorithm, 'repeated', 'fast-jwt, its cache')
    if (!own || !other) return []
    const figure = paired(other.values, own.values, ratio)
    const what = `in process, ${algorithm}: a hit, times as fast as fast-jwt's`
    return [goal(what, 'at least 2', figure, '×', ({ median }) => median >= 2)]
  })
}

function heap(rows: readonly InProcessRow[]): Goal[] {
  const own = row(rows, 'HS256', 'heap', 'countersign, its cache')
  if (!own) return []
  const what = 'heap of a cached token, 100,000 of them'
  return [goal(what, 'at most 600 B', spread(own.values), 'B', ({ median }) => median <= 600)]
}

function missing(rows: readonly InProcessRow[]): Goal[] {
  const cached = row(rows, 'HS256', 'missing', 'countersign, its cache')
  const plain = row(rows, 'HS256', 'missing', 'countersign')
  if (!cached || !plain) return []
  const figure = paired(cached.values, plain.values, ratio)
  const what = 'in process, HS256: a cache that always misses, of none'
  return [goal(what, 'at most 1.30', figure, '×', ({ median }) => median <= 1.3)]
}

function within(routes: readonly RouteRow[]): Goal[] {
  return FRAMEWORKS.flatMap(({ name, ours }) =>
    routes
      .filter(({ candidate, traffic, fraction }) => candidate === ours && fraction && Object.hasOwn(WITHIN, traffic))
      .map(({ traffic, path, fraction = [] }) => {
        const form = traffic === 'body' ? (path === '/strict' ? ', read by validate' : ', read by the framework') : ''
        return goal(
          `${name}, ${WITHIN[traffic as keyof typeof WITHIN]}${form}: of the route without`,
          'at least 0.90',
          spread(fraction),
          '×',
          (figure) => figure.median >= 0.9,
        )
      }),
  )
}

function refusals(routes: readonly RouteRow[], rows: readonly InProcessRow[]): Goal[] {
  const served = FRAMEWORKS.flatMap(({ name, ours }) =>
    Object.entries(REFUSED).flatMap(([traffic, says]) => {
      const own = find(routes, ours, 'RS256', traffic)
      const peers = routes.filter(
        (one) => one.framework === name && one.kind === 'peer' && one.algorithm === 'RS256' && one.traffic === traffic,
      )
      const fastest = least(peers, ({ requestsPerSecond }) => -median(requestsPerSecond))
      if (!own || !fastest) return []
      return [
        goal(
          `${name}, refusing ${says}: requests a second of the fastest peer's`,
          'over 1',
          paired(own.requestsPerSecond, fastest.requestsPerSecond, ratio),
          '×',
          (figure) => figure.median > 1,
          fastest.label,
        ),
      ]
    }),
  )
  const judged = (['garbage', 'forged', 'expired'] as const).flatMap((scenario) => {
    const own = row(rows, 'RS256', scenario, 'countersign')
    const fastest = fastestOf(rows, 'RS256', scenario)
    if (!own || !fastest) return []
    const figure = paired(fastest.values, own.values, ratio)
    const what = `in process, RS256, refusing what is ${scenario}: times as fast as the fastest peer`
    return [goal(what, 'over 1', figure, '×', ({ median }) => median > 1, fastest.verifier)]
  })
  return [...served, ...judged]
}

function goal(
  what: string,
  wanted: string,
  figure: Spread,
  unit: string,
  holds: (figure: Spread) => boolean,
  against?: string,
): Goal {
  return { what, wanted, figure, unit, met: holds(figure), ...(against !== undefined && { against }) }
}

function find(routes: readonly RouteRow[], candidate: string, algorithm: string, traffic: string) {
  return routes.find((one) => one.candidate === candidate && one.algorithm === algorithm && one.traffic === traffic)
}

function row(rows: readonly InProcessRow[], algorithm: string, scenario: string, verifier: string) {
  return rows.find((one) => one.algorithm === algorithm && one.scenario === scenario && one.verifier === verifier)
}

function fastestOf(rows: readonly InProcessRow[], algorithm: string, scenario: string): InProcessRow | undefined {
  const peers = rows.filter(
    (one) => one.algorithm === algorithm && one.scenario === scenario && PEERS.includes(one.verifier),
  )
  return least(peers, ({ values }) => median(values))
}

function least<T>(list: readonly T[], read: (one: T) => number): T | undefined {
  return [...list].sort((a, b) => read(a) - read(b))[0]
}
