import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { expressInventoryMutants, fastifyInventoryMutants } from './inventory.ts'
import { type Change, changesOf, type Mutant } from './mutant.ts'

/** Lines that no case over a socket can see, each with the reason. */
const EXCUSED: Readonly<Record<string, string>> = {
  'const { log = console.error } = options': 'what a server prints by default is not on the wire',
}

/** What no host asks over a socket: tests of the package are asked instead (`packages.ts`), by these. */
const BY_TESTS: readonly Change[] = [...expressInventoryMutants, ...fastifyInventoryMutants]
const BY_TESTS_ALONE: readonly string[] = ['inventory.ts', 'swagger.ts']

/** The code lines of both adapters that no mutant takes out: each is a line that could be lost unnoticed. */
export function uncovered(mutants: readonly Mutant[]): readonly string[] {
  const changes = [...mutants.flatMap(changesOf), ...BY_TESTS]
  return ['express', 'fastify'].flatMap((adapter) => {
    const folder = new URL(`../../packages/${adapter}/src/`, import.meta.url)
    return readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'index.ts')
      .filter((name) => !BY_TESTS_ALONE.includes(name))
      .flatMap((name) => {
        const file = `packages/${adapter}/src/${name}`
        const source = readFileSync(new URL(name, folder), 'utf8')
        const spans = changes
          .filter((one) => file.endsWith(one.file))
          .map(({ find }) => [source.indexOf(find), source.indexOf(find) + find.length] as const)
        let at = 0
        return codeOf(source).flatMap((line, number) => {
          const start = at
          at += line.length + 1
          const covered = spans.some(([from, to]) => from >= 0 && from < at - 1 && to > start)
          const excused = Object.keys(EXCUSED).some((text) => source.slice(start, at).includes(text))
          return covered || excused || !doesSomething(line) ? [] : [`${file}:${number + 1}: ${line.trim()}`]
        })
      })
  })
}

/** The lines of a source, types and comments blank, every character where it was. */
function codeOf(source: string): readonly string[] {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  return stripTypeScriptTypes(source)
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/^import [^']*'[^']*'$/gm, blank)
    .replace(/(?<=^|\s)\/\/.*$/gm, blank)
    .replace(/^(export )?(async )?function \w+\s*\([^)=]*\)\s*\{$/gm, blank)
    .split('\n')
}

/** Not an import, lone punctuation, or the head of a function: what stands in its body is asked for line by line. */
function doesSomething(line: string): boolean {
  const text = line.replace(/\s+/g, ' ').trim()
  if (!/\w/.test(text) || text.startsWith('import ') || text === 'else {' || text === '} else {') return false
  if (/^(async )?(?!if|for|while|switch|catch)\w+\([\w\s,{}]*\) ?\{$/.test(text)) return false
  return !/^((export )?const \w+ = |return )?(async )?\([\w\s,{}]*\) ?=> ?[{(]?$/.test(text)
}
