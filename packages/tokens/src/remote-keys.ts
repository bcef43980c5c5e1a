import { Unavailable } from '@countersign/http'
import type { Algorithm } from './algorithm.ts'
import { fetchJwks, type JwksPlace, type PublishedKey } from './jwks-document.ts'
import { type KeptStore, keptJwks } from './kept-jwks.ts'
import type { Jwk, VerificationKey } from './key.ts'
import { type KeySet, keySet } from './key-set.ts'

/** Milliseconds: at most one load in this time, whatever asks for it. */
export const COOL_DOWN = 30_000
/** Milliseconds that a set is used without looking again. */
export const FRESH_FOR = 600_000
/** Milliseconds that a set is kept while its source fails. */
export const KEPT_FOR = 3_600_000

export interface RemoteKeysOptions extends JwksPlace {
  readonly algorithms: readonly Algorithm[]
  /** Where the last good set is kept, for a process that starts while the source fails. */
  readonly store: KeptStore | undefined
  /** Epoch milliseconds: says how old a kept set is. */
  readonly clock: () => number
}

/** The keys of an issuer elsewhere. `ready` waits only where there is nothing to judge by yet. */
export interface RemoteKeys {
  ready(): Promise<void> | undefined
  find(header: {
    readonly kid?: string
    readonly alg: Algorithm
  }): VerificationKey | undefined | Promise<VerificationKey | undefined>
  holds(key: VerificationKey): boolean
  /** What was published of a key that it holds. */
  jwkOf(key: VerificationKey): Jwk | undefined
}

/**
 * A JWK Set behind a URL. Loaded at first need, single flight; looked at again after ten minutes, or for an unknown
 * `kid`, never twice in 30 s: for so long every `kid` that the last look did not find is known to be unknown, without a list
 * of them. Kept for an hour while the source fails, in the store too. Intervals are monotonic.
 */
export function remoteKeys(options: RemoteKeysOptions): RemoteKeys {
  const { issuer, jwksUri, store, clock, algorithms } = options
  const kept = store && keptJwks(store, issuer, jwksUri, KEPT_FOR)
  let set: KeySet | undefined
  /** By what was published of them. A key that is published again is the same object, so tokens stay remembered. */
  let known: ReadonlyMap<string, VerificationKey> = new Map()
  let published: ReadonlyMap<VerificationKey, Jwk> = new Map()
  let loadedAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let loading: Promise<void> | undefined

  /** The load under way, or a new one, or what the last one came to while it is too early for another. */
  function load(): Promise<void> {
    if (loading) return loading
    const now = performance.now()
    if (now - triedAt < COOL_DOWN) return failure === undefined ? Promise.resolve() : Promise.reject(unavailable(now))
    triedAt = now
    loading = renew().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function renew(): Promise<void> {
    try {
      const fetched = await fetchJwks(options)
      use(fetched, 0)
      failure = undefined
      kept?.keep(fetched, clock())
    } catch (error) {
      failure = error
      await useKept()
      throw unavailable(performance.now())
    }
  }

  /** Takes the keys; `age` is the milliseconds since they were fetched. */
  function use(list: readonly PublishedKey[], age: number): void {
    const usable = list.filter(({ key }) => key.algorithms.some((name) => algorithms.includes(name)))
    if (usable.length === 0) throw new Error(`the JWK Set of ${issuer} has no key to use for ${algorithms.join(', ')}`)
    const named = usable.map(({ jwk, key }) => {
      const text = JSON.stringify(jwk)
      return { text, jwk, key: known.get(text) ?? key }
    })
    known = new Map(named.map(({ text, key }) => [text, key]))
    published = new Map(named.map(({ jwk, key }) => [key, jwk]))
    set = keySet(named.map(({ key }) => key))
    loadedAt = performance.now() - age
  }

  /** What this or another process fetched last, if that was later than what is here. */
  async function useKept(): Promise<void> {
    const now = clock()
    const last = await kept?.last(now)
    if (!last || performance.now() - (now - last.at) <= loadedAt) return
    try {
      use(last.keys, now - last.at)
    } catch {} // none for these algorithms
  }

  function unavailable(now: number): Unavailable {
    const retryAfter = Math.max(1, Math.ceil((triedAt + COOL_DOWN - now) / 1000))
    return new Unavailable(`the key source of ${issuer}`, { cause: failure, retryAfter })
  }

  const age = () => performance.now() - loadedAt

  return {
    ready() {
      if (age() <= FRESH_FOR) return undefined
      const failing = failure !== undefined
      if (age() > KEPT_FOR)
        return load().catch((error: unknown) => {
          if (age() > KEPT_FOR) throw error // else a kept set serves
        })
      const loaded = load().catch(() => {}) // the old set still serves
      return failing ? undefined : loaded
    },
    find(header) {
      const found = set?.find(header)
      if (found || header.kid === undefined) return found
      return load().then(() => set?.find(header))
    },
    holds: (key) => set?.holds(key) === true,
    jwkOf: (key) => published.get(key),
  }
}
