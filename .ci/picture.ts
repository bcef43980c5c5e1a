// Draws docs/packages.svg from the packages' package.json. `--check` fails when the picture is out of date, or when an
// import points up a floor or to what the package does not declare.
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { root } from './packages.ts'

/** Where each package stands: an import may only point to a lower floor. `across` and `wide` are columns of the picture. */
const PLACES: Readonly<Record<string, { readonly floor: number; readonly across: number; readonly wide?: number }>> = {
  conformance: { floor: 5, across: 0 },
  testing: { floor: 5, across: 3, wide: 2 },
  countersign: { floor: 6, across: 4, wide: 2 },
  mcp: { floor: 3, across: 0 },
  'http-signatures': { floor: 3, across: 7 },
  transport: { floor: 3, across: 8 },
  'rate-limits': { floor: 3, across: 9 },
  'audit-log': { floor: 3, across: 10 },
  gateway: { floor: 3, across: 11 },
  inventory: { floor: 3, across: 1, wide: 2 },
  'oauth-client': { floor: 3, across: 5 },
  'oauth-server': { floor: 3, across: 6 },
  'bound-tokens': { floor: 3, across: 4 },
  express: { floor: 4, across: 1 },
  fastify: { floor: 4, across: 2 },
  cookies: { floor: 2, across: 1 },
  policy: { floor: 2, across: 2, wide: 2 },
  tokens: { floor: 2, across: 4 },
  'api-keys': { floor: 2, across: 5 },
  'store-redis': { floor: 2, across: 6 },
  'store-postgres': { floor: 2, across: 7 },
  schema: { floor: 1, across: 0 },
  passwords: { floor: 1, across: 1 },
  credentials: { floor: 1, across: 2 },
  store: { floor: 1, across: 5, wide: 3 },
  http: { floor: 0, across: 0, wide: 12 },
}
const SCOPE = '@countersign/'
const COLUMN = 176
const COLUMNS = 12
const GAP = 24
const BOX = 84
const STOREY = 204
const LEFT = 44
const TOP = 14
const FILE = `${root}docs/packages.svg`

interface Drawn {
  readonly name: string
  readonly floor: number
  readonly left: number
  readonly width: number
  /** Packages of ours that it imports, and what it takes from others. */
  readonly ours: readonly string[]
  readonly others: readonly string[]
}

const drawn: readonly Drawn[] = readdirSync(`${root}packages`)
  .map((name) => draw(name))
  .sort((a, b) => b.floor - a.floor || a.left - b.left)
const floors = [...new Set(drawn.map(({ floor }) => floor))]

if (process.argv.includes('--check')) {
  const wrong = drawn.flatMap(({ name }) => importsOf(name).flatMap((one) => faultOf(name, one)))
  if (readFileSync(FILE, 'utf8') !== picture()) wrong.push('docs/packages.svg is out of date: run node .ci/picture.ts')
  for (const line of wrong) console.error(line)
  process.exit(wrong.length > 0 ? 1 : 0)
}
writeFileSync(FILE, picture())

function draw(name: string): Drawn {
  const place = PLACES[name]
  if (!place) throw new Error(`packages/${name} has no place in the picture: give it a floor and a column`)
  const manifest = manifestOf(name)
  const dependencies: readonly string[] = Object.keys(manifest.dependencies ?? {})
  const optional = manifest.peerDependenciesMeta ?? {}
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter((peer) => !peer.startsWith('@types/'))
  const { floor, across, wide = 1 } = place
  return {
    name,
    floor,
    left: LEFT + across * (COLUMN + GAP),
    width: wide * COLUMN + (wide - 1) * GAP,
    ours: dependencies.flatMap((one) => (one.startsWith(SCOPE) ? [one.slice(SCOPE.length)] : [])),
    others: [
      ...(manifest.private ? ['(private)'] : []),
      ...dependencies.filter((one) => !one.startsWith(SCOPE)),
      ...peers.map((peer) => `${peer} (${optional[peer]?.optional ? 'optional' : 'peer'})`),
    ],
  }
}

function manifestOf(name: string) {
  return JSON.parse(readFileSync(`${root}packages/${name}/package.json`, 'utf8'))
}

interface Import {
  readonly at: string
  readonly from: string
}

/** What the sources of a package import, tests left out. */
function importsOf(name: string): readonly Import[] {
  return globSync(`packages/${name}/src/**/*.ts`, { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      readFileSync(root + file, 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const from =
            /^(?:import|export|\}).* from '([^'.][^']*)'$|\bimport\('([^'.][^']*)'\)|^import '([^'.][^']*)'$/.exec(line)
          return from ? [{ at: `${file}:${index + 1}`, from: (from[1] ?? from[2] ?? from[3]) as string }] : []
        }),
    )
}

function faultOf(name: string, { at, from }: Import): readonly string[] {
  if (from.startsWith('node:')) return []
  const wanted = from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
  const { dependencies = {}, peerDependencies = {} } = manifestOf(name)
  const floor = PLACES[name]?.floor ?? 0
  const other = wanted.startsWith(SCOPE) ? (PLACES[wanted.slice(SCOPE.length)]?.floor ?? 0) : -1
  return [
    ...(other >= floor
      ? [`${at}: floor ${floor} imports ${wanted} of floor ${other}: an import may only point down`]
      : []),
    ...(wanted in dependencies || wanted in peerDependencies
      ? []
      : [`${at}: imports ${wanted}, which package.json lists under neither dependencies nor peerDependencies`]),
  ]
}

function picture(): string {
  const width = LEFT + COLUMNS * COLUMN + (COLUMNS - 1) * GAP + 14
  const height = TOP + floors.length * STOREY - (STOREY - BOX) + 44
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img" aria-labelledby="title">`,
    '<title id="title">The packages of Countersign by floor, and what each depends on. Arrows point down.</title>',
    '<style>',
    '  .page { fill: #ffffff } .box { fill: #eef3f8; stroke: #52687d; stroke-width: 1.2 } .name { fill: #15202b; font-size: 16px; font-weight: 600 }',
    '  .small { fill: #465665; font-size: 11.5px } .arrow { fill: none; stroke: #52687d; stroke-width: 1.4 } .head { fill: #52687d }',
    '  @media (prefers-color-scheme: dark) {',
    '    .page { fill: #10161d } .box { fill: #1d2935; stroke: #8ba3ba } .name { fill: #f0f4f8 }',
    '    .small { fill: #b3c1ce } .arrow { stroke: #8ba3ba } .head { fill: #8ba3ba }',
    '  }',
    '</style>',
    '<defs><marker id="head" markerWidth="9" markerHeight="9" refX="7" refY="4" orient="auto"><path class="head" d="M0 0 L8 4 L0 8 Z"/></marker></defs>',
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    ...floors.map(
      (floor) => `<text class="small" x="14" y="${topOf(floor) + BOX / 2 + 4}">${floor === 5 ? '' : floor}</text>`,
    ),
    ...arrows(),
    ...drawn.flatMap(box),
    `<text class="small" x="${LEFT}" y="${height - 14}">An arrow: depends on. Left out: what follows from other arrows. At the left: the floor. In small type: what a package takes from others.</text>`,
    '</svg>',
  ].join('\n')}\n`
}

function topOf(floor: number): number {
  return TOP + floors.indexOf(floor) * STOREY
}

function box({ name, floor, left, width, others }: Drawn): readonly string[] {
  const middle = left + width / 2
  const top = topOf(floor)
  const first = top + (BOX - others.length * 15) / 2 + 5
  return [
    `<rect class="box" x="${left}" y="${top}" width="${width}" height="${BOX}" rx="6"/>`,
    `<text class="name" x="${middle}" y="${first}" text-anchor="middle">${name}</text>`,
    ...others.map(
      (one, at) => `<text class="small" x="${middle}" y="${first + 17 + at * 15}" text-anchor="middle">${one}</text>`,
    ),
  ]
}

/** One line for each dependency that no other dependency brings along: down a free shaft, then across above its target. */
function arrows(): readonly string[] {
  const used: number[] = []
  const lanes = new Map<number, number>()
  return drawn.flatMap((from) =>
    from.ours
      .filter((name) => !from.ours.some((other) => other !== name && reaches(other, name)))
      .map((name) => byName(name))
      .sort((a, b) => a.left - b.left)
      .map((to) => {
        const out = shaft(from, to, used)
        const straight = out > to.left + 10 && out < to.left + to.width - 10
        const into = straight ? out : entry(out, to, used)
        used.push(out, into)
        const start = topOf(from.floor) + BOX
        const end = topOf(to.floor)
        if (straight) return line(`M${out} ${start} V${end - 2}`)
        const turn = (lanes.get(to.floor) ?? 0) + 1
        lanes.set(to.floor, turn)
        const lane = end - 14 - turn * 7
        return line(`M${out} ${start} V${lane} H${into} V${end - 2}`)
      }),
  )
}

function line(path: string): string {
  return `<path class="arrow" d="${path}" marker-end="url(#head)"/>`
}

/** Where a line leaves a box: nearest to its target, where no box of a floor between is in the way. */
function shaft(from: Drawn, to: Drawn, used: readonly number[]): number {
  const between = drawn.filter(({ floor }) => floor < from.floor && floor > to.floor)
  const goal = Math.min(Math.max(from.left + from.width / 2, to.left + 40), to.left + to.width - 40)
  return nearest(goal, from, used, (x) => between.every(({ left, width }) => x < left - 6 || x > left + width + 6))
}

function entry(out: number, to: Drawn, used: readonly number[]): number {
  return nearest(out < to.left ? to.left + 34 : to.left + to.width - 34, to, used, () => true)
}

function nearest(
  goal: number,
  { name, left, width }: Drawn,
  used: readonly number[],
  free: (x: number) => boolean,
): number {
  const all = Array.from({ length: width / 2 - 20 }, (_, at) => left + 20 + at * 2)
  const apart = (gap: number) => all.filter((x) => free(x) && used.every((other) => Math.abs(other - x) > gap))
  // Closer together where there is no room.
  const good = [10, 8, 6, 4].map(apart).find(({ length }) => length > 0) ?? []
  const [best] = good.sort((a, b) => Math.abs(a - goal) - Math.abs(b - goal))
  if (best === undefined) throw new Error(`no room for a line at ${name}: move it in PLACES`)
  return best
}

function byName(name: string): Drawn {
  return drawn.find((one) => one.name === name) as Drawn
}

function reaches(from: string, to: string): boolean {
  const { ours } = byName(from)
  return ours.includes(to) || ours.some((one) => reaches(one, to))
}
