// `node apps/revocation/key-timeline.ts` draws docs/key-timeline.svg from the defaults of `localIssuer`, by the code that rotates.
import { writeFileSync } from 'node:fs'
import { memoryStore } from '@countersign/store'
import { type KeyInfo, localIssuer } from '@countersign/tokens'

const DAY = 86_400
const [WIDTH, ROW, LEFT, TOP] = [760, 34, 92, 52]
const DAYS = 66
const COLOURS = { next: '#8250df', active: '#1a7f37', retiring: '#9a6700' } as const
const WORDS = { next: 'published', active: 'signs', retiring: 'verifies only' } as const
type Shown = keyof typeof WORDS

/** What each key of an issuer with the defaults is on each of so many days: asked of the issuer itself, its clock turned. */
export async function keyDays(): Promise<readonly (readonly KeyInfo[])[]> {
  let now = Date.UTC(2026, 0, 1)
  const clock = () => now
  const own = localIssuer({
    issuer: 'https://api.test',
    audience: 'https://api.test',
    store: memoryStore({ clock }),
    clock,
  })
  const days: (readonly KeyInfo[])[] = []
  for (let quarter = 0; quarter < DAYS * 4; quarter++) {
    await own.jwks() // a request: what is due is made beside it
    await new Promise((done) => setTimeout(done, 2))
    days.push(await own.keys.list())
    now += (DAY / 4) * 1000
  }
  return days
}

export function keyTimeline(days: readonly (readonly KeyInfo[])[]): string {
  const kids = [...new Set(days.flat().map(({ kid }) => kid))]
  const height = TOP + kids.length * ROW + 48
  const x = (quarter: number) => LEFT + (quarter / days.length) * (WIDTH - LEFT - 10)
  const bars = kids.flatMap((kid, row) => {
    const states = days.map((keys) => keys.find((key) => key.kid === kid)?.state)
    return runs(states).flatMap(({ state, from, to }) =>
      state in WORDS
        ? [
            `<rect fill="${COLOURS[state as Shown]}" x="${x(from).toFixed(1)}" y="${TOP + row * ROW}" width="${Math.max(2, x(to) - x(from) - 1).toFixed(1)}" height="${ROW - 12}" rx="2"/>`,
          ]
        : [],
    )
  })
  const legend = (Object.keys(WORDS) as Shown[]).map(
    (state, at) =>
      `<rect fill="${COLOURS[state]}" x="${LEFT + at * 140}" y="${height - 22}" width="12" height="12" rx="2"/><text x="${LEFT + 18 + at * 140}" y="${height - 12}">${WORDS[state]}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">`,
    '<title id="title">Signing keys over time: each is published a day before it signs, signs for 30 days, and verifies for a day more</title>',
    `<style>${STYLE}</style>`,
    '<text class="head" x="0" y="18">Signing keys over two months, with the defaults</text>',
    ...[0, 30, 60].map(
      (day) =>
        `<text class="tick" x="${x(day * 4).toFixed(1)}" y="${TOP - 10}">day ${day}</text><line class="rule" x1="${x(day * 4).toFixed(1)}" x2="${x(day * 4).toFixed(1)}" y1="${TOP - 4}" y2="${TOP + kids.length * ROW}"/>`,
    ),
    ...kids.map((_, row) => `<text class="name" x="0" y="${TOP + row * ROW + 16}">key ${row + 1}</text>`),
    ...bars,
    ...legend,
    '</svg>',
    '',
  ].join('\n')
}

function runs(states: readonly (string | undefined)[]) {
  const found: { state: string; from: number; to: number }[] = []
  for (const [at, state] of states.entries()) {
    const last = found.at(-1)
    if (last && last.state === state && last.to === at) last.to = at + 1
    else if (state !== undefined) found.push({ state, from: at, to: at + 1 })
  }
  return found
}

const STYLE = `
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.head{font-size:14px;font-weight:600}.tick{fill:#59636e}.rule{stroke:#d0d7de}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.tick{fill:#9198a1}.rule{stroke:#3d444d}}
`.trim()

export const PICTURE = new URL('../../docs/key-timeline.svg', import.meta.url)
if (import.meta.main) writeFileSync(PICTURE, keyTimeline(await keyDays()))
