// F14: signing keys rotate in several processes at once, while tokens are issued and judged everywhere.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Change, type Fault, type Guard, must } from './fault.ts'
import { emptyStore, lacks } from './stores.ts'
import { type Worker, type WorkerOptions, worker } from './workers.ts'

const KEYS = 'tokens/src/stored-keys.ts'
const RING = 'tokens/src/key-ring.ts'
const PROCESSES = 3
/** Seconds that a key is published before it signs; milliseconds that the load goes on. */
const AHEAD = 2
const load = (isWithout: boolean) => (isWithout ? 3_000 : 4_500)

/** Between reading the ring and writing it, in every process: so that they meet there, on however few cores. */
const MEETING: Change = {
  file: KEYS,
  find: 'const after = await next(before)\n      if (after === undefined) {',
  replace:
    'const after = await next(before)\n      await new Promise((done) => setTimeout(done, 40))\n      if (after === undefined) {',
}
const FIRST_KEY: Guard = {
  what: 'the ring is written only as it was read',
  changes: [
    {
      file: KEYS,
      find: 'const write = { key: name, value, expected: entry?.version ?? null }',
      replace: 'const write = { key: name, value }',
    },
  ],
  bites: 'tokens were refused',
}
const OVERLAP: Guard = {
  what: 'a key verifies after it signed',
  changes: [{ file: RING, find: 'const goneAt = signsUntil + overlap', replace: 'const goneAt = signsUntil' }],
  bites: 'tokens were refused',
}
const PUBLISHED_FIRST: Guard = {
  what: 'a key is published before it signs (and else asked for)',
  changes: [
    {
      file: KEYS,
      find: 'if (!next) return withKey(rest, now + times.ahead)',
      replace: 'if (!next) return withKey(rest, now)',
    },
    { file: RING, find: 'if (atOnce !== true && signsFrom - publishedAt < times.ahead)', replace: 'if (false)' },
    {
      file: 'tokens/src/local-issuer.ts',
      find: 'return found ?? keys.hearOf(() => news.catchUp())?.then(() => keys.current()?.verifying.find(header))',
      replace: 'return found',
    },
  ],
  bites: 'tokens were refused',
}

const kidOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid as string

function rotating(engine: string, guards: readonly Guard[]): Fault {
  return {
    id: 'F14',
    on: `${PROCESSES} processes, ${engine}`,
    missing: lacks(engine),
    done: `all start at once on an empty store; all rotate at once, and one alone; each judges at once what the others issue (ahead ${AHEAD} s)`,
    holds: 'no token is refused, neither of the old key nor of the new ones',
    guards,
    async run(changes, scope) {
      const options: WorkerOptions = {
        address: await emptyStore(engine, scope),
        issuer: { rotation: { every: 86_400, ahead: AHEAD } },
        store: { timeout: 5_000 },
      }
      const all = await Promise.all(
        Array.from({ length: PROCESSES }, () => worker(options, [...changes, MEETING], scope)),
      )
      const refused = new Map<string, number>()
      const judged = new Map<string, number>()
      const asked: Promise<void>[] = []
      const judge = async (by: Worker, token: string) => {
        const { said, value } = await by.call('verify', token)
        judged.set(kidOf(token), (judged.get(kidOf(token)) ?? 0) + 1)
        if (said === 'ok' && value === 'valid') return
        const why = said === 'ok' ? value : said
        refused.set(why, (refused.get(why) ?? 0) + 1)
      }
      // One that writes nothing: it hears of keys when its store looks for changes, every 100 ms.
      const onlooker = await worker(options, [...changes, MEETING], scope)
      const first = await Promise.all(all.map((each) => each.call('issue', 'anna')))
      const firstTokens = first.map(({ value }) => value.access_token as string)
      for (const each of all)
        each.onToken((token) => {
          for (const other of [...all, onlooker]) if (other !== each) asked.push(judge(other, token))
        })
      const issuing = all.map((each) => each.call('issueFor', load(changes.length > 0)))
      await sleep(200)
      await Promise.all(all.map((each) => each.call('rotate')))
      await sleep(AHEAD * 1_000 + 200)
      await (all[0] as Worker).call('rotate') // the others hear of it
      const ended = await Promise.all(issuing)
      for (const { said } of ended) if (said !== 'ok') refused.set(`issuing: ${said}`, 1)
      await Promise.all(asked)
      // What was signed at the very start, by the key that is retiring.
      for (const token of firstTokens) for (const each of [...all, onlooker]) await judge(each, token)
      const total = [...judged.values()].reduce((sum, count) => sum + count, 0)
      const why = [...refused].map(([reason, count]) => `${reason} × ${count}`).join(', ')
      must(refused.size === 0, `of ${total} judgements tokens were refused: ${why}`)
      must(judged.size >= 2, `only ${judged.size} keys signed`)
      return `${total} judgements of tokens by ${judged.size} keys, none refused`
    },
  }
}

export const rotations: readonly Fault[] = [
  rotating('SQLite', [FIRST_KEY, OVERLAP, PUBLISHED_FIRST]),
  rotating('Redis', []),
  rotating('PostgreSQL', []),
]
