import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Package {
  readonly name: string
  readonly folder: string
  /** What can be imported, without the package's own name: `.` and sub-paths. */
  readonly entries: readonly string[]
  /** The commands that it installs. */
  readonly commands: readonly string[]
  readonly manifest: Readonly<Record<string, never>>
}

/** The packages that are published. */
export const packages: readonly Package[] = readdirSync(`${root}packages`).flatMap((folder) => {
  const file = `${root}packages/${folder}/package.json`
  if (!existsSync(file)) return []
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  if (manifest.private) return []
  const entries = Object.keys(manifest.exports ?? {}).filter((entry) => !entry.endsWith('.json'))
  const commands = Object.keys(manifest.bin ?? {})
  return [{ name: manifest.name, folder: `${root}packages/${folder}`, entries, commands, manifest }]
})

/** What a user writes to import each entry: `@countersign/policy`, `@countersign/policy/testing`. */
export function entriesOf({ name, entries }: Package): readonly string[] {
  return entries.map((entry) => (entry === '.' ? name : `${name}/${entry.slice(2)}`))
}
