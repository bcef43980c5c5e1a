// docs/bench-life.md: every figure is computed from the results, none is typed.
import { CLIENTS } from './life-dpop.ts'
import { ENDPOINTS, GRANTS } from './life-endpoint-candidates.ts'
import { WIDTH } from './life-login.ts'
import { PARTS, type PartName } from './life-parts.ts'
import { comparisons, type LifeResults, type PartRow } from './life-results.ts'
import { median, type Spread } from './statistics.ts'
import { percent, shown, table } from './table.ts'

const PER_SECOND = 1e6

const SAID: Readonly<Record<PartName, string>> = {
  login:
    `What the process of the API spends; what a database spends itself is not counted, and the clock depends on it. ${WIDTH} under ` +
    'way at once, on one core. `login` is `passwordLogin.require` and `issue`, `issue` and `refresh` stand alone: a session in the ' +
    'store, and an EdDSA signature.',
  introspection: `An endpoint in another process says yes to everything; ${WIDTH} under way at once.`,
  dpop: `\`policy.check\` of ${CLIENTS} clients in turn, their tokens remembered, used proofs in a store in memory. Making the proofs is not counted.`,
  issuers: '`policy.check` of 512 remembered tokens of the last issuer of the list.',
  cache:
    '`verify` of HS256 tokens in turn, those next to each other far apart in the cache. One process for all rounds, which holds ' +
    'all of these caches.',
}
const CLOCKED: readonly PartName[] = ['login', 'introspection']

export function lifePage(results: LifeResults): string {
  const { machine, date, rounds, seconds, versions, missing, parts, endpoints } = results
  const compared = comparisons(results)
  return [
    '# Measured: the life of a token',
    '',
    '<!-- Written by `npm run bench:life`. -->',
    '',
    `${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.os}: one run of ${rounds} ` +
      `rounds in ${Math.max(1, Math.round(seconds / 60))} minutes, ${machine.pinned ? 'each process on a core that it was given' : 'processes **not kept apart on cores of their own**'}. ` +
      'A figure is the median of the rounds, with the quartiles behind it; no round is left out. CPU is that of one process, ' +
      'all threads. In a round, what stands in one table takes turns in short slices, in another order each round; each round ' +
      'of a table is a fresh process, warmed, unless it says otherwise.',
    '',
    'How to run this: [apps/bench](../apps/bench/README.md). All values: [bench-life.json](bench-life.json).',
    '',
    ...missing.map((name) => `**${name} did not answer and is left out.**\n`),
    ...(Object.keys(PARTS) as PartName[]).flatMap((part) => {
      const own = parts.filter((one) => one.part === part)
      return own.length === 0 ? [] : [`## ${PARTS[part].says}`, '', SAID[part], '', ...partTable(part, own)]
    }),
    ...(endpoints.length === 0
      ? []
      : [
          '## A token endpoint',
          '',
          'A route of a few lines on Fastify, which compares a client’s secret and calls `localIssuer`, beside oidc-provider, ' +
            'an authorization server that does more. Both have their sessions in memory (oidc-provider in the adapter that it ' +
            'brings), sign JWT access tokens with the same algorithm, and turn the refresh token ' +
            `each time. The server on one core (the median window took ${percent(median(endpoints.flatMap(({ serverBusy }) => serverBusy)))} of it), ` +
            `32 connections on the other (${percent(Math.max(...endpoints.map(({ loadBusy }) => loadBusy)))} at most). Servers stay for all rounds.`,
          '',
          ...table(
            ['grant', 'algorithm', 'endpoint', 'requests/s', 'CPU a request, µs'],
            compared.flatMap(({ grant, algorithm }) =>
              endpoints
                .filter((one) => one.grant === grant && one.algorithm === algorithm)
                .map((one) => [
                  GRANTS[grant],
                  algorithm,
                  one.endpoint === 'ours' ? `**${ENDPOINTS.ours}**` : ENDPOINTS[one.endpoint],
                  shown(one.requestsPerSecond, 0),
                  shown(one.cpuPerRequest, 0),
                ]),
            ),
          ),
          ...table(
            ['ours over oidc-provider', 'algorithm', 'requests/s', 'CPU', 'wanted', ''],
            compared.map(({ grant, algorithm, faster, cheaper, wanted, met }) => [
              GRANTS[grant],
              algorithm,
              times(faster),
              times(cheaper),
              wanted === undefined ? '–' : `≥ ${wanted}×`,
              met === undefined ? 'reported' : met ? 'met' : '**not met**',
            ]),
          ),
        ]),
    '## Versions',
    '',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '',
  ].join('\n')
}

function partTable(part: PartName, rows: readonly PartRow[]): string[] {
  const clocked = CLOCKED.includes(part)
  const held = rows.some(({ bytes }) => bytes !== undefined)
  return table(
    ['', 'CPU, µs', ...(clocked ? ['a second of CPU', 'clock, µs'] : []), ...(held ? ['held, MB'] : [])],
    rows.map(({ lane, cpu, wall, bytes }) => [
      lane,
      shown(cpu, median(cpu) < 20 ? 2 : 0),
      ...(clocked ? [(PER_SECOND / median(cpu)).toFixed(0), shown(wall, median(wall) < 20 ? 2 : 0)] : []),
      ...(held ? [bytes === undefined ? '–' : (bytes / 1e6).toFixed(1)] : []),
    ]),
  )
}

function times({ median, low, high }: Spread): string {
  return `${median.toFixed(2)}× (${low.toFixed(2)} – ${high.toFixed(2)})`
}
