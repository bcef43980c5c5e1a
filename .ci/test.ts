// Runs the checks of the workspace, those that take minutes only by name, says how each went, and ends with "N passed, N failed".
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

interface Count {
  readonly passed: number
  readonly failed: number
}
interface Check {
  readonly name: string
  /** Runs only when it is asked for by name: it takes minutes. */
  readonly byName?: true
  readonly what: string
  run(): Promise<Count>
}

const scratch = mkdtempSync(join(tmpdir(), 'countersign-test-'))
/** Hundreds of processes start from the same sources: node keeps what it compiled, by the text of each. */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'countersign-compiled')

const KNIP = ['--config', '.ci/knip.json', '--no-config-hints']

const CHECKS: readonly Check[] = [
  { name: 'lint', what: 'biome over the whole workspace', run: () => one('biome', ['check', '.']) },
  {
    name: 'floors',
    what: 'imports point down, and the picture shows them',
    run: () => one('node', ['.ci/picture.ts', '--check']),
  },
  { name: 'types', what: 'tsc --noEmit', run: () => one('tsc', ['--noEmit']) },
  { name: 'unit', what: 'unit tests beside the sources', run: () => vitest('packages') },
  { name: 'conformance', what: 'every case against every host, over sockets', run: () => vitest('hosts') },
  { name: 'timing', what: 'an unknown user costs what a known one costs, over sockets', run: () => vitest('timing') },
  {
    name: 'mutants',
    what: 'each guard taken out is noticed; those of packages, which take minutes, are still there to be taken out',
    run: () =>
      both(counted('node', ['apps/mutants/main.ts']), counted('node', ['apps/mutants/packages.ts', '--texts'])),
  },
  {
    name: 'build',
    what: 'dist of every package',
    run: () => one('turbo', ['run', 'build', '--output-logs=errors-only']),
  },
  {
    name: 'declared',
    what: 'nothing is imported that package.json does not declare, nothing declared that nobody imports',
    run: () =>
      both(
        one('knip', KNIP),
        one('knip', [...KNIP, '--production', '--strict', '--exclude', 'dependencies', '--workspace', './packages/*']),
      ),
  },
  {
    name: 'imports',
    what: 'an import loads no package that it has no business with',
    run: () => counted('node', ['.ci/imports/main.ts']),
  },
  {
    name: 'supply',
    what: 'bills of materials, licences, no script on install',
    run: () => counted('node', ['.ci/supply.ts']),
  },
  {
    name: 'workflows',
    what: 'actionlint over .github',
    run: () => counted('node', ['.ci/workflows.ts']),
  },
  {
    name: 'api',
    what: 'what packages export is what their api.txt says',
    run: () => counted('node', ['.ci/api.ts']),
  },
  {
    name: 'packed',
    what: 'publint and attw over the tarballs, and what is in them',
    run: () => counted('node', ['.ci/packed.ts']),
  },
  {
    name: 'oauth-mutants',
    byName: true,
    what: 'each guard of the authorization server and of MCP taken out is noticed',
    run: () => counted('node', ['apps/mutants/main.ts', '--later']),
  },
  {
    name: 'bench',
    byName: true,
    what: 'each candidate of the benchmarks does what it is timed for',
    run: () => vitest('bench'),
  },
  {
    name: 'unit-mutants',
    byName: true,
    what: 'each guard of the packages that no host has whole, taken out, is noticed by their tests',
    run: () => counted('node', ['apps/mutants/packages.ts']),
  },
  {
    name: 'races',
    byName: true,
    what: 'thousands of rounds of processes against processes, on every store',
    run: () => vitest('races'),
  },
  {
    name: 'faults',
    byName: true,
    what: 'stores and key sources that die, hang or lie, with their guards and without',
    run: () => vitest('faults'),
  },
  {
    name: 'rehearsal',
    byName: true,
    what: 'a release to a registry on the loopback, and its users with npm, pnpm and yarn',
    run: () => counted('node', ['.ci/rehearsal/main.ts']),
  },
]

const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } })
if (values.help) {
  console.log(
    `usage: npm test [-- CHECK ...]\n\n${CHECKS.map(({ name, what, byName }) => `  ${name.padEnd(12)} ${what}${byName ? ' (by name only: minutes)' : ''}`).join('\n')}`,
  )
  process.exit(0)
}
const unknown = positionals.filter((name) => !CHECKS.some((check) => check.name === name))
if (unknown.length > 0) {
  console.error(`no check is named ${unknown.join(', ')}: see npm test -- --help`)
  process.exit(2)
}

let passed = 0
let failed = 0
for (const { name, what, byName, run } of CHECKS) {
  if (positionals.length > 0 ? !positionals.includes(name) : byName) continue
  console.log(`\n── ${name}: ${what}`)
  const start = Date.now()
  const count = await run()
  passed += count.passed
  failed += count.failed
  console.log(
    `   ${name}: ${count.passed} passed, ${count.failed} failed, ${((Date.now() - start) / 1000).toFixed(1)} s`,
  )
}
const later = CHECKS.filter(({ byName }) => byName).map(({ name }) => name)
if (positionals.length > 0) console.log('\n(only some checks were asked for)')
else console.log(`\n(by name, minutes each: npm test -- ${later.join(' ')})`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

/** A command that passes or fails as a whole. */
async function one(command: string, args: readonly string[]): Promise<Count> {
  const { code } = await shell(command, args)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 }
}

async function both(first: Promise<Count>, second: Promise<Count>): Promise<Count> {
  const [a, b] = [await first, await second]
  return { passed: a.passed + b.passed, failed: a.failed + b.failed }
}

/** A command whose last line is "N passed, N failed". */
async function counted(command: string, args: readonly string[]): Promise<Count> {
  const { code, output } = await shell(command, args)
  const [, yes, no] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? []
  if (yes === undefined) return { passed: 0, failed: 1 }
  return { passed: Number(yes), failed: Math.max(Number(no), code === 0 ? 0 : 1) }
}

async function vitest(project: string): Promise<Count> {
  const file = join(scratch, `${project}.json`)
  const { code } = await shell('vitest', [
    'run',
    `--project=${project}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ])
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(file, 'utf8'))
    if (numPendingTests > 0) console.log(`   ${numPendingTests} left out: their names and reasons stand above`)
    return { passed: numPassedTests, failed: Math.max(numFailedTests, code === 0 ? 0 : 1) }
  } catch {
    return { passed: 0, failed: 1 }
  }
}

function shell(command: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
        process.stdout.write(chunk)
      })
    }
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
