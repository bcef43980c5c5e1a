// Guards of one package taken out, one after the other: the test of that package that a mutant names must fail, and does not without.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Change } from './mutant.ts'

export interface PackageMutant extends Change {
  readonly what: string
  /** Guards behind it that suffice too, taken out with it. */
  readonly also?: readonly Change[]
  /** File of the test, below the package. */
  readonly in: string
  /** Part of its name. */
  readonly test: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Run extends Pick<PackageMutant, 'in' | 'test'> {
  readonly changes: readonly Change[]
}

/** Runs a test with changes in the sources: whether it passed, and whether there was one. */
function run(name: string, { changes, in: place, test }: Run) {
  const pattern = test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'apps/mutants/package.config.ts']
  const child = spawn(process.execPath, [...vitest, `packages/${name}/${place}`, '-t', pattern], {
    cwd: root,
    env: { ...process.env, PACKAGE: name, MUTANT: JSON.stringify(changes), NO_COLOR: '1' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return new Promise<{ readonly passed: boolean; readonly ran: boolean }>((resolve) => {
    child.on('close', (code) => resolve({ passed: code === 0, ran: /Tests .*(passed|failed)/.test(output) }))
  })
}

/** Whether what each would change stands where it says, once: a row that has gone stale guards nothing. */
export function standing(
  all: readonly PackageMutant[],
  only: string | undefined,
  fail: (text: string) => void,
): PackageMutant[] {
  return all.filter((one) => {
    if (only && !`${one.file} ${one.what} ${one.test}`.includes(only)) return false
    const stale = [one, ...(one.also ?? [])].find(
      ({ file, find }) => readFileSync(`${root}/packages/${file}`, 'utf8').split(find).length !== 2,
    )
    if (stale) fail(`${one.file}: ${one.what}: its text does not stand in ${stale.file} exactly once: ${stale.find}`)
    return !stale
  })
}

/** Takes out each guard; tells of those that nobody missed. Resolves to how many were missed. */
export async function runPackageMutants(
  name: string,
  all: readonly PackageMutant[],
  only: string | undefined,
  fail: (text: string) => void,
): Promise<number> {
  const queue = standing(all, only, fail)
  const files = [...new Set(queue.map((one) => one.in))]
  let killed = 0
  const work = async () => {
    for (let file = files.shift(); file; file = files.shift()) {
      const { passed, ran } = await run(name, { changes: [], in: file, test: '' })
      if (!passed || !ran) fail(`${file} does not pass without a mutant`)
    }
    for (let one = queue.shift(); one; one = queue.shift()) {
      const { file, find, replace, also = [] } = one
      const { passed, ran } = await run(name, {
        changes: [{ file, find, replace }, ...also],
        in: one.in,
        test: one.test,
      })
      if (passed || !ran) fail(`${one.file}: ${one.what} (${one.test}): ${ran ? 'it survived' : 'no test ran'}`)
      else killed++
    }
  }
  await Promise.all([work(), work()])
  return killed
}
