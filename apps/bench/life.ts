// `npm run bench:life`: login, refresh, introspection, DPoP, the cache, issuers, token endpoints; then docs/bench-life.{json,md}.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { tokenEndpoints } from './life-endpoint.ts'
import { GRANTS } from './life-endpoint-candidates.ts'
import { lifePage } from './life-page.ts'
import { PARTS, type PartName } from './life-parts.ts'
import { comparisons, endpointRows, type LifeResults } from './life-results.ts'
import { runParts } from './life-run.ts'
import { storePlaces } from './life-stores.ts'
import { machine, UNPINNED } from './machine.ts'
import { minutes, show } from './progress.ts'
import { rounded } from './results.ts'
import { ONLY_LIFE, versionsOf } from './versions.ts'

const NAMES = [...Object.keys(PARTS), 'endpoint']
const HELP = `npm run bench:life [-- options]

  --quick          1 round, short slices: to see that it works; the figures mean nothing
  --rounds N       7
  --only NAME      ${NAMES.join(' | ')}
  --out FOLDER     where to write; docs for a full run, apps/bench/.data otherwise
  --help

Takes two cores with nothing else on them and some 5 minutes. Linux with taskset, or the figures say so. Redis at REDIS_URL and
PostgreSQL at DATABASE_URL, or where their defaults are; without them they are left out.
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
const places = await storePlaces()
for (const name of places.missing) console.error(`!! ${name.toUpperCase()} DOES NOT ANSWER AND IS LEFT OUT !!`)
try {
  const parts = (Object.keys(PARTS) as PartName[]).filter((part) => only === undefined || part === only)
  const options = { rounds, quick }
  const measured = await runParts({ ...options, parts, stores: places.stores }, told())
  const windows = only === undefined || only === 'endpoint' ? await tokenEndpoints(options, told()) : []
  if (process.stderr.isTTY) process.stderr.write('\n')
  report({
    date: new Date().toISOString(),
    rounds,
    seconds: Math.round((performance.now() - started) / 1000),
    machine: machine(),
    versions: versionsOf((name) => [...ONLY_LIFE, 'fastify', 'jose'].includes(name)),
    missing: places.missing,
    parts: measured,
    endpoints: endpointRows(windows),
  })
} finally {
  await places.clear()
}

function report(measured: LifeResults): void {
  mkdirSync(out, { recursive: true })
  // The page is made of what the file holds, so that it follows from it.
  const results = JSON.parse(JSON.stringify(measured, rounded)) as LifeResults
  const text = JSON.stringify({ ...results, comparisons: comparisons(results) }, rounded, 1)
  const page = lifePage(results)
  writeFileSync(`${out}/bench-life.json`, `${text}\n`)
  writeFileSync(`${out}/bench-life.md`, page)
  console.log(page)
  for (const { grant, algorithm, faster, wanted, met } of comparisons(results))
    console.log(
      `${met === undefined ? 'reported' : met ? 'met     ' : 'NOT MET '}  ${GRANTS[grant]}, ${algorithm}: ` +
        `${faster.median.toFixed(2)} times oidc-provider${wanted === undefined ? '' : `, wanted ${wanted}`}`,
    )
  console.log(`${results.seconds} s; written to ${out}`)
  if (!full) console.log('this is no full run: the figures are to see that it works')
}

/** Says how much is left of what it is told of. */
function told() {
  const begun = performance.now()
  return (done: number, all: number, what: string) =>
    show(`${done} of ${all}, ${minutes(((performance.now() - begun) / done) * (all - done))} left: ${what}`)
}
