// docs/bench.md: every figure is computed from the results, none is typed.
import { type Goal, goals } from './goals.ts'
import type { InProcessRow } from './inprocess.ts'
import { TRAFFIC, type TrafficName } from './lanes.ts'
import type { Results, RouteRow } from './results.ts'
import { SCENARIOS } from './scenarios.ts'
import { ALGORITHMS } from './settings.ts'
import { median } from './statistics.ts'
import { percent, shown, table } from './table.ts'

const FRAMEWORKS = ['Express', 'Fastify'] as const
const HTTP: readonly {
  readonly title: string
  readonly algorithm: 'RS256' | 'EdDSA'
  readonly traffic: TrafficName[]
}[] = [
  { title: 'A protected route, RS256, 512 tokens in turn', algorithm: 'RS256', traffic: ['repeated'] },
  { title: 'A protected route, EdDSA, 512 tokens in turn', algorithm: 'EdDSA', traffic: ['repeated'] },
  { title: 'A protected route, RS256, every token new', algorithm: 'RS256', traffic: ['new'] },
  { title: 'API keys, Basic, bodies', algorithm: 'RS256', traffic: ['key', 'basic', 'body'] },
  { title: 'Refusals', algorithm: 'RS256', traffic: ['absent', 'garbage', 'forged'] },
]

/** At `/strict`, the body is not read by the framework. */
const STRICT = { ours: ', read by validate', bare: ', beside that', peer: '', floor: '' } as const

/** The whole page. */
export function page(results: Results): string {
  const { machine, date, rounds, seconds, versions, routes, inProcess } = results
  const reached = goals(results)
  const load = Math.max(0, ...routes.map(({ loadBusy }) => loadBusy))
  const server = routes.length === 0 ? 0 : median(routes.flatMap(({ serverBusy }) => serverBusy))
  const pinned = machine.pinned
    ? `the server on one core (the median server took ${percent(server)} of it), the load on the other (${percent(load)} at most)`
    : 'server and load **not kept apart on cores of their own**: throughput says little here'
  return [
    '# Measured',
    '',
    '<!-- Written by `npm run bench`. -->',
    '',
    `${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.os}: one run of ` +
      `${rounds} rounds in ${Math.round(seconds / 60)} minutes, ${pinned}. Each server is a process that was ` +
      'warmed with every kind of traffic and stays for all rounds; in each round they take eight turns of 60 ms, in an order that changes, and ' +
      'comparisons are made within a round. A figure is the median of the rounds, with the ' +
      'quartiles behind it. No round is left out.',
    '',
    'What each candidate is, and how to run this: [apps/bench](../apps/bench/README.md). All values: [bench.json](bench.json).',
    '',
    '![What is left of the bare route’s requests a second](bench.svg)',
    '',
    '## Goals',
    '',
    `${reached.filter(({ met }) => met).length} of ${reached.length} met.`,
    '',
    ...table(['goal', 'wanted', 'measured', '', 'against'], reached.map(goalCells)),
    ...HTTP.flatMap(({ title, algorithm, traffic }) => {
      const chosen = routes.filter((one) => one.algorithm === algorithm && traffic.includes(one.traffic as never))
      return chosen.length === 0 ? [] : [`## ${title}`, '', ...FRAMEWORKS.flatMap((one) => framework(one, chosen))]
    }),
    ...(inProcess.length === 0 ? [] : ['## In process', '', ...verifying(inProcess)]),
    '## Versions',
    '',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '',
  ].join('\n')
}

function goalCells({ what, wanted, figure, unit, met, against = '' }: Goal): string[] {
  const digits = unit === 'B' ? 0 : 2
  const shown = `${figure.median.toFixed(digits)} (${figure.low.toFixed(digits)} – ${figure.high.toFixed(digits)}) ${unit}`
  return [what, wanted, shown, met ? 'met' : '**not met**', against]
}

function framework(name: RouteRow['framework'], rows: readonly RouteRow[]): string[] {
  const chosen = rows.filter((one) => one.framework === name)
  if (chosen.length === 0) return []
  const several = new Set(chosen.map(({ traffic }) => traffic)).size > 1
  const bare = chosen.some(({ fraction }) => fraction)
  return table(
    [
      name,
      ...(several ? ['what is sent'] : []),
      ...(bare ? ['of the bare route', 'CPU added, µs'] : []),
      'requests/s',
      'CPU a request, µs',
    ],
    chosen
      .toSorted((a, b) => order(a) - order(b))
      .map((one) => [
        (one.kind === 'ours' ? `**${one.label}**` : one.label) + (one.path === '/strict' ? STRICT[one.kind] : ''),
        ...(several ? [TRAFFIC[one.traffic].says] : []),
        ...(bare ? [shown(one.fraction, 2), shown(one.addedCpu, 1)] : []),
        shown(one.requestsPerSecond, 0),
        shown(one.cpuPerRequest, 1),
      ]),
  )
}

/** By what is sent, and then the cheapest first. */
function order({ traffic, cpuPerRequest }: RouteRow): number {
  return Object.keys(TRAFFIC).indexOf(traffic) * 1e6 + median(cpuPerRequest)
}

function verifying(rows: readonly InProcessRow[]): string[] {
  const time = SCENARIOS.flatMap(({ name, says, algorithms, verifiers }) => {
    const columns = ALGORITHMS.filter(
      (one) => algorithms.includes(one) && rows.some(({ algorithm }) => algorithm === one),
    )
    const cell = (algorithm: string, verifier: string) =>
      shown(
        rows.find((one) => one.algorithm === algorithm && one.scenario === name && one.verifier === verifier)?.values,
        2,
      )
    if (!rows.some(({ scenario }) => scenario === name)) return []
    const lines = verifiers.map((one) => [one, ...columns.map((algorithm) => cell(algorithm, one))])
    return table([`${says}, µs of CPU`, ...columns], lines)
  })
  const heap = rows.filter(({ scenario }) => scenario === 'heap')
  const lines = heap.map(({ verifier, values }) => [verifier, shown(values, 0)])
  return [...time, ...(heap.length === 0 ? [] : table(['a cached token, 100,000 of them', 'bytes'], lines))]
}
