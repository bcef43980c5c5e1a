// Packs every package as it is published, and judges the tarballs: publint, attw, and what is in them. Who uses them is
// rehearsed with a registry: see rehearsal/.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Package, packages } from './packages.ts'
import { plainEnv, shell } from './shell.ts'
import { check, close, must } from './tally.ts'

const scratch = mkdtempSync(join(tmpdir(), 'countersign-packed-'))
const env = plainEnv()

const queue = [...packages]
await Promise.all(
  Array.from({ length: 2 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await judge(next)
  }),
)
rmSync(scratch, { recursive: true, force: true })
console.log(`   packed: ${packages.length} packages`)
close()

async function judge(one: Package): Promise<void> {
  const { name, folder, entries } = one
  const out = join(scratch, name.replace('/', '-'))
  mkdirSync(out)
  const tarball = await check(`pack ${name}`, async () => {
    const output = await shell('pnpm', ['pack', '--json', '--pack-destination', out], { cwd: folder, env })
    return (JSON.parse(output) as { filename: string }).filename
  })
  if (!tarball) return
  await check(`publint ${name}`, () => shell('publint', ['--strict', '--pack', 'pnpm'], { cwd: folder, env }))
  // A command has no types to look at.
  if (entries.length > 0)
    await check(`attw ${name}`, () => shell('attw', ['--profile', 'esm-only', tarball], { cwd: scratch, env }))
  await check(`what is in ${name}`, () => contents(one, tarball, out))
}

async function contents({ name }: Package, tarball: string, out: string): Promise<void> {
  await shell('tar', ['--extract', '--file', tarball, '--directory', out])
  const files = (await shell('tar', ['--list', '--file', tarball])).trim().split('\n')
  for (const page of ['README.md', 'LICENSE']) must(files.includes(`package/${page}`), `it has no ${page}`)
  const stray = files.filter((file) => /\.test\.|\/(src|test|node_modules)\//.test(file))
  must(stray.length === 0, `it ships ${stray.join(', ')}`)
  const published = JSON.parse(readFileSync(join(out, 'package', 'package.json'), 'utf8'))
  const ranges = Object.entries<string>({ ...published.dependencies, ...published.peerDependencies })
  const odd = ranges.filter(([, range]) => /^(workspace|catalog|file|link|\*)/.test(range))
  must(odd.length === 0, `its package.json depends on ${odd.map((pair) => pair.join(' ')).join(', ')}`)
  must(published.license === 'MIT', `${name} is under ${published.license}`)
  must(published.repository?.url, `${name} does not say where its source is: npm refuses provenance for it`)
}
