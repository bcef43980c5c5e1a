// F15: the clock steps by an hour, forward and back, while tokens are remembered and while the store does not answer.
import { setTimeout as sleep } from 'node:timers/promises'
import { proxy } from '../../packages/store/test/proxy.ts'
import { type Fault, must } from './fault.ts'
import { emptyStore, lacks } from './stores.ts'
import { type Worker, worker } from './workers.ts'

const HOUR = 3_600_000
const SECOND = 1_000
const LIFETIME = 300
const LEEWAY = 30

/** Where the clock is put, and what a token of now is then. A second to spare: `exp` and `iat` are whole ones. */
const STEPS: readonly (readonly [ahead: number, said: string])[] = [
  [0, 'valid'],
  [HOUR, 'token.expired'],
  [0, 'valid'],
  [-HOUR, 'token.early'],
  [(LIFETIME + LEEWAY - 5) * SECOND, 'valid'],
  [(LIFETIME + LEEWAY + 5) * SECOND, 'token.expired'],
  [(5 - LEEWAY) * SECOND, 'valid'],
  [(-5 - LEEWAY) * SECOND, 'token.early'],
]

async function judged(by: Worker, token: string): Promise<string> {
  const { said, value } = await by.call('verify', token)
  return said === 'ok' ? value : said
}

export const clocks: readonly Fault[] = [
  {
    id: 'F15',
    on: 'two processes, Redis behind a proxy',
    missing: lacks('Redis'),
    done: 'the clock of a process steps by an hour and to the edges of the leeway, with tokens that it remembers and that it does not; it is set back while the store does not answer',
    holds:
      'nothing outside the leeway is accepted by the clock of who judges; freshness is monotonic: 503 after 2 s, whatever the clock says',
    guards: [
      {
        what: 'dates are looked at again for a remembered token',
        changes: [
          {
            file: 'tokens/src/verifier.ts',
            find: 'const late = checkTimes(hit.principal.claims, rules.leeway, clock())',
            replace: 'const late = undefined',
          },
        ],
        bites: 'remembered',
      },
      {
        what: 'dates are looked at',
        changes: [
          {
            file: 'tokens/src/claims.ts',
            find: 'const late = checkTimes(claims as Claims, rules.leeway, now)',
            replace: 'const late = undefined',
          },
        ],
        bites: 'not remembered',
      },
      {
        what: 'freshness is counted by a monotonic clock',
        changes: [
          {
            file: 'tokens/src/feed.ts',
            find: 'performance.now() - watch.freshAt',
            replace: 'setClock() - watch.freshAt',
          },
          {
            file: 'store/src/engine-watch.ts',
            find: 'const asked = performance.now()',
            replace: 'const asked = setClock()',
          },
        ],
        bites: 'the store silent for 2.5 s, the clock set back: valid',
      },
    ],
    async run(changes, scope) {
      const address = await emptyStore('Redis', scope)
      const url = new URL(address)
      const between = await proxy(Number(url.port), url.hostname)
      scope.defer(() => between.close())
      url.hostname = '127.0.0.1'
      url.port = `${between.port}`
      const options = { issuer: { lifetime: LIFETIME, leeway: LEEWAY } }
      const issuing = await worker({ ...options, address }, changes, scope)
      const judging = await worker({ ...options, address: url.href }, changes, scope)
      const issue = async (by: Worker) => (await by.call('issue', 'anna')).value.access_token as string
      const known = await issue(issuing)
      const fresh = await Promise.all(STEPS.map(() => issue(issuing)))
      await judged(judging, known)
      for (const [at, [ahead, said]] of STEPS.entries()) {
        await judging.call('setClock', ahead)
        const where = `the clock ${ahead / SECOND} s ahead, a token that is`
        const not = await judged(judging, fresh[at] as string)
        must(not === said, `${where} not remembered: ${not}`)
        const remembered = await judged(judging, known)
        must(remembered === said, `${where} remembered: ${remembered}`)
      }
      await judging.call('setClock', 0)
      must((await judged(judging, known)) === 'valid', 'after all of it the token is refused')
      // Steps forward: what is known is not old for that.
      await judging.call('setClock', HOUR)
      await issuing.call('setClock', HOUR)
      const later = await judged(judging, await issue(issuing))
      must(later === 'valid', `an hour later, all clocks alike: ${later}`)
      // Steps back, while nothing is heard: what is known is as old as it is.
      for (const each of [issuing, judging]) await each.call('setClock', 0)
      const one = await issue(issuing)
      must((await judged(judging, one)) === 'valid', 'before the store was silent the token was refused')
      between.blackHole()
      await judging.call('setClock', -20 * SECOND)
      await sleep(2_500)
      const silent = await judged(judging, one)
      must(silent === 'unavailable', `the store silent for 2.5 s, the clock set back: ${silent}`)
      return `${STEPS.length} steps as they should be, remembered or not; unavailable after 2.5 s of silence with the clock set back`
    },
  },
]
