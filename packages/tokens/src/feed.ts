import { Unavailable } from '@countersign/http'
import type { StoreLike } from './store-like.ts'

/**
 * How old what is known of revocations and keys may be when a token is judged. `synced`: 2 s, and past that the store is
 * asked once for all who wait; when it does not answer, 503. `live`: the store is asked for each request. `best-effort`:
 * as `synced`, but while the store does not answer requests pass; each is counted and told.
 */
export type RevocationMode = 'synced' | 'live' | 'best-effort'
export const MODES: readonly RevocationMode[] = ['synced', 'live', 'best-effort']

/** How old, in milliseconds, what is known may be. */
export const FRESH_FOR = 2000
const NAME = 'the feed of revocations'

/** What an issuer's processes tell each other through the store: revocations and keys. */
export interface Feed {
  /** Starts to follow the store; resolves when everything that was there has been told. */
  start(): Promise<void>
  /**
   * Sees to it that what is known is as fresh as the mode asks: a promise when the store takes its time, which rejects
   * with `Unavailable` when it does not answer.
   */
  ready(): Promise<void> | undefined
  /** Asks the store for what is new, whatever the mode. */
  catchUp(): Promise<void> | undefined
  /** Milliseconds since everything was known; `Infinity` before the start. */
  age(): number
}

type Told = (key: string, entry: { readonly value: string; readonly expiresAt?: number } | undefined) => void

export function feed(store: StoreLike, prefix: string, mode: RevocationMode, told: Told): Feed {
  let watch: Awaited<ReturnType<StoreLike['watch']>> | undefined
  let starting: Promise<void> | undefined
  let catchingUp: Promise<void> | undefined
  let isBroken = false

  // What ends by its date need not be told when it goes, and nobody has to remember it for that.
  const follow = async () => void (watch = await store.watch(prefix, tell, { deletions: false }))
  const age = () => (watch === undefined ? Number.POSITIVE_INFINITY : performance.now() - watch.freshAt)

  /** A row that cannot be read ends the watch. The next question begins another, so that a mended row is enough. */
  const tell: Told = (key, entry) => {
    try {
      told(key, entry)
    } catch (error) {
      isBroken = true
      throw error
    }
  }

  function start(): Promise<void> {
    starting ??= follow().catch((error: unknown) => {
      starting = undefined
      throw error
    })
    return starting
  }

  function catchUp(): Promise<void> | undefined {
    if (isBroken) {
      isBroken = false
      watch?.close()
      watch = undefined
      starting = undefined
    }
    if (watch === undefined) return start()
    try {
      const wait = watch.catchUp()
      return wait instanceof Promise ? wait : undefined
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** One question for all who wait. */
  function refresh(): Promise<void> | undefined {
    if (catchingUp) return catchingUp
    const wait = catchUp()
    if (!wait) return age() <= FRESH_FOR ? undefined : Promise.reject(new Unavailable(NAME))
    catchingUp = wait
      .then(() => {
        if (age() > FRESH_FOR) throw new Unavailable(NAME)
      })
      .finally(() => {
        catchingUp = undefined
      })
    return catchingUp
  }

  return {
    start,
    age,
    catchUp,
    ready() {
      // A question that is under way may have been put before this request came, so `live` asks its own.
      if (mode === 'live') return catchUp()
      if (age() <= FRESH_FOR) return undefined
      const wait = refresh()
      return mode === 'best-effort' ? wait?.catch(() => {}) : wait
    },
  }
}

/** A row of the feed that this version cannot read may say anything, so nothing is judged before it is mended. */
export function unreadable(what: string): Unavailable {
  return new Unavailable(NAME, { cause: new Error(what) })
}
