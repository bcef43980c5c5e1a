// `pnpm release`: versions → build → checks → publish. Nothing leaves this machine before the last step.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { root } from './packages.ts'
import { shell } from './shell.ts'

/** What judges the packages themselves. The tests have run on the commit before it is released: CI sees to that. */
const CHECKS = ['types', 'floors', 'declared', 'imports', 'api', 'supply', 'packed']

const USAGE = `usage: pnpm release [--dry-run] [--yes] [--push] [--tag NAME] [--sbom FOLDER] [--checks NAME,NAME]

Takes the changesets into versions and changelogs, builds, checks, commits, publishes what the registry does
not have, and sets a git tag for each. Without changesets it publishes what has a version already.

  --dry-run   say what would be released, and stop
  --yes       do not ask (in CI)
  --push      push the release commit before anything is published, and the tags after
  --tag       the dist-tag: next, for what is not for everybody yet (latest)
  --sbom      also write a bill of materials for each package into this folder
  --checks    checks of npm test to run before publishing (${CHECKS.join(',')})

It refuses when the work tree is not clean, off the branch main, and when the registry does not know you.`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean' },
    push: { type: 'boolean' },
    tag: { type: 'string' },
    sbom: { type: 'string' },
    checks: { type: 'string', default: CHECKS.join(',') },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const checks = values.checks.split(',').filter((name) => name !== '')
if (checks.length === 0) refuse('--checks names no check')

const { baseBranch } = JSON.parse(readFileSync(join(root, '.changeset', 'config.json'), 'utf8'))
const changed = (await shell('git', ['status', '--porcelain'])).trim()
if (changed !== '') refuse(`the work tree is not clean: commit or put away\n${changed.replace(/^/gm, '  ')}`)
const branch = (await shell('git', ['branch', '--show-current'])).trim()
if (branch !== baseBranch) refuse(`this is ${branch || 'no branch'}: releases are made from ${baseBranch}`)
const { registry, who } = await publisher()

const pending = await pendingReleases()
console.log(`registry   ${registry}\npublisher  ${who}`)
if (pending.length > 0) console.log(`versions\n${pending.map((line) => `  ${line}`).join('\n')}`)
else console.log('versions   no changeset: what has a version that the registry lacks is published')
if (values['dry-run']) process.exit(0)
if (!values.yes && !(await agreed())) refuse('not released')

const before = (await shell('git', ['rev-parse', 'HEAD'])).trim()
try {
  if (pending.length > 0) await step('versions', 'changeset', 'version')
  await step('build', 'turbo', 'run', 'build', '--output-logs=errors-only')
  await step('checks', process.execPath, join(root, '.ci', 'test.ts'), ...checks)
  if (values.sbom) await step('sbom', process.execPath, join(root, '.ci', 'sbom.ts'), '--out', values.sbom)
  if (pending.length > 0) {
    await shell('git', ['add', '--all'])
    await shell('git', ['commit', '--quiet', '--message', `Release\n\n${pending.join('\n')}`])
    // First: what is published and not in the repository could not be built again.
    if (values.push) await shell('git', ['push', 'origin', baseBranch])
  }
} catch (error) {
  // The tree was clean, so this takes away just what the steps above wrote.
  await shell('git', ['reset', '--quiet', '--hard', before])
  await shell('git', ['clean', '--quiet', '-d', '--force'])
  refuse(`${(error as Error).message}: nothing was published, and the work tree is as it was`)
}
try {
  await step('publish', 'changeset', 'publish', ...(values.tag ? ['--tag', values.tag] : []))
  if (values.push) await step('push', 'git', 'push', '--tags', 'origin')
} catch (error) {
  refuse(`${(error as Error).message}. Run pnpm release again: it publishes what is missing`)
}
console.log(values.push ? '\nreleased' : `\nreleased. Next: git push --follow-tags origin ${baseBranch}`)

/** Who publishes where; refuses when nobody does. A token in NODE_AUTH_TOKEN is put before what npm is set up with. */
async function publisher(): Promise<{ registry: string; who: string }> {
  const registry = (await shell('npm', ['config', 'get', 'registry'])).trim()
  if (process.env.NODE_AUTH_TOKEN) {
    const file = join(mkdtempSync(join(tmpdir(), 'countersign-release-')), 'npmrc')
    // The name of the variable, not its value: npm and pnpm put that in when they read it.
    const token = `//${registry.replace(/^https?:\/\//, '')}:_authToken=\${NODE_AUTH_TOKEN}`
    writeFileSync(file, `registry=${registry}\n${token}\n`)
    process.env.npm_config_userconfig = file
  }
  try {
    return { registry, who: (await shell('npm', ['whoami'])).trim() }
  } catch {
    return refuse(`${registry} does not know you: log in (npm login), or set a token (NODE_AUTH_TOKEN)`)
  }
}

/** `name old → new (bump)`, a line for each package that the changesets release. */
async function pendingReleases(): Promise<readonly string[]> {
  const file = join(mkdtempSync(join(tmpdir(), 'countersign-release-')), 'status.json')
  await shell('changeset', ['status', '--output', relative(root, file)])
  const { releases } = JSON.parse(readFileSync(file, 'utf8')) as {
    releases: { name: string; type: string; oldVersion: string; newVersion: string }[]
  }
  return releases
    .filter(({ type }) => type !== 'none')
    .map(({ name, type, oldVersion, newVersion }) => `${name} ${oldVersion} → ${newVersion} (${type})`)
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) refuse('nobody is there to ask: say --yes')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('Release this? [y/N] ')
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

function step(name: string, command: string, ...args: readonly string[]): Promise<void> {
  console.log(`\n── ${name}`)
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${name} failed`))))
  })
}

function refuse(why: string): never {
  console.error(`pnpm release: ${why}`)
  process.exit(1)
}
