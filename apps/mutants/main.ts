// pnpm mutants: for each mutant a host with that guard taken out; the case it names must fail, the control cases must pass.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CASES, type Case, runCase, startHost } from '@countersign/conformance'
import { HOSTS, PLUGGED } from '@sample/hosts'
import { pluggedCases } from '@sample/hosts/plugged-cases'
import { adapterMutants } from './adapters.ts'
import { coreMutants } from './cores.ts'
import type { Mutant } from './mutant.ts'
import { tokenMutants } from './tokens.ts'
import { uncovered } from './uncovered.ts'

const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } })
if (values.help) {
  console.log('usage: pnpm mutants [--only TEXT]   runs the mutants whose file, words or case hold TEXT')
  process.exit(0)
}

const all: readonly Mutant[] = [...coreMutants, ...tokenMutants, ...adapterMutants]
const mutants = all.filter((one) => !values.only || `${one.file} ${one.what} ${one.killedBy}`.includes(values.only))
const MAIN: Readonly<Record<string, string>> = {
  ...HOSTS,
  'plugged express': PLUGGED.express ?? '',
  'plugged fastify': PLUGGED.fastify ?? '',
}
const LOADER = fileURLToPath(new URL('./loader.ts', import.meta.url))
/** Right credentials of each kind, and a refusal: what a mutant that breaks everything would break. */
const CONTROLS = { sample: ['J01', 'J22', 'P05'], plugged: ['G08', 'G09'] } as const

let passed = 0
let failed = 0
const fail = (text: string) => {
  failed++
  console.log(`   FAILED ${text}`)
}

const queue = [...mutants]
let done = 0
await Promise.all([work(), work()])
if (!values.only) {
  for (const line of uncovered(all)) fail(`no mutant takes out ${line}`)
  const asked = new Set(all.map(({ killedBy }) => killedBy.split(' ')[0]))
  for (const row of rowsInForce()) if (!asked.has(row)) fail(`row ${row} of THREATS has no mutant`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

async function work(): Promise<void> {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const verdict = await judge(mutant).catch((error: Error) => error.message)
    done++
    if (done % 20 === 0) console.log(`   ${done} of ${mutants.length}`)
    if (verdict === undefined) passed++
    else fail(`${mutant.file}: ${mutant.what} (${mutant.killedBy}): ${verdict}`)
  }
}

/** `undefined` when the mutant was killed as it should be; else what went wrong. */
async function judge(mutant: Mutant): Promise<string | undefined> {
  const hostName = mutant.host ?? 'node'
  const plugged = hostName.startsWith('plugged')
  const cases = plugged ? pluggedCases : CASES
  const killer = cases.find(({ id }) => id === mutant.killedBy)
  const { file, find, replace } = mutant
  const start = () =>
    startHost(MAIN[hostName] ?? '', {
      nodeFlags: ['--import', LOADER],
      env: { MUTANT: JSON.stringify({ file, find, replace }) },
    })
  if (mutant.killedBy === 'start')
    return start().then(
      (host) => host.stop().then(() => 'it survived'),
      () => undefined,
    )
  if (!killer) return `there is no case ${mutant.killedBy}`
  const host = await start()
  try {
    if (!mutant.vital) {
      for (const id of plugged ? CONTROLS.plugged : CONTROLS.sample) {
        if (id === mutant.killedBy) continue
        const control = cases.find((one) => one.id === id) as Case
        const broken = await outcome(control, host)
        if (broken) return `it breaks the control case ${id} too: ${broken}`
      }
    }
    return (await outcome(killer, host)) ? undefined : 'it survived'
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

/** The rows of THREATS whose cases the suite holds: each must have a mutant. */
function rowsInForce(): readonly string[] {
  return [...new Set(CASES.map(({ id }) => id.split(' ')[0] as string))].filter((row) => /^[JBKSAV]\d\d$/.test(row))
}
