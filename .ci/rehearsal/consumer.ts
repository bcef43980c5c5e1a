// Somebody who installs one package in an empty folder, with one client, and uses it.

import { existsSync, globSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { isOurs } from '../imports/allowed.ts'
import { entriesOf, type Package } from '../packages.ts'
import { plainEnv, shell } from '../shell.ts'
import { check, must } from '../tally.ts'
import type { Client } from './clients.ts'
import { exampleOf, mustNotRunWithout, runExample } from './example.ts'
import { nothingRuns } from './installed.ts'
import { oneOfEach } from './tree.ts'

export interface Visit {
  readonly one: Package
  readonly client: Client
  /** Made by the visit; outside the workspace. */
  readonly folder: string
  readonly version: string
  readonly workspace: string
  readonly registry: string
  /** Versions of what is not ours, from the catalog. */
  readonly catalog: Readonly<Record<string, string>>
}

/** A program and a test: without the package that they are about, neither may run. */
const CONTROLS = ['npm × @countersign/tokens', 'npm × @countersign/http']

/** Every check of one package through one client. */
export async function visit(at: Visit): Promise<void> {
  const { one, client, folder, version, workspace, catalog } = at
  const start = Date.now()
  const done: string[] = []
  const named = (what: string, work: () => unknown) =>
    check(`${client.name} × ${one.name}: ${what}`, async () => {
      await work()
      done.push(what)
    })
  const from = (name: string) => {
    if (name in catalog) return `${name}@${catalog[name]}`
    return isOurs(name) ? `${name}@^${version}` : name
  }
  client.prepare(folder)
  const got = await check(`${client.name} × ${one.name}: install`, async () => {
    const peers = peersOf(one, client.name === 'yarn')
    // Types are no code: what runs below has the package alone.
    await client.add(folder, [one.name, ...peers, '@types/node'].map(from))
    return true
  })
  if (!got) return
  done.push('install')
  await named('it came from the registry', () => itCameFromTheRegistry(at))
  await named('what is in the package', () => itIsWhole(one, folder, version))
  if (client.name === 'npm') await named('no script, no odd licence, on any platform', () => nothingRuns(folder))
  for (const name of entriesOf(one)) {
    await named(`import ${name}`, () => use(folder, 'module', `await import('${name}')`))
    await named(`require ${name}`, () => use(folder, 'commonjs', `require('${name}')`))
  }
  for (const command of one.commands) await named(`${command} --help`, () => help(command, folder))
  await named('one copy of each of ours', () => oneOfEach(folder))
  for (const resolution of ['nodenext', 'bundler']) {
    await named(`types under ${resolution}`, () => typeCheck(one, folder, resolution))
  }
  await named('the example of its README', async () => {
    const example = exampleOf(one, folder, workspace)
    const wanted = new Set([...example.installs, ...example.imports])
    wanted.delete(one.name)
    if (wanted.size > 0) await client.add(folder, [...wanted].map(from))
    const run = () => runExample(example, one, folder, workspace)
    await run()
    if (CONTROLS.includes(`${client.name} × ${one.name}`)) await mustNotRunWithout(one, run, folder)
  })
  await named('still one copy of each of ours', () => oneOfEach(folder))
  const seconds = ((Date.now() - start) / 1000).toFixed(1)
  console.log(`   ${client.name.padEnd(4)} × ${one.name} (${seconds} s): ${done.join(', ')}`)
}

/** What a package leaves to the app: yarn brings none of it, npm and pnpm all but types, which are optional. */
function peersOf({ manifest }: Package, all: boolean): readonly string[] {
  const { peerDependencies = {}, peerDependenciesMeta = {} } = manifest as {
    peerDependencies?: Record<string, string>
    peerDependenciesMeta?: Record<string, { optional?: boolean }>
  }
  return Object.keys(peerDependencies).filter(
    (name) => name.startsWith('@types/') || (all && !peerDependenciesMeta[name]?.optional),
  )
}

async function itCameFromTheRegistry({ client, folder, registry, one, version, workspace }: Visit): Promise<void> {
  const real = realpathSync(join(folder, 'node_modules', one.name))
  must(real.startsWith(realpathSync(folder)), `${one.name} is a link to ${real}`)
  must(!real.startsWith(workspace), `${one.name} is the workspace's own`)
  const lock = { npm: 'package-lock.json', pnpm: 'pnpm-lock.yaml', yarn: 'yarn.lock' }[client.name]
  const text = readFileSync(join(folder, lock), 'utf8')
  const local = new RegExp(`${one.name}['"]?(?:@|:\\s*)(?:workspace|file|link|portal):.*`).exec(text)
  must(!local, `${lock} says ${local?.[0]}`)
  const response = await fetch(`${registry}${one.name.replace('/', '%2f')}`)
  const { versions } = (await response.json()) as { versions: Record<string, { dist: { integrity: string } }> }
  // yarn keeps a checksum of its own making, and asks no registry but ours.
  const proof = client.name === 'yarn' ? `"${one.name}@npm:${version}"` : versions[version]?.dist.integrity
  must(proof && text.includes(proof), `${lock} does not have ${proof}, as the registry has it`)
}

/** What was published: the pages people read, built files, no source, no range that only a workspace knows. */
function itIsWhole({ name }: Package, folder: string, version: string): void {
  const inside = join(folder, 'node_modules', name)
  const manifest = JSON.parse(readFileSync(join(inside, 'package.json'), 'utf8'))
  must(manifest.version === version, `version ${manifest.version} was installed, ${version} was released`)
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
  const odd = ranges.filter(([, range]) => /^(workspace|catalog|file|link):/.test(range as string))
  must(odd.length === 0, `its package.json depends on ${odd.join(', ')}`)
  for (const page of ['README.md', 'LICENSE', 'CHANGELOG.md']) must(existsSync(join(inside, page)), `it has no ${page}`)
  must(
    readFileSync(join(inside, 'CHANGELOG.md'), 'utf8').includes(`\n## ${version}\n`),
    `its CHANGELOG.md has nothing about ${version}`,
  )
  const stray = globSync('{src,test}/**', { cwd: inside })
  must(stray.length === 0, `it ships ${stray.slice(0, 3).join(', ')}`)
}

/** In a Node process of its own. */
function use(folder: string, type: 'module' | 'commonjs', expression: string): Promise<string> {
  const code = `const all = ${expression}; if (Object.keys(all).length === 0) throw new Error('it exports nothing')`
  return shell(execPath, [`--input-type=${type}`, '--eval', code], { cwd: folder, env: plainEnv() })
}

/** A command that somebody would start with npx. */
async function help(command: string, folder: string): Promise<void> {
  const output = await shell(join(folder, 'node_modules', '.bin', command), ['--help'], {
    cwd: folder,
    env: plainEnv(),
  })
  must(output.includes(command), `${command} --help says nothing of itself`)
}

async function typeCheck(one: Package, folder: string, resolution: string): Promise<void> {
  const imports = entriesOf(one).map(
    (name, at) => `import * as m${at} from '${name}'\nexport type T${at} = typeof m${at}\nvoid m${at}`,
  )
  writeFileSync(join(folder, 'consumer.ts'), imports.join('\n'))
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024'],
    module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution: resolution,
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  await shell('tsc', ['--project', '.', '--singleThreaded'], { cwd: folder, env: plainEnv() })
}
