import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkOptions, isUnavailable, type Maybe, Unavailable } from '@countersign/http'
import { claimsIn, textOf } from './claims.ts'
import { type Seal, sealOf, secretsOption } from './seal.ts'
import {
  type Ended,
  type Found,
  isDue,
  isOver,
  type Renew,
  type SessionKind,
  type Sessions,
  type SessionTimes,
  type SignIn,
  shouldTouch,
  timesOf,
} from './session.ts'

/** What is asked of a store: any `Store` of `@countersign/store` fits. */
export interface SessionStore {
  get(key: string): Maybe<{ readonly value: string; readonly version: string } | undefined>
  commit(
    writes: readonly {
      readonly key: string
      readonly value: string | undefined
      readonly expected?: string | null
      readonly expiresAt?: number
    }[],
  ): Maybe<boolean>
  scan(prefix: string, after?: string, limit?: number): Maybe<readonly (readonly [key: string, entry: object])[]>
}

export interface StoreSessionOptions extends SessionTimes {
  readonly store: SessionStore
  /** 32 random bytes that all processes share, or a list with the newest first: it encrypts the cookies of a sign-in under way. */
  readonly secret: Uint8Array | string | readonly (Uint8Array | string)[]
}

/** A row: the sign-in sealed under the id that the cookie alone has, and who is fetching new tokens for it. */
interface Row {
  readonly sealed: string
  readonly index: readonly string[]
  readonly end: number
  /** Until then (epoch milliseconds) somebody fetches new tokens, or nobody should ask a provider that did not answer. */
  readonly claim?: { readonly by: string; readonly until: number }
}
interface Loaded {
  readonly row: Row
  readonly version: string
  readonly signIn: SignIn
}

const MAKER = 'storeSession'
const PREFIX = 'oauth-client'
const ID = /^[A-Za-z0-9_-]{43}$/
/** Milliseconds that a fetch of tokens is waited for: more than the provider has. */
const CLAIM = 15_000
/** Milliseconds in which a provider that did not answer is not asked again. */
const PAUSE = 1000
/** Seconds in which a sign-in that is under way hears of its end: more than a code lives. */
const MEANWHILE = 900
/** Tries against writers of the same row. */
const TRIES = 16

/**
 * Sessions in a store. The cookie has a random id of 32 bytes, the store its SHA-256 and the tokens encrypted under the id: whoever
 * reads the store can neither sign in nor call an API. A sign-out ends them everywhere, and the provider can end them too
 * (back-channel logout). New tokens are fetched once, however many processes ask. Throws a TypeError for wrong options.
 */
export function storeSession(options: StoreSessionOptions): SessionKind {
  checkOptions(MAKER, options, ['store', 'secret', 'lifetime', 'idle'])
  const { store } = options ?? {}
  for (const verb of ['get', 'commit', 'scan'] as const)
    if (typeof store?.[verb] !== 'function')
      throw new TypeError(`${MAKER}: store must be a store, such as sqliteStore('sessions.db') of @countersign/store`)
  const secrets = secretsOption(MAKER, options.secret)
  const times = timesOf(MAKER, options)

  function open({ client, now }: Parameters<SessionKind['open']>[0]): Sessions {
    const hash = (...parts: readonly string[]) =>
      createHash('sha256')
        .update(JSON.stringify([client, ...parts]))
        .digest('base64url')
    const keyOf = (id: string) => `${PREFIX}:session:${hash('session', id)}`
    const markOf = (name: string) => `${PREFIX}:once:${hash('once', name)}`
    const sealUnder = (id: string): Seal => sealOf([Buffer.from(id, 'base64url')], `session of ${client}`)
    const names = ({ session, subject }: Pick<Ended, 'session' | 'subject'>) => [
      ...(session === undefined ? [] : [`sid:${hash('sid', session)}`]),
      ...(subject === undefined ? [] : [`sub:${hash('sub', subject)}`]),
    ]
    const underWay = new Map<string, Promise<Found | undefined>>()

    async function load(id: string): Promise<Loaded | undefined> {
      if (!ID.test(id)) return undefined
      const entry = await store.get(keyOf(id))
      if (!entry) return undefined
      const row = JSON.parse(entry.value) as Row
      const signIn = sealUnder(id).open('row', row.sealed) as SignIn | undefined
      return signIn && !isOver(signIn, times, now()) ? { row, version: entry.version, signIn } : undefined
    }

    /** Writes where nobody else has written since. */
    async function replace(
      id: string,
      { row, version }: Loaded,
      signIn: SignIn,
      claim: Row['claim'],
    ): Promise<boolean> {
      const { claim: _, ...rest } = row
      const next: Row = { ...rest, sealed: sealUnder(id).close('row', signIn), ...(claim && { claim }) }
      const expiresAt = Math.min(row.end, signIn.used + times.idle) * 1000
      return store.commit([{ key: keyOf(id), value: JSON.stringify(next), expected: version, expiresAt }])
    }

    async function begin(signIn: SignIn): Promise<string | undefined> {
      const { sid, sub, iat } = claimsIn(signIn.idToken)
      const id = randomBytes(32).toString('base64url')
      const key = keyOf(id)
      const end = signIn.at + times.lifetime
      const whose = { session: textOf(sid), subject: textOf(sub) }
      const marks = names(whose as Pick<Ended, 'session' | 'subject'>)
      const index = marks.map((name) => `${PREFIX}:${name}:${key.slice(-43)}`)
      const row: Row = { sealed: sealUnder(id).close('row', signIn), index, end }
      const expiresAt = Math.min(end, signIn.used + times.idle) * 1000
      await store.commit([
        { key, value: JSON.stringify(row), expected: null, expiresAt },
        ...index.map((one) => ({ key: one, value: key, expiresAt: end * 1000 })),
      ])
      // Ended while the code was on its way: whoever ended it did not see this row, so this looks for the mark.
      for (const name of marks) {
        const mark = await store.get(`${PREFIX}:ended:${name}`)
        if (mark && Number(iat) <= Number(mark.value)) {
          await remove(key, index)
          return undefined
        }
      }
      return id
    }

    async function remove(key: string, index: readonly string[]): Promise<void> {
      await store.commit([key, ...index].map((one) => ({ key: one, value: undefined })))
    }

    async function find(id: string): Promise<Found | undefined> {
      const loaded = await load(id)
      if (!loaded) return undefined
      if (!shouldTouch(loaded.signIn, times, now())) return { signIn: loaded.signIn }
      const signIn = { ...loaded.signIn, used: now() }
      // Whoever wrote meanwhile has used it too; whoever fetches tokens will write that down.
      if (!isClaimed(loaded.row)) await ifAvailable(() => replace(id, loaded, signIn, undefined))
      return { signIn }
    }

    const isClaimed = ({ claim }: Row) => claim !== undefined && now() * 1000 < claim.until

    async function fetchOnce(id: string, renew: Renew, refused?: string): Promise<Found | undefined> {
      const until = performance.now() + CLAIM
      for (;;) {
        const loaded = await load(id)
        const { tokens } = loaded?.signIn ?? {}
        const isWanted = tokens?.refresh && (isDue(tokens, now()) || tokens.access === refused)
        if (!loaded || !isWanted) return loaded && { signIn: loaded.signIn }
        if (isClaimed(loaded.row)) {
          if (loaded.row.claim?.by === '' || performance.now() > until) throw new Unavailable('the provider')
          await sleep(20 + Math.random() * 40)
          continue
        }
        const claim = { by: randomBytes(9).toString('base64url'), until: now() * 1000 + CLAIM }
        if (await replace(id, loaded, loaded.signIn, claim)) return fetchClaimed(id, loaded.signIn, claim.by, renew)
      }
    }

    async function fetchClaimed(id: string, signIn: SignIn, by: string, renew: Renew): Promise<Found | undefined> {
      const next = await renew({ ...signIn, used: now() }).catch(async (error: unknown) => {
        const pause = { by: '', until: now() * 1000 + PAUSE }
        await ifAvailable(() => settle(id, by, signIn, isUnavailable(error) ? pause : undefined))
        throw error
      })
      if (next) return (await settle(id, by, next, undefined)) ? { signIn: next } : undefined
      await end(id)
      return undefined
    }

    /** Writes what came of a claim; false when the session was ended, or somebody else has the claim by now. */
    async function settle(id: string, by: string, signIn: SignIn, claim: Row['claim']): Promise<boolean> {
      for (let tries = 0; tries < TRIES; tries++) {
        const loaded = await load(id)
        if (loaded?.row.claim?.by !== by) return false
        if (await replace(id, loaded, signIn, claim)) return true
      }
      throw new Unavailable('the session store')
    }

    async function end(id: string): Promise<void> {
      const key = keyOf(id)
      const entry = ID.test(id) ? await store.get(key) : undefined
      if (entry) await remove(key, (JSON.parse(entry.value) as Row).index)
    }

    async function endAll(ended: Ended): Promise<void> {
      const name = names(ended)[0]
      if (name === undefined) return
      const expiresAt = (now() + MEANWHILE) * 1000
      await store.commit([{ key: `${PREFIX}:ended:${name}`, value: `${ended.at}`, expiresAt }])
      const prefix = `${PREFIX}:${name}:`
      for (let after: string | undefined; ; ) {
        const page = await store.scan(prefix, after, 100)
        for (const [at] of page) {
          const key = `${PREFIX}:session:${at.slice(prefix.length)}`
          const entry = await store.get(key)
          await remove(key, entry ? (JSON.parse(entry.value) as Row).index : [at])
        }
        after = page.at(-1)?.[0]
        if (page.length < 100) return
      }
    }

    return {
      seal: sealOf(secrets, `login of ${client}`),
      lifetime: times.lifetime,
      keepsTokens: true,
      begin,
      find,
      renew(id, renew, refused = '') {
        // Who was refused waits for nobody who may come back with that same token.
        const flight = `${id} ${refused}`
        const found = underWay.get(flight) ?? fetchOnce(id, renew, refused).finally(() => underWay.delete(flight))
        underWay.set(flight, found)
        return found
      },
      end,
      marks: {
        endAll,
        once: (name, until) =>
          store.commit([{ key: markOf(name), value: '1', expected: null, expiresAt: until * 1000 }]),
        isUsed: async (name) => (await store.get(markOf(name))) !== undefined,
      },
    }
  }
  return Object.freeze({ kind: 'store', open })
}

/** Runs what may be left undone: the session is good without it. */
async function ifAvailable(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isUnavailable(error)) throw error
  }
}
