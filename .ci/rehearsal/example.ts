// The first example of an installed README, completed to the file that its comment names, and run where it is installed.
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Package } from '../packages.ts'
import { plainEnv, shell } from '../shell.ts'
import { must } from '../tally.ts'

export interface Example {
  /** The program or the test of which the example is a part. */
  readonly source: string
  /** What it imports, as package names; the test runner left out. */
  readonly imports: readonly string[]
  /** What the README's install line names. */
  readonly installs: readonly string[]
}

/** Reads the README of the installed package: an example in it that is no part of the file it names is a failure. */
export function exampleOf(one: Package, consumer: string, workspace: string): Example {
  const page = readFileSync(join(consumer, 'node_modules', one.name, 'README.md'), 'utf8')
  const line = /npm i (?:-D )?([^#\n`]+)/.exec(page)?.[1]
  must(line !== undefined, 'the README has no install line')
  const source = one.commands.length > 0 ? commandTest(one) : sourceOf(page, workspace)
  const text = readFileSync(join(workspace, source), 'utf8')
  const helpers = helpersOf(source, text).map((file) => readFileSync(join(workspace, file), 'utf8'))
  return { source, imports: [text, ...helpers].flatMap(importsOf), installs: line.trim().split(/\s+/) }
}

/** The file that the first example is a part of. */
function sourceOf(page: string, workspace: string): string {
  const [, source, code] = /^<!-- (\S+\.ts) -->\n```ts\n([\s\S]*?)\n```$/m.exec(page) ?? []
  must(source !== undefined && code !== undefined, 'the README has no example with a file named above it')
  must(existsSync(join(workspace, source)), `the README names ${source}, which is not there`)
  const whole = flat(readFileSync(join(workspace, source), 'utf8'))
  must(whole.includes(flat(code)), `the README's first example is no part of ${source}`)
  return source
}

/** Examples of a command are command lines; its test types them, and compares with what the README prints. */
function commandTest({ folder }: Package): string {
  return `packages/${basename(folder)}/src/cli.test.ts`
}

/** Runs the example in the consumer's folder; answers how many tests drove it. */
export async function runExample(
  { source }: Example,
  one: Package,
  consumer: string,
  workspace: string,
): Promise<number> {
  return source.startsWith('apps/snippets/')
    ? driveSnippet(source, consumer, workspace)
    : runTests(source, one, consumer, workspace)
}

/** A program: Node runs it in the consumer's folder, and the workspace's own tests of it speak to it over a socket. */
async function driveSnippet(source: string, consumer: string, workspace: string): Promise<number> {
  const name = basename(source)
  for (const file of [source, ...helpersOf(source, readFileSync(join(workspace, source), 'utf8'))])
    copyFileSync(join(workspace, file), join(consumer, basename(file)))
  const tests = globSync('apps/snippets/*.test.ts', { cwd: workspace }).filter((file) =>
    readFileSync(join(workspace, file), 'utf8').includes(`'${name}'`),
  )
  return vitest(
    // mcp-server, and not mcp-server-fastify.
    ['--project=hosts', '--testNamePattern', `\\b${basename(name, '.ts')}(?![\\w-])`, ...tests],
    join(workspace, 'node_modules', '.bin', 'vitest'),
    workspace,
    { SNIPPETS: consumer },
  )
}

/** A test: it moves to the consumer, and finds there what is installed in place of the sources. */
async function runTests(source: string, one: Package, consumer: string, workspace: string): Promise<number> {
  const inside = `./node_modules/${one.name}`
  for (const file of [source, ...helpersOf(source, readFileSync(join(workspace, source), 'utf8'))]) {
    const text = readFileSync(join(workspace, file), 'utf8')
    const moved = text
      .replaceAll("'./index.ts'", `'${one.name}'`)
      .replaceAll("'./main.ts'", `'${inside}/dist/main.js'`)
      .replaceAll("'../README.md'", `'${inside}/README.md'`)
      .replaceAll("'../test'", "'.'")
      .replaceAll("'../test/", "'./")
    writeFileSync(join(consumer, basename(file)), moved)
  }
  const runner = join(workspace, 'node_modules', 'vitest')
  // The runner is not what is tried here: the workspace's own saves an installation for each consumer.
  if (!existsSync(join(consumer, 'node_modules', 'vitest')))
    symlinkSync(runner, join(consumer, 'node_modules', 'vitest'))
  return vitest(['--root', consumer], join(workspace, 'node_modules', '.bin', 'vitest'), consumer, {})
}

/** Files that an example needs beside it: what a program imports, what a test takes from the package's `test` folder. */
function helpersOf(source: string, text: string): readonly string[] {
  const named = source.startsWith('apps/snippets/')
    ? [...text.matchAll(/ from '\.\/([\w-]+\.ts)'/g)].map(([, name]) => join(dirname(source), name as string))
    : [...text.matchAll(/'\.\.\/test\/([\w-]+\.ts)'|'\.\/([\w-]+\.ts)#/g)].map(([, one, other]) =>
        join(dirname(source), '..', 'test', (one ?? other) as string),
      )
  return [...new Set(named)]
}

async function vitest(args: readonly string[], command: string, cwd: string, env: Readonly<Record<string, string>>) {
  const file = join(env.SNIPPETS ?? cwd, 'results.json')
  await shell(command, ['run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`], {
    cwd,
    env: plainEnv(env),
  })
  const { numPassedTests } = JSON.parse(readFileSync(file, 'utf8')) as { numPassedTests: number }
  must(numPassedTests > 0, 'no test ran the example')
  return numPassedTests
}

/** The control: without the installed package the example must not run. */
export async function mustNotRunWithout(one: Package, run: () => Promise<unknown>, consumer: string): Promise<void> {
  const installed = join(consumer, 'node_modules', one.name)
  const away = join(consumer, 'taken-away')
  mkdirSync(dirname(away), { recursive: true })
  renameSync(installed, away)
  const outcome = await run().then(
    () => 'ran',
    () => 'failed',
  )
  renameSync(away, installed)
  must(outcome === 'failed', `the example runs although ${one.name} was taken away: it runs something else`)
}

function importsOf(text: string): readonly string[] {
  const names = [...text.matchAll(/ from '([^'.][^']*)'/g)].map(([, from]) =>
    (from as string)
      .split('/')
      .slice(0, from?.startsWith('@') ? 2 : 1)
      .join('/'),
  )
  return names.filter((name) => !name.startsWith('node:') && name !== 'vitest')
}

/** Without indentation. */
function flat(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/gm, '')
}
