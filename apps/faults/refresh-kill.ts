// F05: a process dies in the middle of a refresh.
import { once } from 'node:events'
import { type Change, type Fault, type Guard, must } from './fault.ts'
import { emptyStore, lacks } from './stores.ts'
import { type Said, type Worker, type WorkerOptions, worker } from './workers.ts'

const FAMILY = 'tokens/src/refresh-family.ts'
const ISSUER = 'tokens/src/local-issuer.ts'
const DIE = "process.kill(process.pid, 'SIGKILL')"

/** Where a process dies in a refresh: one text each. */
const STEPS: readonly (readonly [step: string, change: Change])[] = [
  [
    'before anything is read',
    {
      file: ISSUER,
      find: 'const rotated = await families.rotate(',
      replace: `${DIE}\n    const rotated = await families.rotate(`,
    },
  ],
  [
    'before the commit',
    {
      file: FAMILY,
      find: 'const done = await table.replace(',
      replace: `${DIE}\n      const done = await table.replace(`,
    },
  ],
  [
    'after the commit',
    { file: FAMILY, find: 'return done ? { token:', replace: `${DIE}\n      return done ? { token:` },
  ],
  [
    'after the look at revocations',
    {
      file: ISSUER,
      find: 'return respond(grant, token, await sessions.iatOf(grant, createdAt, now), scopes)',
      replace: `const iat = await sessions.iatOf(grant, createdAt, now)\n    ${DIE}\n    return respond(grant, token, iat, scopes)`,
    },
  ],
]
/** SQLite commits in this very process. */
const IN_COMMIT: readonly [string, Change] = [
  'within the transaction',
  { file: 'store/src/sqlite.ts', find: "database.exec('COMMIT')", replace: `${DIE}` },
]

/** Used in the race too. */
export const NO_GRACE: Guard = {
  what: 'the predecessor is known inside the grace',
  changes: [
    {
      file: FAMILY,
      find: 'if (sameHash(family.previous, presented) && family.successor',
      replace: 'if (false && family.successor',
    },
  ],
  bites: 'the retry got invalid_grant',
}
const OTHER_SUCCESSOR: Guard = {
  what: 'the retry gets the successor that was sealed',
  changes: [{ file: FAMILY, find: 'openSuccessor(token, family.successor)', replace: 'newSecret()' }],
  bites: 'another successor than was told',
}
const TOLD_FIRST: Guard = {
  what: 'a successor is stored before it is told',
  changes: [
    {
      file: FAMILY,
      find: 'const done = await table.replace(row, changed(row, next, slide(now, endsAt)))',
      replace:
        'const done = true\n      setTimeout(() => table.replace(row, changed(row, next, slide(now, endsAt))), 100)',
    },
  ],
  bites: 'another successor than was told',
}

export const refreshOf = (said: Said): string => said.value?.refresh_token ?? ''

/** Retries in two other processes, and uses what they got: exactly one successor lives. */
async function retried(token: string, others: readonly [Worker, Worker], step: string, told?: string): Promise<void> {
  const [one, two] = [await others[0].call('refresh', token), await others[1].call('refresh', token)]
  must(
    one.said === 'ok' && two.said === 'ok',
    `killed ${step}: the retry got ${one.said === 'ok' ? two.said : one.said}`,
  )
  const [first, second] = [refreshOf(one), refreshOf(two)]
  must(told === undefined || first === told, `killed ${step}: the retry got another successor than was told`)
  must(first === second, `killed ${step}: two successors`)
  const used = await others[1].call('refresh', first)
  must(used.said === 'ok', `killed ${step}: the successor got ${used.said}, so none lives`)
  must(refreshOf(used) !== first, `killed ${step}: the successor did not turn`)
}

function killedIn(engine: string, guards: readonly Guard[], extra: readonly (readonly [string, Change])[] = []): Fault {
  return {
    id: 'F05',
    on: engine,
    missing: lacks(engine),
    done: 'kill -9 at each step of a refresh, and just after its answer; then the same token again, in two other processes',
    holds: 'the retry inside the grace gets the same successor; one lives, never two, never none',
    guards,
    async run(changes, scope) {
      const options: WorkerOptions = { address: await emptyStore(engine, scope), issuer: { refresh: { grace: 60 } } }
      const start = (more: readonly Change[] = []) => worker(options, [...changes, ...more], scope)
      const others = await Promise.all([start(), start()])
      // A text that a guard's removal replaces cannot be the place to die at.
      const steps = [...STEPS, ...extra].filter(([, { find }]) =>
        changes.every((change) => !change.find.includes(find)),
      )
      const dying = await Promise.all(steps.map(async ([step, change]) => [step, await start([change])] as const))
      const answering = await start()
      const answered = refreshOf(await others[0].call('issue', 'anna'))
      const told = refreshOf(await answering.call('refresh', answered))
      answering.child.kill('SIGKILL')
      await once(answering.child, 'exit')
      await retried(answered, others, 'after its answer', told)
      for (const [step, victim] of dying) {
        const token = refreshOf(await others[0].call('issue', 'anna'))
        const ended = once(victim.child, 'exit')
        const { said } = await victim.call('refresh', token)
        if (said !== 'dead') throw new Error(`it did not die ${step}: ${said}`)
        await ended
        await retried(token, others, step)
      }
      return `${steps.length + 1} kills (${steps.map(([step]) => step).join(', ')}, after its answer), one live successor after each`
    },
  }
}

export const refreshKills: readonly Fault[] = [
  killedIn('SQLite', [NO_GRACE, OTHER_SUCCESSOR, TOLD_FIRST], [IN_COMMIT]),
  killedIn('Redis', [TOLD_FIRST]),
  killedIn('PostgreSQL', [TOLD_FIRST]),
]
