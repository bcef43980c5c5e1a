// One round in a process of its own: `node inprocess-round.ts FILE`, the answer on standard output.
// The verifiers take turns in slices of a few milliseconds, so that what the machine does hits all of them.
import { readFileSync } from 'node:fs'
import { ENTRIES } from './entries.ts'
import { SCENARIOS, verifiersOf } from './scenarios.ts'
import { type Settings, signer } from './settings.ts'
import { median, rotated } from './statistics.ts'
import { VERIFIERS, type VerifierName, type Verify } from './verifiers.ts'

/** What a round is told. */
export interface RoundRequest {
  readonly settings: Settings
  readonly round: number
  readonly warmUp: number
  /** Milliseconds. */
  readonly slice: number
  readonly slices: number
  readonly tokens: Readonly<Record<string, readonly string[]>>
}
/** Microseconds a token, of CPU, all threads: what else runs on the machine counts for less than by the clock. */
export interface RoundRow {
  readonly scenario: string
  readonly verifier: VerifierName
  readonly microseconds: number
}

const REPEATED = 512
const MOST = 4096

const { settings, round, warmUp, slice, slices, tokens } = JSON.parse(
  readFileSync(process.argv[2] as string, 'utf8'),
) as RoundRequest

const flat = (bytes: Buffer) => bytes.toString('latin1')
const rows: RoundRow[] = []
for (const scenario of SCENARIOS) {
  const pool = tokens[scenario.name]
  if (!pool) continue
  const names = verifiersOf(scenario, settings.algorithm)
  const lanes = []
  for (const name of names) lanes.push(await lane(name, scenario.name, pool, scenario.accepted))
  for (const one of lanes) await one.warm()
  for (let turn = 0; turn < slices; turn++)
    for (const one of rotated(lanes, round + turn)) one.samples.push(await one.run(one.count))
  for (const { name, samples } of lanes)
    rows.push({ scenario: scenario.name, verifier: name, microseconds: median(samples) })
}
process.stdout.write(JSON.stringify(rows))

async function lane(name: VerifierName, scenario: string, pool: readonly string[], accepted: boolean) {
  const verify: Verify = await VERIFIERS[name](settings)
  const bytes = (scenario === 'repeated' ? pool.slice(0, REPEATED) : pool).map((token) => Buffer.from(token, 'latin1'))
  const { token } = signer(settings.algorithm, settings.signingJwk)
  const samples: number[] = []
  let at = 0

  /** Strings that are new, as they come off a socket: V8 would remember the hash of one it has seen. */
  function fresh(count: number): string[] {
    if (scenario === 'missing') return Array.from({ length: count }, () => flat(Buffer.from(token(at++), 'latin1')))
    return Array.from({ length: count }, () => flat(bytes[at++ % bytes.length] as Buffer))
  }

  async function run(count: number): Promise<number> {
    const batch = fresh(count)
    let held = 0
    const start = process.cpuUsage()
    for (let i = 0; i < count; i++) {
      const result = verify(batch[i] as string)
      if ((typeof result === 'boolean' ? result : await result) === accepted) held++
    }
    const { user, system } = process.cpuUsage(start)
    if (held !== count) throw new Error(`${name}, ${scenario}: ${count - held} of ${count} were judged wrongly`)
    return (user + system) / count
  }

  const self = {
    name,
    samples,
    count: 64,
    run,
    /** Until the compiler is done and a cache is full; finds out how many fit into a slice. */
    async warm() {
      const end = performance.now() + warmUp
      const first = scenario === 'missing' ? 2 * ENTRIES : scenario === 'repeated' ? 2 * REPEATED : 0
      for (let i = 0; i < first; i += 256) await run(256)
      let last = await run(64)
      while (performance.now() < end) last = await run(256)
      self.count = Math.max(16, Math.min(MOST, Math.round((slice * 1000) / last)))
    },
  }
  return self
}
