// docs/bench.svg: what is left of the bare route, and what a request costs more. Readable on light and on dark pages.
import type { Results, RouteRow } from './results.ts'
import { median } from './statistics.ts'

const WIDTH = 860
const ROW = 24
const TOP = 66
const LABEL = 174
const PANEL = WIDTH / 2
const BAR = 132

/** The picture of the first screen: RS256 tokens in turn, both frameworks. */
export function chart(results: Results): string {
  const panels = (['Express', 'Fastify'] as const).map((name) =>
    results.routes
      .filter(
        ({ framework, algorithm, traffic }) => framework === name && algorithm === 'RS256' && traffic === 'repeated',
      )
      .filter(({ kind, fraction }) => kind !== 'bare' && fraction)
      .toSorted((a, b) => left(b) - left(a)),
  )
  const height = TOP + ROW * Math.max(...panels.map(({ length }) => length)) + 42
  const { machine, rounds, date } = results
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${xml(spoken(panels.flat()))}</title>`,
    `<style>${STYLE}</style>`,
    '<text class="head" x="0" y="18">Requests a second that a protected route keeps, and the CPU that a request costs more</text>',
    '<text class="note" x="0" y="36">RS256 tokens, 512 in turn; 1.00 is the same route with no protection</text>',
    ...panels.flatMap((rows, at) => panel(at === 0 ? 'Express 5' : 'Fastify 5', rows, at * PANEL)),
    `<text class="note" x="0" y="${height - 8}">${xml(
      `Median of ${rounds} rounds, ${machine.pinned ? 'server on one core, load on the other' : 'server and load on the same cores'}. ${machine.cpu}, Node ${machine.node}, ${date.slice(0, 10)}. Floor: a bare verifier on node:crypto.`,
    )}</text>`,
    '</svg>',
    '',
  ].join('\n')
}

function panel(name: string, rows: readonly RouteRow[], x: number): string[] {
  const bottom = TOP + ROW * rows.length
  const one = x + LABEL + BAR
  return [
    `<text class="name" x="${x}" y="${TOP - 8}">${name}</text>`,
    ...rows.flatMap((row, at) => {
      const y = TOP + ROW * at
      const kept = left(row)
      const added = median(row.addedCpu ?? [0])
      const figure = `${kept.toFixed(2)}  ${added < 0 ? '−' : '+'}${Math.abs(added).toFixed(1)} µs`
      return [
        `<text class="label ${row.kind}" x="${x + LABEL - 8}" y="${y + 15}">${xml(row.label)}</text>`,
        `<rect class="${row.kind}" x="${x + LABEL}" y="${y + 4}" width="${(Math.min(1, kept) * BAR).toFixed(1)}" height="${ROW - 9}" rx="2"/>`,
        `<text class="figure ${row.kind}" x="${one + 8}" y="${y + 15}">${figure}</text>`,
      ]
    }),
    `<line class="rule" x1="${one}" x2="${one}" y1="${TOP}" y2="${bottom}"/>`,
  ]
}

function spoken(rows: readonly RouteRow[]): string {
  const each = rows.map((row) => `${row.framework}, ${row.label} ${left(row).toFixed(2)}`)
  return `Of the bare route's requests a second: ${each.join('; ')}`
}

function left(row: RouteRow): number {
  return median(row.fraction ?? [0])
}

function xml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

const STYLE = `
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.head{font-size:14px;font-weight:600}.name{font-size:13px;font-weight:600}
.note{font-size:11px;fill:#59636e}.label{text-anchor:end}
.label.ours,.figure.ours{font-weight:700}.label.floor,.figure.floor{fill:#59636e;font-style:italic}
.figure{font-variant-numeric:tabular-nums;white-space:pre}
rect.ours{fill:#0969da}rect.peer{fill:#afb8c1}rect.floor{fill:none;stroke:#8c959f;stroke-dasharray:3 2}
.rule{stroke:#8c959f;stroke-width:1}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}.note,.label.floor,.figure.floor{fill:#9198a1}
rect.ours{fill:#4493f8}rect.peer{fill:#656c76}rect.floor{stroke:#9198a1}.rule{stroke:#656c76}}
`.trim()
