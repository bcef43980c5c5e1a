// A bill of materials for each published package, in CycloneDX: `--out FOLDER` writes them. pnpm makes them from what is
// installed; the checks of `supply` judge the same lists.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { packages } from './packages.ts'
import { plainEnv, shell } from './shell.ts'

export interface Component {
  readonly name: string
  readonly version: string
  readonly licence: string | undefined
}
export interface Bill {
  /** The package that it is about. */
  readonly name: string
  readonly version: string
  readonly format: string
  readonly components: readonly Component[]
  readonly file: string
}

interface CycloneDx {
  readonly bomFormat: string
  readonly metadata: { readonly component: Part }
  readonly components: readonly Part[]
}
interface Part {
  readonly group?: string
  readonly name: string
  readonly version: string
  readonly licenses?: readonly { readonly expression?: string; readonly license?: { id?: string; name?: string } }[]
}

/** The bills of all published packages, written into a folder and read back. */
export async function billsOf(folder: string): Promise<readonly Bill[]> {
  mkdirSync(folder, { recursive: true })
  const filters = packages.flatMap(({ name }) => ['--filter', name])
  const options = ['--prod', '--split', '--sbom-format', 'cyclonedx', '--sbom-spec-version', '1.6']
  await shell('pnpm', ['sbom', ...filters, ...options, '--out', join(folder, '%s-%v.cdx.json')], { env: plainEnv() })
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cdx.json'))
    .map((file) => readBill(join(folder, file)))
}

function readBill(file: string): Bill {
  const { bomFormat, metadata, components } = JSON.parse(readFileSync(file, 'utf8')) as CycloneDx
  const { version } = metadata.component
  return { name: nameOf(metadata.component), version, format: bomFormat, components: components.map(componentOf), file }
}

function componentOf(part: Part): Component {
  const [first] = part.licenses ?? []
  const licence = first?.expression ?? first?.license?.id ?? first?.license?.name
  return { name: nameOf(part), version: part.version, licence }
}

function nameOf({ group, name }: Part): string {
  return group ? `${group}/${name}` : name
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } })
  if (!values.out) {
    console.error('usage: node .ci/sbom.ts --out FOLDER')
    process.exit(2)
  }
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-sbom-'))
  const folder = resolve(values.out)
  mkdirSync(folder, { recursive: true })
  for (const { name, version, file, components } of await billsOf(scratch)) {
    const to = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.cdx.json`)
    renameSync(file, to)
    console.log(`${to}: ${components.length} components`)
  }
}
