// Releases after the first: a patch, a minor and a major travel to somebody who installed before.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { plainEnv, shell } from '../shell.ts'
import { check, must } from '../tally.ts'
import type { Client } from './clients.ts'
import { installed, oneOfEach } from './tree.ts'
import type { Workspace } from './workspace.ts'

const HTTP = '@countersign/http'
/** What the consumer asked for; http comes with these. */
const DIRECT = ['@countersign/express', '@countersign/policy', '@countersign/tokens']

interface Round {
  readonly bump: 'patch' | 'minor' | 'major'
  readonly to: string
  /** Whether a caret range of before takes it. */
  readonly inRange: boolean
  /** Packages of the changeset: http alone, or all of them. */
  readonly all?: boolean
  readonly file: string
  readonly change: (text: string) => string
  /** What tells the new http from the old: its value is `true` for the new. */
  readonly sign: string
}

const ERROR = 'packages/http/src/error.ts'
const INDEX = 'packages/http/src/index.ts'
const line = (name: string) => `\nexport const ${name} = 'rehearsed'\n`
const words = (from: string, to: string) => (text: string) => text.replace(`} ${from}\``, `} ${to}\``)
const says = (what: string) => `new http.Unavailable('x').message === 'x ${what}'`

/** Below 1.0.0 a minor is what a major is later: a caret range does not take it. */
export const ROUNDS: readonly Round[] = [
  {
    bump: 'patch',
    to: '0.1.1',
    inRange: true,
    file: ERROR,
    change: words('does not answer', 'gives no answer'),
    sign: says('gives no answer'),
  },
  {
    bump: 'minor',
    to: '0.2.0',
    inRange: false,
    file: INDEX,
    change: (text) => text + line('first'),
    sign: `http.first === 'rehearsed'`,
  },
  {
    bump: 'major',
    to: '1.0.0',
    inRange: false,
    all: true,
    file: INDEX,
    change: (text) => text.replace(line('first'), line('one')),
    sign: `http.one === 'rehearsed' && !('first' in http)`,
  },
  {
    bump: 'patch',
    to: '1.0.1',
    inRange: true,
    file: ERROR,
    change: words('gives no answer', 'is not there'),
    sign: says('is not there'),
  },
  {
    bump: 'minor',
    to: '1.1.0',
    inRange: true,
    file: INDEX,
    change: (text) => text + line('two'),
    sign: `http.two === 'rehearsed'`,
  },
  {
    bump: 'major',
    to: '2.0.0',
    inRange: false,
    file: INDEX,
    change: (text) => text.replace(line('two'), ''),
    sign: `!('two' in http)`,
  },
]

export interface Consumer {
  readonly client: Client
  readonly folder: string
}

/** Somebody installs the first release with each client. */
export async function settle(consumers: readonly Consumer[], version: string): Promise<void> {
  for (const { client, folder } of consumers) {
    client.prepare(folder)
    await client.add(folder, ['express@^5.0.0', ...DIRECT.map((name) => `${name}@^${version}`)])
  }
}

export async function rehearseRound(
  round: Round,
  workspace: Workspace,
  consumers: readonly Consumer[],
  names: readonly string[],
): Promise<void> {
  const { bump, to, inRange, all, file, change } = round
  const start = Date.now()
  const released = await check(`${bump} to ${to}: pnpm release`, async () => {
    const before = new Map(names.map((name) => [name, workspace.version(name)]))
    workspace.edit(file, change)
    workspace.changeset(bump, all ? names : [HTTP], `Rehearsed: a ${bump} to ${to}.`)
    if (bump !== 'patch') await surface(round, workspace)
    await workspace.commit()
    await workspace.release('--yes', '--checks', 'api')
    const moved = names.filter((name) => workspace.version(name) !== before.get(name))
    must(workspace.version(HTTP) === to, `${HTTP} is ${workspace.version(HTTP)} now`)
    // In range, nobody else need move; out of range, whoever depends on it must, or there would be two copies of it.
    const expected = inRange ? [HTTP] : all ? names : [...dependents(workspace, names)]
    must(`${moved.toSorted()}` === `${expected.toSorted()}`, `${moved.join(', ')} moved`)
    return moved
  })
  if (!released) return
  const each = async (consumer: Consumer) => {
    const name = `${bump} to ${to} × ${consumer.client.name}`
    await check(`${name}: update`, () => updates(consumer, round))
    if (!inRange) await check(`${name}: asked for`, () => asks(consumer, round, workspace))
  }
  await Promise.all(consumers.map(each))
  const seconds = ((Date.now() - start) / 1000).toFixed(1)
  const how = inRange ? 'an update brings it' : 'it comes when it is asked for, not before'
  console.log(`   ${bump} to ${to} (${seconds} s): ${released.length} released; ${how}`)
}

/** A surface that changed is no accident: the release is refused until its report says so too. */
async function surface({ to }: Round, workspace: Workspace): Promise<void> {
  if (to === '1.1.0') {
    await workspace.commit()
    const said = await workspace.refused(['--yes', '--checks', 'api'])
    must(said.includes('+const two'), `the refusal does not show the change:\n${said}`)
    must((await workspace.git('status', '--porcelain')) === '', 'the refusal left something in the work tree')
  }
  await workspace.run('pnpm', 'api:update')
}

/** Whoever depends on http, or on one that does. */
function dependents({ folder }: Workspace, names: readonly string[]): ReadonlySet<string> {
  const manifest = (name: string) =>
    JSON.parse(readFileSync(join(folder, 'packages', name.replace(/^@[^/]+\//, ''), 'package.json'), 'utf8'))
  const found = new Set([HTTP])
  for (let size = 0; size < found.size; ) {
    size = found.size
    for (const name of names) {
      if (Object.keys(manifest(name).dependencies ?? {}).some((other) => found.has(other))) found.add(name)
    }
  }
  return found
}

/** Within the ranges that stand in package.json. */
async function updates({ client, folder }: Consumer, round: Round): Promise<void> {
  const before = oneOfEach(folder)[HTTP]
  await client.update(folder, Object.keys(oneOfEach(folder)))
  const now = oneOfEach(folder)[HTTP]
  if (!round.inRange) return must(now === before, `the update took ${HTTP} from ${before} to ${now}`)
  must(now === round.to, `${HTTP} is still ${now}`)
  await seen(folder, round)
}

/** By naming the new major, as its changelog says. */
async function asks({ client, folder }: Consumer, round: Round, workspace: Workspace): Promise<void> {
  await client.add(
    folder,
    DIRECT.map((name) => `${name}@^${workspace.version(name)}`),
  )
  must(oneOfEach(folder)[HTTP] === round.to, `${HTTP} is still ${oneOfEach(folder)[HTTP]}`)
  await seen(folder, round)
}

/** The new release shows in what it does, and says so in its changelog. */
async function seen(folder: string, { to, bump, sign }: Round): Promise<void> {
  const http = installed(folder).find(({ name }) => name === HTTP)
  must(http, `${HTTP} is not there`)
  const code = `const http = await import(${JSON.stringify(`${http.folder}/dist/index.js`)}); if (!(${sign})) process.exit(9)`
  await shell(execPath, ['--input-type=module', '--eval', code], { cwd: folder, env: plainEnv() }).catch(() => {
    throw new Error(`${HTTP} ${to} does not show: ${sign}`)
  })
  const log = readFileSync(join(http.folder, 'CHANGELOG.md'), 'utf8')
  must(log.includes(`\n## ${to}\n`), `its CHANGELOG.md has nothing about ${to}`)
  must(log.includes(`Rehearsed: a ${bump} to ${to}.`), `its CHANGELOG.md does not say what changed in ${to}`)
}
