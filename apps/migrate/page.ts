import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Row {
  /** The heading that it stands under. */
  readonly section: string
  readonly cells: readonly string[]
}

export const textOf = (page: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/migrate/${page}.md`, import.meta.url)), 'utf8')

/** The rows of every table of a page, without headings. */
export function rowsOf(page: string): readonly Row[] {
  let section = ''
  let head = true
  return textOf(page)
    .split('\n')
    .flatMap((line) => {
      section = /^## (.+)$/.exec(line)?.[1] ?? section
      if (!line.startsWith('|')) head = true
      else if (/^\|[-| :]+\|$/.test(line)) head = false
      else if (!head) {
        const cells = line.slice(1, -1).split('|')
        return [{ section, cells: cells.map((cell) => cell.trim()) }]
      }
      return []
    })
}

/** What stands between backticks. */
export const codes = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)
