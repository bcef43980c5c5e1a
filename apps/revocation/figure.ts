import { at, type Results } from './page.ts'

const WIDTH = 760
const HEIGHT = 300
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 150, 46, 44]
const COLOURS = ['#0969da', '#bf5700', '#57606a']
/** The axis: from a tenth of a millisecond to a second. */
const [FROM, TO] = [0.1, 1000]

/** The share of refusals that came within so many milliseconds. */
export function figure({ stores, rounds, date }: Results): string {
  const x = (ms: number) =>
    LEFT + (Math.log10(Math.min(TO, Math.max(FROM, ms)) / FROM) / Math.log10(TO / FROM)) * (WIDTH - LEFT - RIGHT)
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
  const ticks = [0.1, 1, 10, 100, 1000]
  const spoken = stores.map(
    ({ name, refused }) =>
      `${name}: half within ${at(refused, 0.5).toFixed(1)} ms, 99 of 100 within ${at(refused, 0.99).toFixed(1)} ms`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">`,
    `<title id="title">Revoked on one process, refused on the others. ${spoken.join('; ')}</title>`,
    `<style>${STYLE}</style>`,
    '<text class="head" x="0" y="18">Revoked on one process: the share of the others that refuse after so many milliseconds</text>',
    ...ticks.map(
      (tick) =>
        `<line class="rule" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="tick" x="${x(tick)}" y="${HEIGHT - BOTTOM + 16}">${tick} ms</text>`,
    ),
    ...[0, 0.5, 0.99].map(
      (share) =>
        `<line class="rule" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}"/><text class="share" x="${LEFT - 6}" y="${y(share) + 4}">${Math.round(share * 100)} %</text>`,
    ),
    ...stores.flatMap(({ name, refused }, store) => {
      const points = refused.map((ms, index) => `${x(ms).toFixed(1)},${y((index + 1) / refused.length).toFixed(1)}`)
      const colour = COLOURS[store % COLOURS.length]
      return [
        `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${x(refused[0] ?? FROM).toFixed(1)},${y(0)} ${points.join(' ')}"/>`,
        `<rect fill="${colour}" x="${WIDTH - RIGHT + 16}" y="${TOP + 8 + store * 22}" width="12" height="12" rx="2"/><text x="${WIDTH - RIGHT + 34}" y="${TOP + 18 + store * 22}">${name}</text>`,
      ]
    }),
    `<text class="note" x="0" y="${HEIGHT - 6}">${rounds} rounds a store, two processes watching in each; ${date}. By npm run demo:revoke.</text>`,
    '</svg>',
    '',
  ].join('\n')
}

const STYLE = `
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.head{font-size:14px;font-weight:600}.note{font-size:11px;fill:#59636e}
.tick{text-anchor:middle;fill:#59636e}.share{text-anchor:end;fill:#59636e}.rule{stroke:#d0d7de}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note,.tick,.share{fill:#9198a1}.rule{stroke:#3d444d}}
`.trim()
