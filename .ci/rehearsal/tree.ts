// What a project really has installed: found as Node finds it, from package to package, whichever client laid it out.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { must } from '../tally.ts'

export interface Installed {
  readonly name: string
  readonly version: string
  readonly folder: string
  readonly manifest: Readonly<Record<string, unknown>>
}

/** Every package that the project in the folder can reach, each copy once. */
export function installed(folder: string): readonly Installed[] {
  const found = new Map<string, Installed>()
  const walk = (from: string, optional: boolean, name: string) => {
    const at = locate(from, name)
    if (at === undefined) {
      must(optional, `${name} is not installed, and ${from} depends on it`)
      return
    }
    if (found.has(at)) return
    const manifest = read(at)
    found.set(at, { name, version: manifest.version, folder: at, manifest })
    follow(at, manifest)
  }
  const follow = (from: string, { dependencies = {}, optionalDependencies = {} }: Manifest) => {
    for (const name of Object.keys(dependencies)) walk(from, name in optionalDependencies, name)
    for (const name of Object.keys(optionalDependencies)) walk(from, true, name)
  }
  const top = read(folder)
  follow(realpathSync(folder), top)
  for (const name of Object.keys(top.devDependencies ?? {})) walk(realpathSync(folder), false, name)
  return [...found.values()]
}

/** The versions of ours that are installed: one version for each name, or the check fails. */
export function oneOfEach(folder: string): Readonly<Record<string, string>> {
  const versions: Record<string, string> = {}
  for (const { name, version, folder: at } of installed(folder)) {
    if (!name.startsWith('@countersign/') && name !== 'countersign') continue
    must(!(name in versions), `two copies of ${name}: ${versions[name]}, and ${version} at ${at}`)
    versions[name] = version
  }
  return versions
}

interface Manifest {
  readonly version: string
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
}

function read(folder: string): Manifest & Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** `node_modules/name` here or further up. */
function locate(from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const here = join(at, 'node_modules', name)
    if (existsSync(join(here, 'package.json'))) return realpathSync(here)
    if (at === dirname(at)) return undefined
  }
}
