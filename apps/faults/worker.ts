// A process with an issuer on a store, driven by messages: what a server is, without the server. Its clock can be set.
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import { isUnavailable, Refused } from '@countersign/http'
import { type LocalIssuer, localIssuer } from '@countersign/tokens'
import { openStore } from '../../packages/store/test/open.ts'
import type { Call, WorkerOptions } from './workers.ts'

const { address, issuer: options, store: storeOptions } = JSON.parse(process.argv[2] as string) as WorkerOptions

let offset = 0
const clock = () => Date.now() + offset
Object.assign(globalThis, { setClock: clock }) // for a guard that is taken out by reading this one instead
let events = 0
subscribe('countersign:refresh-reuse', () => void events++)

const store = openStore(address, { ...storeOptions, clock })
const issuer: LocalIssuer = localIssuer({
  issuer: 'https://sample.test',
  audience: 'https://api.sample.test',
  store,
  clock,
  ...options,
})

/** What a call came to, as a word: `ok`, or the code of the refusal, or `unavailable`. */
async function outcome(call: () => unknown): Promise<{ readonly said: string; readonly value?: unknown }> {
  try {
    return { said: 'ok', value: await call() }
  } catch (error) {
    if (isUnavailable(error)) return { said: 'unavailable' }
    if (error instanceof Refused) return { said: error.code }
    return { said: `broken: ${(error as Error).message}` }
  }
}

const verbs: Readonly<Record<string, (...args: never[]) => unknown>> = {
  issue: (subject: string) => issuer.issue({ subject }),
  refresh: (token: string) => issuer.refresh(token),
  /** Reads the store so many times at once: what each came to, and its milliseconds. */
  readMany: (times: number) =>
    Promise.all(
      Array.from({ length: times }, async () => {
        const begun = performance.now()
        const { said } = await outcome(() => store.get('nothing'))
        return { said, took: performance.now() - begun }
      }),
    ),
  /** Of as many at once: what each came to, counted, and the successors that were given. */
  async refreshMany(token: string, times: number) {
    const all = await Promise.all(Array.from({ length: times }, () => outcome(() => issuer.refresh(token))))
    const said: Record<string, number> = {}
    for (const one of all) said[one.said] = (said[one.said] ?? 0) + 1
    const given = all.flatMap(({ value }) => (value as { refresh_token?: string } | undefined)?.refresh_token ?? [])
    return { said, given: [...new Set(given)] }
  },
  async verify(token: string) {
    const found = await issuer.verify(token)
    if (found === undefined) return 'not mine'
    return 'subject' in found ? 'valid' : found.reason
  },
  jwks: () => issuer.jwks(),
  rotate: () => issuer.keys.rotate(),
  keys: () => issuer.keys.list(),
  revoke: (jti: string) => issuer.revoke({ jti }),
  /** One after the other; the name of each is written to standard output once its revocation was acknowledged. */
  async revokeAll(ids: readonly string[]) {
    for (const jti of ids) {
      await issuer.revoke({ jti })
      writeSync(1, `${jti}\n`)
    }
  },
  health: () => issuer.health(),
  events: () => events,
  /** Milliseconds that the clock is ahead from now on. */
  setClock: (milliseconds: number) => void (offset = milliseconds),
  /** Issues, and has others judge, until so many milliseconds are over: see rotation.ts. */
  async issueFor(milliseconds: number) {
    const end = performance.now() + milliseconds
    while (performance.now() < end) {
      const { access_token } = await issuer.issue({ subject: 'anna' })
      process.send?.({ token: access_token })
      await new Promise((done) => setTimeout(done, 4))
    }
  },
}

process.on('message', async ({ id, verb, args }: Call) => {
  const act = verbs[verb] as ((...args: unknown[]) => unknown) | undefined
  if (!act) throw new TypeError(`no verb ${verb}`)
  process.send?.({ id, ...(await outcome(() => act(...args))) })
})
process.once('disconnect', () => process.exit(0))
process.send?.({ ready: true })
