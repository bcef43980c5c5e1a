// What only an installation by npm can tell: scripts and licences as the registry gives them, for every platform; and
// what an import of the installed package costs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { noLeak } from '../imports/allowed.ts'
import { graphOf, startUpOf } from '../imports/graph.ts'
import { type Measured, measured, RUNS } from '../imports/table.ts'
import { LICENCES } from '../licences.ts'
import { entriesOf, type Package } from '../packages.ts'
import { must } from '../tally.ts'

interface Locked {
  readonly version: string
  readonly license?: string
  readonly hasInstallScript?: boolean
  readonly dev?: boolean
}

/** npm's lock file names every package that may come along, those for other platforms too. */
export function nothingRuns(folder: string): number {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const all = Object.entries(packages).filter(([path]) => path !== '')
  const scripts = all.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)
  must(scripts.length === 0, `these run a script on install: ${scripts.join(', ')}`)
  const odd = all.filter(([, { license }]) => !license || !LICENCES.includes(license))
  must(odd.length === 0, `licences: ${odd.map(([path, { license }]) => `${path} is under ${license}`).join(', ')}`)
  return all.length
}

/** Each entry, imported from where it is installed; what should not come along is named. */
export async function costOf(one: Package, folder: string): Promise<readonly Measured[]> {
  const rows: Measured[] = []
  for (const entry of entriesOf(one)) {
    const graph = await graphOf(entry, folder)
    noLeak(graph)
    rows.push(measured(graph, await startUpOf(entry, folder, RUNS)))
  }
  return rows
}
