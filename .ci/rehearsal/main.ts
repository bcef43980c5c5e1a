// A release, rehearsed: the workspace is released to a registry on the loopback, and installed from there by people who
// have nothing else.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Measured, withinBudget, writeTable } from '../imports/table.ts'
import { entriesOf, packages, root } from '../packages.ts'
import { check, close, failures, must } from '../tally.ts'
import { clients } from './clients.ts'
import { visit } from './consumer.ts'
import { firstRelease } from './first-release.ts'
import { costOf } from './installed.ts'
import { startRegistry } from './registry.ts'
import { ROUNDS, rehearseRound, settle } from './rounds.ts'
import { copyWorkspace } from './workspace.ts'

const USAGE = `usage: pnpm release:rehearse [--only TEXT] [--keep] [--update]

Publishes every package to a registry on the loopback with pnpm release, then installs each alone with npm, pnpm
and yarn, and uses it.

  --only   only where "client × package" has this text: npm, tokens, "yarn × @countersign/http"; or: rounds
  --update write docs/imports.md from what is measured, in place of comparing with it
  --keep   leave the scratch folder, and say where it is`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    only: { type: 'string' },
    keep: { type: 'boolean' },
    update: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
// At the beginning of a word: npm is not pnpm.
const only = new RegExp(`(^|\\W)${(values.only ?? '').replace(/[/().+*]/g, '\\$&')}`)
const wanted = (name: string) => only.test(name)

const scratch = mkdtempSync(join(tmpdir(), 'countersign-rehearsal-'))
const registry = await startRegistry(scratch)
process.on('exit', () => {
  registry.stop()
  if (values.keep) console.log(`left: ${scratch}`)
  else rmSync(scratch, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

const start = Date.now()
const since = () => `${((Date.now() - start) / 1000).toFixed(0)} s`
console.log(`   a registry listens at ${registry.url}`)
const workspace = await copyWorkspace(scratch, registry)
console.log(`   the workspace is copied and installed (${since()})`)
await firstRelease(workspace)
if (failures() > 0) close()
console.log(`   every package is published (${since()})`)

const catalog = catalogOf(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))
const all = clients(scratch, registry)
const visits = all.flatMap((client) =>
  packages.map((one) => ({
    one,
    client,
    catalog,
    folder: join(scratch, 'consumers', client.name, one.name.replace('@countersign/', '')),
    version: workspace.version(one.name),
    workspace: workspace.folder,
    registry: registry.url,
  })),
)
const queue = visits.filter(({ one, client }) => wanted(`${client.name} × ${one.name}`))
await Promise.all(
  Array.from({ length: 2 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await visit(next)
  }),
)
const rows: Measured[] = []
for (const { one, client, folder } of visits) {
  if (client.name !== 'npm' || !wanted(`npm × ${one.name}`)) continue
  rows.push(...((await check(`imports of ${one.name}`, () => costOf(one, folder))) ?? []))
}
if (values.update) {
  await check('docs/imports.md is made of every import', () => {
    const missing = packages.flatMap(entriesOf).filter((entry) => !rows.some((row) => row.entry === entry))
    must(missing.length === 0, `not measured: ${missing.join(', ')}. pnpm imports:update measures all`)
    writeTable(rows, process.versions.node)
  })
}
if (!values.update) for (const row of rows) await check(`${row.entry}: within its budget`, () => withinBudget(row))
console.log(`   ${rows.length} imports measured (${since()})`)
if (wanted('rounds')) {
  console.log(`   and now the releases after it (${since()})`)
  const consumers = all.map((client) => ({ client, folder: join(scratch, 'consumers', client.name, 'upgraded') }))
  const names = packages.map(({ name }) => name)
  await check('installed before', () => settle(consumers, workspace.version('@countersign/http')))
  for (const round of ROUNDS) await rehearseRound(round, workspace, consumers, names)
}
console.log(`   rehearsed in ${since()}`)
close()

function catalogOf(yaml: string): Readonly<Record<string, string>> {
  const [, block = ''] = /^catalog:\n((?: {2}.*\n?)+)/m.exec(yaml) ?? []
  return Object.fromEntries(
    [...block.matchAll(/^ {2}"?([^"\n]+?)"?: "?([^"\n]+)"?$/gm)].map(([, name, version]) => [name, version]),
  )
}
