// docs/imports.md: bytes and milliseconds of each import. Made from measurements, and the budget of the next ones.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { root } from '../packages.ts'
import { must } from '../tally.ts'
import { isOurs, thirdParties } from './allowed.ts'
import type { Graph } from './graph.ts'

/** Processes that each import is timed in. */
export const RUNS = 9
const FILE = join(root, 'docs', 'imports.md')
const UPDATE = 'pnpm imports:update'
/** How much more than the table says is let through, before somebody has to say that it is meant. */
const MORE = { bytes: 1.1, milliseconds: 4, atLeast: 40 }

export interface Measured {
  readonly entry: string
  readonly files: number
  readonly own: number
  readonly others: number
  readonly names: readonly string[]
  /** The median. */
  readonly milliseconds: number
  /** Whatever else the machine did meanwhile, it can be this fast. */
  readonly fastest: number
}

export function measured(graph: Graph, times: readonly number[]): Measured {
  const [fastest = 0, milliseconds = fastest] = [times[0], times[Math.floor(times.length / 2)]]
  const bytes = (wanted: boolean) =>
    graph.loaded.filter(({ owner }) => isOurs(owner) === wanted).reduce((sum, one) => sum + one.bytes, 0)
  const names = thirdParties(graph)
  return {
    entry: graph.entry,
    files: graph.loaded.length,
    own: bytes(true),
    others: bytes(false),
    names,
    milliseconds,
    fastest,
  }
}

/** Fails when an import has outgrown what the table says of it. */
export function withinBudget(now: Measured): void {
  const before = budgetOf(now.entry)
  must(before, `docs/imports.md says nothing of ${now.entry}: ${UPDATE}`)
  for (const what of ['own', 'others'] as const) {
    must(
      now[what] <= before[what] * MORE.bytes,
      `importing ${now.entry} loads ${kilobytes(now[what])} of ${what === 'own' ? 'ours' : 'others'}, and ${kilobytes(before[what])} before. If that is meant: ${UPDATE}`,
    )
  }
  const limit = Math.max(MORE.atLeast, before.milliseconds * MORE.milliseconds)
  must(
    now.fastest <= limit,
    `importing ${now.entry} takes ${now.fastest.toFixed(0)} ms at its fastest, more than ${limit.toFixed(0)} ms`,
  )
}

interface Budget {
  readonly own: number
  readonly others: number
  readonly milliseconds: number
}

function budgetOf(entry: string): Budget | undefined {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''
  const row = text.split('\n').find((line) => line.startsWith(`| \`${entry}\` `))
  const cells = row?.split('|').map((cell) => cell.trim())
  if (!cells) return undefined
  const [own = 0, others = 0, milliseconds = 0] = [cells[3], cells[4], cells[6]].map((cell) =>
    Number.parseFloat(cell ?? ''),
  )
  return { own: own * 1000, others: others * 1000, milliseconds }
}

/** Writes the table; rows in the order of the names. */
export function writeTable(rows: readonly Measured[], node: string): void {
  const lines = [...rows]
    .sort((a, b) => (a.entry < b.entry ? -1 : 1))
    .map(({ entry, files, own, others, names, milliseconds }) => [
      `\`${entry}\``,
      `${files}`,
      kilobytes(own),
      kilobytes(others),
      names.join(', '),
      `${milliseconds.toFixed(1)} ms`,
    ])
  const head = ['import', 'files', 'ours', "others'", 'of whom', 'takes']
  const wide = head.map((_, at) => Math.max(...[head, ...lines].map((cells) => (cells[at] as string).length), 3))
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(wide[at] as number)).join(' | ')} |`
  writeFileSync(
    FILE,
    `# What an import costs

Made by \`${UPDATE}\`: each package installed alone from a registry, each entry imported in a fresh process. Bytes are those of
all JavaScript files that were loaded, unpacked; milliseconds are the median of ${RUNS} processes, Node's own start left out, on
Node ${node}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}. The rehearsal of a release fails when an import outgrows this page, or loads a
package that it has no business with.

${row(head)}
| ${wide.map((width) => '-'.repeat(width)).join(' | ')} |
${lines.map(row).join('\n')}
`,
  )
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
