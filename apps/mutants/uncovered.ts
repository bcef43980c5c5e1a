import { readdirSync, readFileSync } from 'node:fs'
import type { Mutant } from './mutant.ts'

/** The code lines of both adapters that no mutant takes out: each is a line that could be lost unnoticed. */
export function uncovered(mutants: readonly Mutant[]): readonly string[] {
  return ['express', 'fastify'].flatMap((adapter) => {
    const folder = new URL(`../../packages/${adapter}/src/`, import.meta.url)
    return readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'index.ts')
      .flatMap((name) => {
        const file = `packages/${adapter}/src/${name}`
        const source = readFileSync(new URL(name, folder), 'utf8')
        const spans = mutants
          .filter((one) => file.endsWith(one.file))
          .map(({ find }) => [source.indexOf(find), source.indexOf(find) + find.length] as const)
        let at = 0
        return source.split('\n').flatMap((line, number) => {
          const start = at
          at += line.length + 1
          const covered = spans.some(([from, to]) => from >= 0 && from < at - 1 && to > start)
          return covered || !isCode(line) ? [] : [`${file}:${number + 1}: ${line.trim()}`]
        })
      })
  })
}

/** What does something when it runs: not imports, types, comments, signatures or lone punctuation. */
function isCode(line: string): boolean {
  const text = line.trim()
  if (text === '' || /^(\/\/|\/?\*|import |export (type|interface)|type |interface |readonly |[\]})>;,]+$)/.test(text))
    return false
  if (/^(export )?(async )?function /.test(text) || /^[\w.]+\??\(.*\): .+$/.test(text)) return false
  return !/^(return )?\(.*\) =>( \{)?$/.test(text) && !/^\}?\s*else \{$/.test(text)
}
