// F01 and F02: the store is killed, or answers nothing, under load on a route that checks revocation.
import { setTimeout as sleep } from 'node:timers/promises'
import { HOSTS } from '@sample/hosts'
import { type FaultyProxy, proxy } from '../../packages/store/test/proxy.ts'
import { type Change, type Fault, type Guard, must, type Scope } from './fault.ts'
import { host } from './hosts.ts'
import { asBearer, ask, load, p99, type Sample, tally, until } from './load.ts'
import { type Database, missing, startDatabase } from './servers.ts'

type Mode = 'live' | 'synced'

/** Milliseconds. What is promised. */
const FRESH_FOR = 2_000
const BOUND = 300
const RECOVERY = 2_000
/** A call to the store. In `live` a request may first wait for a question that was put before it came. */
const TIMED_OUT = 250
/** Between two looks of a feed at its store: so much younger may the end of what is known be. */
const HEARTBEAT = 500
/** What a busy machine may add to a moment. */
const SLACK = 150

const F = 'tokens/src/feed.ts'
const SWALLOWED_LIVE: Guard = {
  what: '`live` refuses while the store does not answer',
  changes: [
    {
      file: F,
      find: "if (mode === 'live') return catchUp()",
      replace: "if (mode === 'live') return catchUp()?.catch(() => {})",
    },
  ],
  bites: 'with the store down',
}
const FOR_EVER_FRESH: Guard = {
  what: 'what is known grows old',
  changes: [
    {
      file: F,
      find: 'if (age() <= FRESH_FOR) return undefined\n      const',
      replace: 'if (watch) return undefined\n      const',
    },
  ],
  bites: 'past the bound',
}
const SWALLOWED_SYNCED: Guard = {
  what: 'a catch-up that failed is no catch-up',
  changes: [{ file: F, find: "mode === 'best-effort' ? wait?.catch", replace: 'mode ? wait?.catch' }],
  bites: 'past the bound',
}
const R = 'store-redis/src/connection.ts'
/** A broken connection is given up; what does not answer is reset. Each alone suffices. */
const RECONNECTS: Guard = {
  what: 'a connection that broke is made anew',
  changes: [
    { file: R, find: "client.on('end', forget)", replace: '' },
    { file: R, find: "client.on('error', forget)", replace: "client.on('error', () => {})" },
    { file: 'store/src/engine-store.ts', find: 'engine.reset()', replace: '' },
  ],
  bites: 'after its return',
}

/** `synced` says nothing of the outage for 2 s. */
const outage = (mode: Mode) => (mode === 'live' ? 1_500 : 2_800)

interface Hosted {
  readonly port: number
  readonly good: string
  /** Revoked on the other host just before the fault. */
  readonly revoked: string
  readonly other: number
}

/** A host by way of the proxy where there is one, and another that reaches the database directly. */
async function hosted(
  main: string,
  changes: readonly Change[],
  env: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
  scope: Scope,
): Promise<Hosted> {
  const [one, other] = await Promise.all([host(main, changes, env, scope), host(main, [], others, scope)])
  const good = (await one.login('admintak', 'pwdforapitest')).access_token
  const revoked = (await one.login('admintak', 'pwdforapitest')).access_token
  return { port: one.port, other: other.port, good, revoked }
}

const me = (name: string, token: string) => ({ name, path: '/me', headers: asBearer(token) })

/** Milliseconds from now until the good token passes; `undefined`: not within so many. */
async function recovery(port: number, good: string, within: number): Promise<number | undefined> {
  const begun = performance.now()
  const passed = await until(async () => (await ask(port, me('good', good))).status === 200, within)
  return passed ? performance.now() - begun : undefined
}

/** What must hold of the samples of one outage, by its moments (`performance.now()`). */
function judge(samples: readonly Sample[], mode: Mode, at: { revoked: number; down: number; back: number }): string {
  const after = (name: string, from: number, to: number) =>
    samples.filter((one) => one.name === name && one.begun > from && one.begun + one.took < to)
  const odd = samples.filter(({ status }) => status !== 200 && status !== 401 && status !== 503)
  must(odd.length === 0, `answers that nobody should get: ${tally(odd)}`)
  const bound = mode === 'live' ? 0 : FRESH_FOR
  const stale = after('revoked', at.revoked + bound + SLACK, Number.POSITIVE_INFINITY).filter(
    ({ status }) => status === 200,
  )
  const down = [...after('good', at.down + SLACK, at.back), ...after('revoked', at.down + SLACK, at.back)]
  const where = mode === 'live' ? 'with the store down' : 'past the bound'
  const late = down.filter(({ begun, status }) => status === 200 && begun > at.down + bound + SLACK)
  must(
    late.length === 0 && stale.length === 0,
    `${late.length} × 200 ${where}, ${stale.length} of them or after for the revoked token`,
  )
  const early = down.filter(
    ({ name, begun, took, status }) =>
      name === 'good' && status !== 200 && begun + took < at.down + FRESH_FOR - HEARTBEAT - SLACK,
  )
  must(mode === 'live' || early.length === 0, `the good token got ${tally(early)} before what is known was old`)
  must(
    down.some(({ status }) => status === 503),
    `no 503 in all that time: ${tally(down)}`,
  )
  must(p99(down) <= BOUND, `p99 ${Math.round(p99(down))} ms while down`)
  return `while down ${tally(down)}, p99 ${Math.round(p99(down))} ms`
}

function killed(name: Database['name'], mode: Mode, on: string, guards: readonly Guard[]): Fault {
  return {
    id: 'F01',
    on: `${on}, ${name}, ${mode}`,
    missing: missing(name),
    done: 'SIGKILL to the store under load on `/me`, just after a token was revoked on another host; started again later',
    holds:
      mode === 'live'
        ? 'never 200 for the revoked token; 503 at once; p99 300 ms; recovers within 2 s'
        : '200 up to 2 s after the kill, then 503; p99 300 ms; recovers within 2 s; the revoked token is 401',
    guards,
    async run(changes, scope) {
      const database = await startDatabase(name, scope)
      const env = { STORE: database.address(), REVOCATION: mode }
      const { port, other, good, revoked } = await hosted(HOSTS[on] as string, changes, env, env, scope)
      const running = load(port, 12, [me('good', good), me('revoked', revoked)])
      scope.defer(() => running.stop())
      await sleep(700)
      must(
        running.samples.every(({ status }) => status === 200),
        `before: ${tally(running.samples)}`,
      )
      await ask(other, { ...me('logout', revoked), path: '/logout', method: 'POST' })
      const wasRevoked = performance.now()
      await database.kill()
      const down = performance.now()
      await sleep(outage(mode))
      const back = performance.now()
      await database.start()
      const took = await recovery(port, good, RECOVERY + 1_000)
      await sleep(300)
      await running.stop()
      const seen = judge(running.samples, mode, { revoked: wasRevoked, down, back })
      must(took !== undefined && took <= RECOVERY, `not served again within ${RECOVERY} ms after its return`)
      const last = await ask(port, me('revoked', revoked))
      must(last.status === 401, `the revoked token got ${last.status} after the store's return`)
      return `${seen}; served again ${Math.round(took)} ms after its return`
    },
  }
}

function blackHoled(name: Database['name'], mode: Mode, on: string, guards: readonly Guard[]): Fault {
  return {
    id: 'F02',
    on: `${on}, ${name}, ${mode}`,
    missing: missing(name),
    done: 'nothing goes through to the store and nothing is closed (a proxy), under load; a token is revoked meanwhile on another host; then the old connections stay silent for ever and new ones work',
    holds: 'as F01; no answer waits longer than two calls to the store; connections to the store stay few',
    guards,
    async run(changes, scope) {
      const database = await startDatabase(name, scope)
      const between: FaultyProxy = await proxy(database.port)
      scope.defer(() => between.close())
      const env = { STORE: database.address(between.port), REVOCATION: mode }
      const { port, other, good, revoked } = await hosted(
        HOSTS[on] as string,
        changes,
        env,
        { STORE: database.address() },
        scope,
      )
      const running = load(port, 12, [me('good', good), me('revoked', revoked)])
      scope.defer(() => running.stop())
      await sleep(700)
      between.blackHole()
      const down = performance.now()
      const logout = await ask(other, { ...me('logout', revoked), path: '/logout', method: 'POST' })
      must(logout.status === 204, `the logout on the other host got ${logout.status}`)
      const wasRevoked = performance.now()
      await sleep(outage(mode))
      const connections = between.open
      const back = performance.now()
      between.forget()
      between.pass()
      const took = await recovery(port, good, RECOVERY + 1_000)
      await sleep(300)
      await running.stop()
      const slow = Math.max(...running.samples.map((one) => one.took))
      must(slow < 2 * TIMED_OUT + SLACK, `an answer took ${Math.round(slow)} ms`)
      const seen = judge(running.samples, mode, { revoked: wasRevoked, down, back })
      must(connections <= 30, `${connections} connections to the store`)
      must(took !== undefined && took <= RECOVERY, `not served again within ${RECOVERY} ms after its return`)
      const last = await ask(port, me('revoked', revoked))
      must(last.status === 401, `the revoked token got ${last.status} after the store's return`)
      return `${seen}, the longest ${Math.round(slow)} ms, ${connections} connections; served again ${Math.round(took)} ms after its return`
    },
  }
}

const TIMEOUT: Guard = {
  what: 'a call to the store ends after 250 ms',
  changes: [
    {
      file: 'store/src/guard.ts',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a text of the source
      find: 'timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)',
      replace: 'void [timer, reject]',
    },
  ],
  bites: 'an answer took',
}
const RESET: Guard = {
  what: 'connections that do not answer are given up',
  changes: [{ file: 'store/src/engine-store.ts', find: 'engine.reset()', replace: '' }],
  bites: 'after its return',
}

export const storeDown: readonly Fault[] = [
  killed('Redis', 'live', 'node', [SWALLOWED_LIVE]),
  killed('Redis', 'synced', 'express', [FOR_EVER_FRESH, RECONNECTS]),
  killed('PostgreSQL', 'live', 'fastify', [SWALLOWED_LIVE]),
  killed('PostgreSQL', 'synced', 'express 4', [SWALLOWED_SYNCED]),
  blackHoled('Redis', 'live', 'fastify', [SWALLOWED_LIVE, TIMEOUT]),
  blackHoled('Redis', 'synced', 'node', [FOR_EVER_FRESH, RESET]),
  blackHoled('PostgreSQL', 'synced', 'express', [SWALLOWED_SYNCED]),
]
