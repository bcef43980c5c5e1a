// Draws docs/plug-in.svg from docs/plug-in/*.diff: what it took to plug Countersign into each existing server. `--check` fails when
// the picture is out of date, when a diff is not what the server is today, or when it writes more than 12 lines.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { root } from './packages.ts'

const MOST = 12
const FILE = `${root}docs/plug-in.svg`
const FOLDER = `${root}docs/plug-in`
const LINE = 17
const CHARACTER = 7.25
const PAD = 16

interface Diff {
  readonly server: string
  readonly lines: readonly string[]
  readonly written: number
  readonly deleted: number
}

const diffs = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.diff'))
  .sort()
  .map((name) => readDiff(name))

if (process.argv.includes('--check')) {
  const wrong = diffs.flatMap(faultsOf)
  if (diffs.length !== 3) wrong.push(`docs/plug-in holds ${diffs.length} diffs, not those of the three servers`)
  if (readFileSync(FILE, 'utf8') !== picture()) wrong.push('docs/plug-in.svg is out of date: run node .ci/plug-in.ts')
  for (const line of wrong) console.error(line)
  process.exit(wrong.length > 0 ? 1 : 0)
}
writeFileSync(FILE, picture())

function readDiff(name: string): Diff {
  const all = readFileSync(`${FOLDER}/${name}`, 'utf8').split('\n')
  const changed = all.filter((line) => /^[+-](?![+-]{2} )/.test(line))
  const lines = all.flatMap((line) => {
    if (line.startsWith('+++ b/')) return [`# ${line.slice(6)}`]
    return /^[+-](?![+-]{2} )/.test(line) && line.length > 1 ? [line] : []
  })
  const written = changed.filter((line) => line.startsWith('+')).length
  return { server: name.replace('.diff', ''), lines, written, deleted: changed.length - written }
}

function faultsOf({ server, written }: Diff): string[] {
  const faults = written > MOST ? [`docs/plug-in/${server}.diff writes ${written} lines, ${MOST} are promised`] : []
  try {
    execFileSync('git', ['apply', '--reverse', '--check', `${FOLDER}/${server}.diff`], { cwd: root, stdio: 'pipe' })
  } catch (error) {
    const why = `${(error as { stderr?: Buffer }).stderr}`.trim()
    faults.push(`docs/plug-in/${server}.diff is not how the server became what it is: ${why}`)
  }
  return faults
}

function picture(): string {
  const first = diffs[0] as Diff
  const width = Math.ceil(Math.max(...first.lines.map(({ length }) => length)) * CHARACTER) + 2 * PAD
  const rows = first.lines.map((line, at) => row(line, PAD + 26 + at * LINE, width))
  const sum = diffs.map(({ server, written, deleted }) => `${server} +${written} −${deleted}`).join('     ')
  const height = PAD + 26 + first.lines.length * LINE + 34
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The diff of ${first.server}">
<style>text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}.f{fill:#8b949e}.a{fill:#aff5b4}.d{fill:#ffdcd7}.t{fill:#e6edf3;font-weight:bold}</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<text class="t" x="${PAD}" y="${PAD + 10}">Plugged into an Express server that used express-jwt</text>
${rows.join('\n')}
<text class="f" x="${PAD}" y="${height - 12}">${escapeXml(`lines written and deleted:  ${sum}`)}</text>
</svg>
`
}

function row(line: string, y: number, width: number): string {
  const kind = line[0] === '+' ? 'a' : line[0] === '-' ? 'd' : 'f'
  const back = { a: '#12261e', d: '#301b1e', f: '#0d1117' }[kind]
  return `<rect x="0" y="${y - 12}" width="${width}" height="${LINE}" fill="${back}"/><text class="${kind}" x="${PAD}" y="${y}">${escapeXml(line)}</text>`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
