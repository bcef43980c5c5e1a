// `npm run bench:depth`: limits, the audit log, signatures and a gateway, each beside the same route without and a peer; then docs/bench-depth.{json,md}.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DEPTH_PARTS, type DepthPart } from './depth-groups.ts'
import { depthInProcess } from './depth-inprocess.ts'
import { depthPage } from './depth-page.ts'
import { type DepthResults, depthComparisons, depthGoals, entrantRows } from './depth-results.ts'
import { depthOverSockets } from './depth-run.ts'
import { machine, UNPINNED } from './machine.ts'
import { minutes, show } from './progress.ts'
import { rounded } from './results.ts'
import { ONLY_DEPTH, versionsOf } from './versions.ts'

const NAMES = Object.keys(DEPTH_PARTS)
const HELP = `npm run bench:depth [-- options]

  --quick          1 round, short windows: to see that it works; the figures mean nothing
  --rounds N       7
  --only NAME      ${NAMES.join(' | ')}
  --out FOLDER     where to write; docs for a full run, apps/bench/.data otherwise
  --help

Takes two cores with nothing else on them and some 7 minutes; it says how many are left. Linux with taskset, or the figures say so.
`

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit()
}
const { quick, only } = values
const rounds = Number(values.rounds ?? (quick ? 1 : 7))
if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError('--rounds must be a whole number from 1')
if (only !== undefined && !NAMES.includes(only)) throw new TypeError(`--only ${NAMES.join(' | ')}`)
const full = !quick && only === undefined && rounds >= 7
const out = values.out ?? fileURLToPath(new URL(full ? '../../docs' : '.data', import.meta.url))

if (UNPINNED !== undefined) console.error(`!! ${UNPINNED.toUpperCase()} !!`)
const started = performance.now()
const parts = (NAMES as DepthPart[]).filter((part) => only === undefined || part === only)
const options = { rounds, quick, parts }
const windows = await depthOverSockets(options, told())
const inProcess = await depthInProcess(options, told())
if (process.stderr.isTTY) process.stderr.write('\n')
report({
  date: new Date().toISOString(),
  rounds,
  seconds: Math.round((performance.now() - started) / 1000),
  machine: machine(),
  versions: versionsOf((name) => [...ONLY_DEPTH, 'express', 'fastify', '@fastify/jwt'].includes(name)),
  routes: entrantRows(windows),
  inProcess,
})

function report(measured: DepthResults): void {
  mkdirSync(out, { recursive: true })
  // The page is made of what the file holds, so that it follows from it.
  const results = JSON.parse(JSON.stringify(measured, rounded)) as DepthResults
  const [goals, comparisons] = [depthGoals(results), depthComparisons(results)]
  writeFileSync(`${out}/bench-depth.json`, `${JSON.stringify({ ...results, goals, comparisons }, rounded, 1)}\n`)
  writeFileSync(`${out}/bench-depth.md`, depthPage(results))
  for (const { part, framework, what, ours, peer, difference, says } of comparisons)
    console.log(
      `${says.padEnd(18)}${part}, ${framework}, ${what}: ${ours} ${difference.median.toFixed(1)} µs beside ${peer}`,
    )
  for (const { what, wanted, figure, met } of goals)
    console.log(`${met ? 'met    ' : 'NOT MET'}  ${what}: ${figure.median.toFixed(2)} µs, wanted ${wanted}`)
  console.log(`${results.seconds} s; written to ${out}`)
  if (!full) console.log('this is no full run: the figures are to see that it works')
}

/** Says how much is left of what it is told of. */
function told() {
  const begun = performance.now()
  return (done: number, all: number, what: string) =>
    show(
      `${done} of ${all}, ${done === 0 ? '' : `${minutes(((performance.now() - begun) / done) * (all - done))} left: `}${what}`,
    )
}
