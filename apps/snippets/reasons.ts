import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One place where a package makes an error. */
export interface Made {
  readonly code: string
  readonly reason: string
  readonly file: string
}

const CALL = /authError\(\s*'(\w+)',\s*(?:'([^']+)'|`([^`$]*)\$\{(\w+)\}([^`]*)`)/g

/**
 * Every code and reason that the sources of the packages make errors of. A reason that is put together, `token.${reason}`, is
 * made by a function of that file: its calls are followed. Throws for an `authError` whose reason cannot be read.
 */
export function reasonsMade(root: string): readonly Made[] {
  const files = globSync('packages/*/src/**/*.ts', { cwd: root }).filter(
    (file) => !file.endsWith('.test.ts') && !file.startsWith('packages/conformance/'),
  )
  return files.sort().flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
    const found: Made[] = []
    for (const [, code = '', whole, before = '', , after = ''] of source.matchAll(CALL)) {
      if (whole !== undefined) found.push({ code, reason: whole, file })
      else for (const part of partsIn(source)) found.push({ code, reason: `${before}${part}${after}`, file })
    }
    const calls = source.match(/\bauthError\((?!code: Code)/g)?.length ?? 0
    const read = [...source.matchAll(CALL)].length
    if (calls !== read)
      throw new Error(`${file}: an authError() whose code and reason are no plain text: write them there`)
    return found
  })
}

/** What the maker of errors of a file is called with: `const fault = (reason: string, …) => authError(…)`. */
function partsIn(source: string): readonly string[] {
  const maker = /(?:const|function) (\w+)\s*(?:=\s*)?\(reason: string/.exec(source)?.[1]
  const called = [...source.matchAll(new RegExp(`\\b${maker}\\('([\\w-]+)'`, 'g'))].map(([, part]) => part as string)
  const listed = /\[([^\]]*)\]\.map\(\(name\) => \[[^\]]*fault\(name\)/.exec(source)?.[1] ?? ''
  return [...called, ...[...listed.matchAll(/'(\w+)'/g)].map(([, part]) => part as string)]
}
