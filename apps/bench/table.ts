// Markdown of figures.
import { spread } from './statistics.ts'

/** The median, and the quartiles behind it. */
export function shown(values: readonly number[] | undefined, digits: number): string {
  if (!values) return '–'
  const { median, low, high } = spread(values)
  return `${median.toFixed(digits)} (${low.toFixed(digits)} – ${high.toFixed(digits)})`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, at) => (at === 0 ? '---' : '--:'))
  return [line(head), line(rule), ...rows.map(line), '']
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
