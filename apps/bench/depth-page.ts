// docs/bench-depth.md: every figure is computed from the results, none is typed.
import { DEPTH_PARTS, type DepthPart, SENT } from './depth-groups.ts'
import { type DepthResults, depthComparisons, depthGoals, type EntrantRow } from './depth-results.ts'
import { TURNS } from './depth-run.ts'
import { median, type Spread } from './statistics.ts'
import { percent, shown, table } from './table.ts'

const SAID: Readonly<Record<DepthPart, string>> = {
  limits:
    'Counts in memory on all sides. All requests come from one address; behind a token 512 callers come in turn, and the peers’ ' +
    'limits stand behind our policy, with the subject as their key. Refusing is compared with the peer alone: a route without ' +
    'a limit does something else.',
  audit:
    'The log goes to a file on all sides. What is left to write when the requests are answered is waited for before the CPU is read, ' +
    'so writing it counts; a dropped event would end the run. The loggers write asynchronously, in blocks of 4 KiB; ' +
    'pino-http writes one line a request, Fastify’s logger two. Ours writes one, of the decision.',
  signatures:
    'The method, the target, the body’s digest and its type are covered, the body is digested and parsed. http-message-signatures leaves the digest to its ' +
    'user: a few lines on `node:crypto` do it. It remembers no nonces either, so ours is measured without (`replay: false`) beside it, and with a store ' +
    'in memory by itself. A signed answer covers its status, digest and type, and the method, the target and the signature of the request.',
  gateway:
    'Three processes: the gateway on the server’s core; the service behind it, a bare Fastify route, on the load’s core ' +
    'together with the load. So the load’s core may be the one that is full, and requests a second then say little about the gateway; ' +
    'its CPU a request is its own. Ours asks for a token, takes off what a client says of itself, and signs who called for each request; ' +
    'the peer asks for a token and hands it on, for the service to verify again.',
}

export function depthPage(results: DepthResults): string {
  const { machine, date, rounds, seconds, versions, routes } = results
  const reached = depthGoals(results)
  const missed = reached.filter(({ met }) => !met)
  const busy = routes.length === 0 ? '' : ` ${shares(routes)}`
  const pinned = machine.pinned
    ? `The server on one core, the load on the other.${busy}`
    : `Server and load **not kept apart on cores of their own**: throughput says little here.${busy}`
  return [
    '# Measured: limits, audit, signatures, a gateway',
    '',
    '<!-- Written by `npm run bench:depth`. -->',
    '',
    `${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.os}: one run of ${rounds} ` +
      `rounds in ${Math.max(1, Math.round(seconds / 60))} minutes. ${pinned} Each server is a process that was warmed and stays for all rounds; in each round ` +
      `those of a group take ${TURNS} turns of 60 ms, in an order that changes, and comparisons are made within a round. A figure is the median of the ` +
      'rounds, with the quartiles behind it. No round is left out.',
    '',
    'What each candidate is, and how to run this: [apps/bench](../apps/bench/README.md#limits-audit-signatures-gateway). All values: [bench-depth.json](bench-depth.json).',
    '',
    ...(reached.length === 0 ? [] : goalsTable(reached, missed.length)),
    ...besidePeers(results),
    ...(Object.keys(DEPTH_PARTS) as DepthPart[]).flatMap((part) => partOf(part, results)),
    '## Versions',
    '',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '',
  ].join('\n')
}

function shares(routes: readonly EntrantRow[]): string {
  const most = (own: readonly EntrantRow[]) => percent(Math.max(0, ...own.map(({ loadBusy }) => loadBusy)))
  const behind = routes.filter(({ part }) => part === 'gateway')
  const others = routes.filter(({ part }) => part !== 'gateway')
  const said = [
    ...(others.length > 0 ? [`the load ${most(others)} of its own at most`] : []),
    ...(behind.length > 0 ? [`load and service behind a gateway together ${most(behind)}`] : []),
  ]
  return `The median server took ${percent(median(routes.flatMap(({ serverBusy }) => serverBusy)))} of its core, ${said.join(', ')}.`
}

function goalsTable(reached: ReturnType<typeof depthGoals>, missed: number): string[] {
  return [
    '## Goals',
    '',
    `${reached.length - missed} of ${reached.length} met.`,
    '',
    ...table(
      ['goal', 'wanted', 'measured', ''],
      reached.map(({ what, wanted, figure, met }) => [
        what,
        wanted,
        `${spreadOf(figure, 2)} µs`,
        met ? 'met' : '**not met**',
      ]),
    ),
  ]
}

function besidePeers(results: DepthResults): string[] {
  const all = depthComparisons(results)
  if (all.length === 0) return []
  const count = (says: string) => all.filter((one) => one.says === says).length
  return [
    '## Beside the peers',
    '',
    'CPU a request of ours less that of a peer doing the same, and requests a second of ours over the peer’s: ' +
      `less CPU in ${count('less')} of ${all.length}, more in ${count('more')}, within the spread in ${count('within the spread')}.`,
    '',
    ...table(
      ['', 'ours', 'peer', 'CPU, µs', 'requests/s', ''],
      all.map(({ part, framework, what, ours, peer, difference, faster, says }) => [
        `${DEPTH_PARTS[part]}, ${framework}: ${what}`,
        ours,
        peer,
        spreadOf(difference, 1),
        `${spreadOf(faster, 2)} ×`,
        says === 'more' ? '**more**' : says,
      ]),
    ),
  ]
}

function partOf(part: DepthPart, { routes, inProcess }: DepthResults): string[] {
  const own = routes.filter((one) => one.part === part)
  const times = inProcess.filter((one) => one.part === part)
  if (own.length + times.length === 0) return []
  const groups = Map.groupBy(own, ({ framework, what }) => `${framework}, ${what}`)
  return [
    `## ${DEPTH_PARTS[part]}`,
    '',
    SAID[part],
    '',
    ...[...groups].flatMap(([name, rows]) => groupTable(name, rows)),
    ...(times.length === 0
      ? []
      : table(
          [part === 'audit' ? 'in process, by the clock' : 'in process, verifying; the body is not read', 'µs'],
          times.map(({ lane, values }) => [lane, shown(values, 2)]),
        )),
  ]
}

function groupTable(name: string, rows: readonly EntrantRow[]): string[] {
  const bare = rows.some(({ kind }) => kind === 'bare')
  return table(
    [
      name,
      'what is sent',
      ...(bare ? ['of the route without', 'CPU added, µs'] : []),
      'requests/s',
      'CPU a request, µs',
    ],
    rows.map(({ kind, label, sent, fraction, addedCpu, requestsPerSecond, cpuPerRequest }) => [
      kind === 'ours' ? `**${label}**` : label,
      SENT[sent].says,
      ...(bare ? [shown(fraction, 2), shown(addedCpu, 1)] : []),
      shown(requestsPerSecond, 0),
      shown(cpuPerRequest, 1),
    ]),
  )
}

function spreadOf({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)} – ${high.toFixed(digits)})`
}
