// A copy of the workspace as it stands, with a git history of its own: the rehearsal releases from there.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../packages.ts'
import { plainEnv, shell } from '../shell.ts'
import type { Registry } from './registry.ts'

export interface Workspace {
  readonly folder: string
  /** Runs the very script that a release runs, with a token as CI has one. */
  release(...options: readonly string[]): Promise<string>
  /** Runs it where it must refuse: what it says. */
  refused(options: readonly string[], token?: string): Promise<string>
  git(...args: readonly string[]): Promise<string>
  run(command: string, ...args: readonly string[]): Promise<string>
  /** Changes a file, as a developer would. */
  edit(file: string, change: (text: string) => string): void
  /** A changeset for the packages, as `pnpm changeset` writes them. */
  changeset(bump: 'patch' | 'minor' | 'major', names: readonly string[], words: string): void
  commit(): Promise<void>
  version(name: string): string
}

export async function copyWorkspace(scratch: string, registry: Registry): Promise<Workspace> {
  const folder = join(scratch, 'workspace')
  const listed = await shell('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'])
  for (const file of listed.split('\0').filter((one) => one !== '' && existsSync(join(root, one)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file))
  }
  const author = { GIT_AUTHOR_NAME: 'rehearsal', GIT_AUTHOR_EMAIL: 'rehearsal@localhost' }
  const committer = { GIT_COMMITTER_NAME: 'rehearsal', GIT_COMMITTER_EMAIL: 'rehearsal@localhost' }
  const plain = plainEnv({ ...author, ...committer, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' })
  const env = {
    ...plain,
    PATH: `${join(folder, 'node_modules', '.bin')}:${plain.PATH}`,
    npm_config_userconfig: registry.reader,
    NODE_AUTH_TOKEN: registry.token,
    npm_config_registry: registry.url,
    pnpm_config_registry: registry.url,
  }
  const run = (command: string, ...args: readonly string[]) => shell(command, args, { cwd: folder, env })
  const git = (...args: readonly string[]) => run('git', ...args)
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  const commit = async () => {
    await git('add', '--all')
    await git('commit', '--quiet', '--message', 'As it stands')
  }

  await shell('pnpm', ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=silent'], {
    cwd: folder,
    env: plain,
  })
  await git('init', '--quiet', '--initial-branch=main')
  await commit()

  let changesets = 0
  return {
    folder,
    git,
    run,
    commit,
    release: (...options) => run('pnpm', 'release', ...options),
    refused: (options, token = registry.token) =>
      shell('pnpm', ['release', ...options], { cwd: folder, env: { ...env, NODE_AUTH_TOKEN: token } }).then(
        () => Promise.reject(new Error('it was not refused')),
        (error: Error) => error.message,
      ),
    edit: (file, change) => {
      const before = read(file)
      const after = change(before)
      if (after === before) throw new Error(`the rehearsal's change of ${file} changes nothing`)
      writeFileSync(join(folder, file), after)
    },
    changeset: (bump, names, words) => {
      const lines = names.map((name) => `'${name}': ${bump}`)
      writeFileSync(
        join(folder, '.changeset', `rehearsal-${++changesets}.md`),
        `---\n${lines.join('\n')}\n---\n\n${words}\n`,
      )
    },
    version: (name) => JSON.parse(read(`packages/${name.replace(/^@[^/]+\//, '')}/package.json`)).version,
  }
}
