// `npm run bench`: everything in one interleaved run, then docs/bench.json, docs/bench.md and docs/bench.svg.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CANDIDATES } from './candidates.ts'
import { chart } from './chart.ts'
import { goals } from './goals.ts'
import { http } from './http.ts'
import { inProcess } from './inprocess.ts'
import { machine, UNPINNED } from './machine.ts'
import { page } from './page.ts'
import { minutes, show } from './progress.ts'
import { type Results, rounded, routeRows } from './results.ts'
import { ONLY_DEPTH, ONLY_LIFE, versionsOf } from './versions.ts'

const HELP = `npm run bench [-- options]

  --quick          1 round, short windows: to see that it works; the figures mean nothing
  --rounds N       7
  --only TEXT      servers with TEXT in their name, beside the bare ones: ${Object.keys(CANDIDATES).join(' ')};
                   or "inprocess", or "http"
  --out FOLDER     where to write; docs for a full run, apps/bench/.data otherwise
  --help

Takes two cores with nothing else on them and some 20 minutes; it says how many are left. Linux with taskset, or the figures say so.
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
const full = !quick && !only && rounds >= 7
const out = values.out ?? fileURLToPath(new URL(full ? '../../docs' : '.data', import.meta.url))

if (UNPINNED !== undefined) console.error(`!! ${UNPINNED.toUpperCase()} !!`)
const started = performance.now()
const served = only === 'inprocess' ? [] : await overSockets()
const judged = only === undefined || only === 'inprocess' ? await inThisProcess() : []
const results: Results = {
  date: new Date().toISOString(),
  rounds,
  seconds: Math.round((performance.now() - started) / 1000),
  machine: machine(),
  versions: versionsOf((name) => ![...ONLY_LIFE, ...ONLY_DEPTH].includes(name)),
  routes: routeRows(served),
  inProcess: judged,
}

mkdirSync(out, { recursive: true })
const write = (name: string, text: string) => writeFileSync(`${out}/${name}`, text)
write('bench.json', `${JSON.stringify({ ...results, goals: goals(results) }, rounded, 1)}\n`)
write('bench.md', page(results))
if (results.routes.some(({ traffic, kind }) => traffic === 'repeated' && kind !== 'bare'))
  write('bench.svg', chart(results))
for (const { what, wanted, figure, met, unit } of goals(results))
  console.log(`${met ? 'met    ' : 'NOT MET'}  ${what}: ${figure.median.toFixed(2)} ${unit}, wanted ${wanted}`)
console.log(`${results.seconds} s; written to ${out}`)
if (!full) console.log('this is no full run: the figures are to see that it works')

async function overSockets() {
  const chosen = only === undefined || only === 'http' ? {} : { only: (name: string) => name.includes(only) }
  const begun = performance.now()
  let lastRound = -1
  const windows = await http({ rounds, quick, ...chosen }, (done, all, what) => {
    const left = ((performance.now() - begun) / done) * (all - done)
    const round = Math.floor(((done - 1) * rounds) / all)
    if (round !== lastRound) process.stderr.write(`\n`)
    lastRound = round
    show(`servers, round ${round + 1} of ${rounds}, ${done} of ${all}, ${minutes(left)} left: ${what}`)
  })
  process.stderr.write('\n')
  if (windows.length === 0) throw new TypeError(`--only ${only}: no such candidate`)
  return windows
}

async function inThisProcess() {
  const begun = performance.now()
  const all = rounds * 5
  let done = 0
  const rows = await inProcess({ rounds, quick }, (what) => {
    done++
    show(`verifiers, ${what}, ${minutes(((performance.now() - begun) / done) * (all - done))} left`)
  })
  process.stderr.write('\n')
  return rows
}
