// What an import really loads: every file, whose it is, and through which files it came.
import { statSync } from 'node:fs'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { packages } from '../packages.ts'
import { plainEnv, shell } from '../shell.ts'

export interface Loaded {
  readonly file: string
  /** The package that it belongs to. */
  readonly owner: string
  readonly bytes: number
}
export interface Graph {
  readonly entry: string
  readonly loaded: readonly Loaded[]
  /** The files from the entry to the first one of that package. */
  pathTo(owner: string): readonly string[]
}

/** Imports the entry in a Node process of its own, in a folder where it is installed. */
export async function graphOf(entry: string, folder: string): Promise<Graph> {
  const trace = fileURLToPath(new URL('trace.mjs', import.meta.url))
  const code = ['--input-type=module', '--eval', `await import(${JSON.stringify(entry)})`]
  const output = await shell(execPath, ['--import', trace, ...code], { cwd: folder, env: plainEnv() })
  const { edges, loaded } = JSON.parse(output) as { edges: [string, string][]; loaded: string[] }
  const files = [...new Set(loaded)].filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url))
  const parents = new Map<string, string>()
  for (const [parent, url] of edges) {
    if (!url.startsWith('file:')) continue
    const file = fileURLToPath(url)
    // The first to ask is the one that loads it.
    if (!parents.has(file)) parents.set(file, parent.startsWith('file:') ? fileURLToPath(parent) : '')
  }
  const all = files.map((file) => ({ file, owner: ownerOf(file), bytes: statSync(file).size }))
  return {
    entry,
    loaded: all,
    pathTo(owner) {
      const path: string[] = []
      for (let at = all.find((one) => one.owner === owner)?.file; at && parents.has(at); at = parents.get(at)) {
        path.unshift(at)
      }
      return path.map(shortened)
    },
  }
}

/** The milliseconds of an import in fresh processes, Node's own start left out, the fastest first. */
export async function startUpOf(entry: string, folder: string, runs: number): Promise<readonly number[]> {
  const code = `const start = performance.now(); await import(${JSON.stringify(entry)}); process.stdout.write(String(performance.now() - start))`
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    times.push(Number(await shell(execPath, ['--input-type=module', '--eval', code], { cwd: folder, env: plainEnv() })))
  }
  return times.sort((a, b) => a - b)
}

function ownerOf(file: string): string {
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]
  const ours = packages.find(({ folder }) => file.startsWith(`${folder}/`))
  return installed ?? ours?.name ?? file
}

/** `jose/dist/webapi/index.js`, `@countersign/tokens/dist/jws.js` */
function shortened(file: string): string {
  const owner = ownerOf(file)
  const ours = packages.find(({ folder }) => file.startsWith(`${folder}/`))
  return ours ? `${owner}/${file.slice(ours.folder.length + 1)}` : file.replace(/.*\/node_modules\//, '')
}
