// Verifying a token, without a server. Alone: `node apps/bench/inprocess.ts [--only HS256] [--rounds 7] [--quick]`.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { HELD } from './heap-round.ts'
import type { RoundRequest, RoundRow } from './inprocess-round.ts'
import { pinned } from './machine.ts'
import { SCENARIOS } from './scenarios.ts'
import { ALGORITHMS, type Algorithm, forged, type Signer, signer } from './settings.ts'
import { rotated, spread } from './statistics.ts'

/** One verifier under one scenario: microseconds a token (bytes for `heap`), a value a round. */
export interface InProcessRow {
  readonly algorithm: Algorithm
  readonly scenario: string
  readonly verifier: string
  readonly values: number[]
}
export interface InProcessOptions {
  readonly rounds: number
  readonly quick: boolean
  readonly algorithms?: readonly Algorithm[]
  readonly heap?: boolean
}

const run = promisify(execFile)
const POOL = 4096

/** All rounds, one after the other. `progress` is told when a round of an algorithm is done. */
export async function inProcess(options: InProcessOptions, progress: (done: string) => void): Promise<InProcessRow[]> {
  const { rounds, quick, algorithms = ALGORITHMS, heap = true } = options
  const rows = new Map<string, InProcessRow>()
  const add = (algorithm: Algorithm, scenario: string, verifier: string, value: number) => {
    const key = `${algorithm} ${scenario} ${verifier}`
    const row = rows.get(key) ?? { algorithm, scenario, verifier, values: [] }
    row.values.push(value)
    rows.set(key, row)
  }
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  try {
    const requests = algorithms.map((algorithm) => ({ algorithm, ...asked(signer(algorithm), quick) }))
    for (let round = 0; round < rounds; round++) {
      for (const { algorithm, ...request } of rotated(requests, round)) {
        const file = join(folder, `${algorithm}.json`)
        writeFileSync(file, JSON.stringify({ ...request, round } satisfies RoundRequest))
        const output = await node(['inprocess-round.ts'], file)
        for (const { scenario, verifier, microseconds } of JSON.parse(output) as RoundRow[])
          add(algorithm, scenario, verifier, microseconds)
        progress(`round ${round + 1} of ${rounds}: ${algorithm}`)
      }
      if (!heap) continue
      for (const verifier of rotated(HELD, round))
        add('HS256', 'heap', verifier, JSON.parse(await node(['--expose-gc', 'heap-round.ts'], verifier)))
      progress(`round ${round + 1} of ${rounds}: heap`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return [...rows.values()]
}

async function node(flags: readonly string[], argument: string): Promise<string> {
  const file = fileURLToPath(new URL(flags.at(-1) as string, import.meta.url))
  const [command, args] = pinned('load', process.execPath, [...flags.slice(0, -1), file, argument])
  return (await run(command, args, { maxBuffer: 1 << 24 })).stdout
}

/** The tokens that an algorithm's scenarios need, signed once for all rounds and all verifiers. */
function asked({ settings, token }: Signer, quick: boolean): Omit<RoundRequest, 'round'> {
  const wanted = SCENARIOS.filter(({ algorithms }) => algorithms.includes(settings.algorithm))
  const good = Array.from({ length: quick ? 1024 : POOL }, (_, number) => token(number))
  const past = Math.floor(Date.now() / 1000) - 7200
  const make: Record<string, () => readonly string[]> = {
    garbage: () => good.slice(0, 1024).map((one) => [...one].reverse().join('')),
    forged: () => good.slice(0, 1024).map(forged),
    expired: () => Array.from({ length: 512 }, (_, number) => token(number, { iat: past, exp: past + 3600 })),
  }
  return {
    settings,
    tokens: Object.fromEntries(wanted.map(({ name }) => [name, make[name]?.() ?? good])),
    ...(quick ? { warmUp: 20, slice: 2, slices: 5 } : { warmUp: 100, slice: 8, slices: 20 }),
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, rounds: { type: 'string' }, quick: { type: 'boolean', default: false } },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 7))
  const only = values.only as Algorithm | 'heap' | undefined
  if (only && only !== 'heap' && !ALGORITHMS.includes(only))
    throw new TypeError(`--only ${ALGORITHMS.join(' | ')} | heap`)
  const algorithms = only === 'heap' ? [] : only ? [only] : ALGORITHMS
  const rows = await inProcess(
    { rounds, quick: values.quick, algorithms, heap: !only || only === 'heap' },
    (done) => void process.stderr.write(`\r${done}   `),
  )
  process.stderr.write('\n')
  for (const { algorithm, scenario, verifier, values } of rows) {
    const { median, low, high } = spread(values)
    const unit = scenario === 'heap' ? 'B ' : 'µs'
    const figure = `${median.toFixed(2).padStart(8)} ${unit}  ${low.toFixed(2)} – ${high.toFixed(2)}`
    console.log(`${algorithm.padEnd(6)} ${scenario.padEnd(9)} ${verifier.padEnd(38)} ${figure}`)
  }
}
