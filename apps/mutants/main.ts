// pnpm mutants: for each mutant a host with that guard taken out; the case it names must fail, the control cases must pass.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CASES, type Case, runCase, startHost } from '@countersign/conformance'
import { DOORS, HOSTS, PLUGGED } from '@sample/hosts'
import { mcp4Cases, mcpCases } from '@sample/hosts/mcp-cases'
import { expressCases, fastifyCases, pluggedCases } from '@sample/hosts/plugged-cases'
import { adapterMutants } from './adapters.ts'
import { coreMutants } from './cores.ts'
import { depthMutants } from './depth.ts'
import { mcpMutants } from './mcp.ts'
import { type Change, changesOf, type Mutant } from './mutant.ts'
import { oauthServerMutants } from './oauth-server.ts'
import { tokenMutants } from './tokens.ts'
import { uncovered } from './uncovered.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    later: { type: 'boolean' },
    show: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(`usage: pnpm mutants [--only TEXT | --later] [--show]
  --only TEXT  runs the mutants whose file, words or case hold TEXT
  --later      those of the authorization server and of MCP, which are left out otherwise
  --show       prints what the case said of each`)
  process.exit(0)
}

const all: readonly Mutant[] = [
  ...coreMutants,
  ...tokenMutants,
  ...adapterMutants,
  ...mcpMutants,
  ...oauthServerMutants,
  ...depthMutants,
]
/** Minutes of their own: `npm test -- oauth-mutants`. Their rows and texts are looked at all the same. */
const later: readonly Mutant[] = [...oauthServerMutants, ...mcpMutants]
const mutants = values.only
  ? all.filter((one) => `${one.file} ${one.what} ${one.killedBy}`.includes(values.only ?? ''))
  : values.later
    ? later
    : all.filter((one) => !later.includes(one))
const MAIN: Readonly<Record<string, string>> = {
  ...HOSTS,
  'plugged express': PLUGGED.express ?? '',
  'plugged express 4': PLUGGED['express 4'] ?? '',
  'plugged fastify': PLUGGED.fastify ?? '',
  'door express': DOORS.express ?? '',
  'door express 4': DOORS['express 4'] ?? '',
}
const LOADER = fileURLToPath(new URL('./loader.ts', import.meta.url))
/** One case of each family, with what is right of each kind and a refusal: a mutant that any case would kill breaks these. */
const CONTROLS: readonly string[] = ['J01', 'J22', 'P05', 'B01', 'K02', 'S02', 'V03', 'C03']
const PLUGGED_CONTROLS: readonly string[] = ['G08', 'G09', 'G10']
const DOOR_CONTROLS: readonly string[] = ['M01 root', 'M03', 'M06']
const CASES_OF: Readonly<Record<string, readonly Case[]>> = {
  'plugged express': [...pluggedCases, ...expressCases],
  'plugged express 4': [...pluggedCases, ...expressCases],
  'plugged fastify': [...pluggedCases, ...fastifyCases],
  'door express': mcpCases,
  'door express 4': [...mcpCases, ...mcp4Cases],
}
const CONTROLS_OF: Readonly<Record<string, readonly string[]>> = {
  'plugged express': PLUGGED_CONTROLS,
  'plugged express 4': PLUGGED_CONTROLS,
  'plugged fastify': PLUGGED_CONTROLS,
  'door express': DOOR_CONTROLS,
  'door express 4': DOOR_CONTROLS,
}

let passed = 0
let failed = 0
const fail = (text: string) => {
  failed++
  console.log(`   FAILED ${text}`)
}

for (const mutant of values.only ? mutants : all) for (const change of changesOf(mutant)) checkText(mutant, change)
/** Hosts start in two thirds of the time: node keeps what it compiled of each source, by the source's own text. */
const compiled = mkdtempSync(join(tmpdir(), 'countersign-compiled-'))
const queue = failed > 0 ? [] : [...mutants]
let done = 0
await Promise.all(Array.from({ length: availableParallelism() + 1 }, work)) // a host that starts or stops leaves a core idle
rmSync(compiled, { recursive: true, force: true })
if (!values.only) {
  for (const line of uncovered(all)) fail(`no mutant takes out ${line}`)
  const asked = new Set(all.map(({ killedBy }) => killedBy.split(' ')[0]))
  for (const row of rowsInForce())
    if (!asked.has(row) && !PLUGGED_CONTROLS.includes(row)) fail(`row ${row} has no mutant`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

function named({ file, what, killedBy }: Mutant): string {
  return `${file}: ${what} (${killedBy})`
}

/** A row that has gone stale is found before any host starts. */
function checkText(mutant: Mutant, { file, find }: Change): void {
  const paths = ['', 'packages/', 'apps/'].map((root) => new URL(`../../${root}${file}`, import.meta.url))
  const path = paths.find((one) => existsSync(one))
  const times = path ? readFileSync(path, 'utf8').split(find).length - 1 : 0
  if (times !== 1) fail(`${named(mutant)}: its text stands ${times} times in ${file}`)
}

async function work(): Promise<void> {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const verdict = await judge(mutant).catch((error: Error) => error.message)
    done++
    if (done % 20 === 0) console.log(`   ${done} of ${mutants.length}`)
    if (verdict === undefined) passed++
    else fail(`${named(mutant)}: ${verdict}`)
  }
}

/** `undefined` when the mutant was killed as it should be; else what went wrong. */
async function judge(mutant: Mutant): Promise<string | undefined> {
  const hostName = mutant.host ?? 'node'
  const cases = CASES_OF[hostName] ?? CASES
  const killer = cases.find(({ id }) => id === mutant.killedBy)
  const start = () =>
    startHost(MAIN[hostName] ?? '', {
      nodeFlags: ['--import', LOADER],
      env: { MUTANT: JSON.stringify(changesOf(mutant)), NODE_COMPILE_CACHE: compiled },
    })
  if (mutant.killedBy === 'start')
    return start().then(
      (host) => host.stop().then(() => 'it survived'),
      ({ message }: Error) =>
        mutant.says && message.includes(mutant.says) ? undefined : `it did not say "${mutant.says}": ${message}`,
    )
  if (!killer) return `there is no case ${mutant.killedBy}`
  const host = await start()
  try {
    const controls = CONTROLS_OF[hostName] ?? CONTROLS
    for (const id of controls) {
      if (id === mutant.killedBy) continue
      const broken = await outcome(cases.find((one) => one.id === id) as Case, host)
      const expected = mutant.alsoBreaks?.includes(id) === true
      if (broken && !expected) return `it breaks the control case ${id} too: ${broken}`
      if (!broken && expected) return `it does not break ${id}, which its row says it does`
    }
    const killed = await outcome(killer, host)
    if (values.show) console.log(`   ${named(mutant)}\n      ${killed}`)
    return killed ? undefined : 'it survived'
  } finally {
    await host.stop()
  }
}

async function outcome(one: Case, host: Parameters<typeof runCase>[1]): Promise<string | undefined> {
  try {
    await runCase(one, host)
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}

/** The rows whose cases the suites hold: each must have a mutant. */
function rowsInForce(): readonly string[] {
  const cases = [...CASES, ...Object.values(CASES_OF).flat()]
  return [...new Set(cases.map(({ id }) => id.split(' ')[0] as string))].filter((row) => /^[A-Z]\d\d$/.test(row))
}
