import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Package {
  readonly name: string
  readonly folder: string
  /** What can be imported, without the package's own name: `.` and sub-paths. */
  readonly entries: readonly string[]
  readonly manifest: Readonly<Record<string, never>>
}

/** The packages that are published. */
export const packages: readonly Package[] = readdirSync(`${root}packages`).flatMap((folder) => {
  const file = `${root}packages/${folder}/package.json`
  if (!existsSync(file)) return []
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  if (manifest.private) return []
  const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'))
  return [{ name: manifest.name, folder: `${root}packages/${folder}`, entries, manifest }]
})
