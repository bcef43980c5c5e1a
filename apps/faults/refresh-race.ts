// F06: many refreshes of one token at once, from several processes.
import { type Change, type Fault, type Guard, must } from './fault.ts'
import { NO_GRACE, refreshOf } from './refresh-kill.ts'
import { emptyStore, lacks } from './stores.ts'
import { type Worker, type WorkerOptions, worker } from './workers.ts'

const TABLE = 'tokens/src/session-table.ts'
/** Of one token, from all processes together. */
const atOnce = (isWithout: boolean) => (isWithout ? 2_000 : 10_000)
const PROCESSES = 4

/** Between what PostgreSQL compares and what it writes: so that processes meet there, where nothing keeps them apart. */
const MEETING: Change = {
  file: 'store-postgres/src/migration.ts',
  find: 'IF w.value IS NULL THEN',
  replace: 'PERFORM pg_sleep(0.05);\n    IF w.value IS NULL THEN',
}
const CAS: Guard = {
  what: 'a family is replaced only as it was read',
  changes: [
    {
      file: TABLE,
      find: 'value: JSON.stringify(after), expected, expiresAt',
      replace: 'value: JSON.stringify(after), expiresAt',
    },
  ],
  bites: 'successors',
}
const STORE_CAS: Readonly<Record<string, Guard>> = {
  SQLite: {
    what: 'SQLite compares what is expected',
    changes: [
      {
        file: 'store/src/sqlite.ts',
        find: 'if (expected !== undefined && expected !== (read(key)?.version ?? null)) return false',
        replace: 'void expected, key',
      },
    ],
    bites: 'successors',
  },
  Redis: {
    what: 'the script of Redis compares what is expected',
    changes: [{ file: 'store-redis/src/scripts.ts', find: "if expected ~= '*' and", replace: 'if false and' }],
    bites: 'successors',
  },
  PostgreSQL: {
    what: 'PostgreSQL compares what is expected',
    changes: [
      {
        file: 'store-postgres/src/migration.ts',
        find: 'IF there::text IS DISTINCT FROM w.expected THEN',
        replace: 'IF false THEN',
      },
    ],
    bites: 'successors',
  },
  lock: {
    what: 'one writer a key at a time in PostgreSQL',
    changes: [
      { file: 'store-postgres/src/migration.ts', find: 'PERFORM pg_advisory_xact_lock(w.lock);', replace: 'NULL;' },
    ],
    bites: 'successors',
  },
}

function raced(engine: string, guards: readonly Guard[]): Fault {
  return {
    id: 'F06',
    on: engine,
    missing: lacks(engine),
    done: `${atOnce(false)} refreshes of one token at once, from ${PROCESSES} processes`,
    holds:
      'one live successor; every answer is that or `invalid_grant`; the family lives, and nothing is told of a reuse',
    guards,
    async run(changes, scope) {
      const times = atOnce(changes.length > 0)
      // Not where every refresh would write, one after the other.
      const mutated = changes.some(({ find }) => find.includes('IS DISTINCT FROM')) ? changes : [...changes, MEETING]
      const options: WorkerOptions = {
        address: await emptyStore(engine, scope),
        issuer: { refresh: { grace: 60 } },
        store: { timeout: 60_000, ...(engine !== 'SQLite' && { pending: times }) },
      }
      const all = await Promise.all(Array.from({ length: PROCESSES }, () => worker(options, mutated, scope)))
      const [first] = all as [Worker, ...Worker[]]
      const token = refreshOf(await first.call('issue', 'anna'))
      await Promise.all(all.map((each) => each.call('jwks'))) // each has what it needs, and they start together
      const begun = performance.now()
      const answers = await Promise.all(all.map((each) => each.call('refreshMany', token, times / PROCESSES)))
      const took = performance.now() - begun
      const said: Record<string, number> = {}
      for (const { value } of answers)
        for (const [word, count] of Object.entries(value.said)) said[word] = (said[word] ?? 0) + (count as number)
      const given = new Set(answers.flatMap(({ value }) => value.given as string[]))
      const words = Object.entries(said).map(([word, count]) => `${word} × ${count}`)
      must(given.size === 1, `${given.size} successors (${words.join(', ')})`)
      must(
        Object.keys(said).every((word) => word === 'ok' || word === 'invalid_grant'),
        `answers: ${words.join(', ')}`,
      )
      const next = await first.call('refresh', [...given][0])
      must(next.said === 'ok', `the successor got ${next.said}: the family died (${words.join(', ')})`)
      const told = (await Promise.all(all.map((each) => each.call('events')))).reduce(
        (sum, { value }) => sum + value,
        0,
      )
      must(told === 0, `${told} times a reuse was told`)
      return `${words.join(', ')}; one successor, and it lives; ${(took / 1000).toFixed(1)} s`
    },
  }
}

export const refreshRaces: readonly Fault[] = [
  raced('SQLite', [CAS, STORE_CAS.SQLite as Guard, { ...NO_GRACE, bites: 'the family died' }]),
  raced('Redis', [STORE_CAS.Redis as Guard]),
  raced('PostgreSQL', [STORE_CAS.PostgreSQL as Guard, STORE_CAS.lock as Guard]),
]
