// How npm, pnpm and yarn are told to do the same things.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { root } from '../packages.ts'
import { plainEnv, shell } from '../shell.ts'
import type { Registry } from './registry.ts'

export interface Client {
  readonly name: 'npm' | 'pnpm' | 'yarn'
  /** Makes an empty project that takes packages from the registry. */
  prepare(folder: string): void
  /** Adds packages, each as `name@range`; the range is what is saved. */
  add(folder: string, packages: readonly string[]): Promise<unknown>
  /** Takes the newest of ours that the ranges in package.json allow. */
  update(folder: string, names: readonly string[]): Promise<unknown>
}

/** The three clients, sharing one cache each inside the scratch folder. */
export function clients(scratch: string, registry: Registry): readonly Client[] {
  const npmEnv = plainEnv({
    npm_config_userconfig: registry.reader,
    npm_config_cache: join(scratch, 'cache', 'npm'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  })
  const npm = (cwd: string, ...args: readonly string[]) => shell('npm', args, { cwd, env: npmEnv })

  const pnpmEnv = plainEnv({ npm_config_userconfig: registry.reader, pnpm_config_registry: registry.url })
  const pnpm = (cwd: string, ...args: readonly string[]) => shell('pnpm', args, { cwd, env: pnpmEnv })

  const manifest = createRequire(join(root, 'package.json')).resolve('@yarnpkg/cli-dist/package.json')
  const yarnFile = join(dirname(manifest), 'bin', 'yarn.js')
  const yarn = (cwd: string, ...args: readonly string[]) =>
    shell(process.execPath, [yarnFile, ...args], { cwd, env: plainEnv() })

  return [
    {
      name: 'npm',
      prepare: project,
      add: (folder, packages) => npm(folder, 'install', ...packages),
      update: (folder, names) => npm(folder, 'update', ...names),
    },
    {
      name: 'pnpm',
      prepare(folder) {
        project(folder)
        // The age: what was published a second ago is wanted here. YAML takes JSON.
        const settings = { storeDir: join(scratch, 'cache', 'pnpm'), minimumReleaseAge: 0, pmOnFail: 'ignore' }
        writeFileSync(join(folder, 'pnpm-workspace.yaml'), JSON.stringify(settings))
      },
      add: (folder, packages) => pnpm(folder, 'add', ...packages),
      update: (folder, names) => pnpm(folder, 'update', ...names),
    },
    {
      name: 'yarn',
      prepare(folder) {
        project(folder)
        const settings = {
          nodeLinker: 'node-modules',
          enableTelemetry: false,
          enableImmutableInstalls: false,
          globalFolder: join(scratch, 'cache', 'yarn'),
          npmRegistryServer: registry.url,
          unsafeHttpWhitelist: ['127.0.0.1'],
          npmMinimalAgeGate: 0,
        }
        writeFileSync(join(folder, '.yarnrc.yml'), JSON.stringify(settings))
        writeFileSync(join(folder, 'yarn.lock'), '') // so that yarn looks no further up for its project
      },
      add: (folder, packages) => yarn(folder, 'add', ...packages),
      update: (folder, names) => yarn(folder, 'up', '--recursive', ...names), // without it, yarn leaves the range
    },
  ]
}

function project(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
}
