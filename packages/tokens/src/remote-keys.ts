import { Unavailable } from '@countersign/http'
import type { Algorithm } from './algorithm.ts'
import { type Fetch, fetchJson } from './fetch-json.ts'
import type { VerificationKey } from './key.ts'
import { type KeySet, keySet, readKeySet } from './key-set.ts'

/** Milliseconds: at most one load in this time, whatever asks for it. */
export const COOL_DOWN = 30_000
/** Milliseconds that a set is used without looking again. */
export const FRESH_FOR = 600_000
/** Milliseconds that a set is kept while its source fails. */
export const KEPT_FOR = 3_600_000

export interface RemoteKeysOptions {
  readonly issuer: string
  readonly jwksUri: string | undefined
  readonly fetch: Fetch
  readonly timeout: number
  readonly algorithms: readonly Algorithm[]
}

/** The keys of an issuer elsewhere. `ready` waits only where there is nothing to judge by yet. */
export interface RemoteKeys {
  ready(): Promise<void> | undefined
  find(header: {
    readonly kid?: string
    readonly alg: Algorithm
  }): VerificationKey | undefined | Promise<VerificationKey | undefined>
  holds(key: VerificationKey): boolean
}

/**
 * A JWK Set behind a URL. Loaded at first need, single flight; looked at again after ten minutes, or for an unknown
 * `kid`, never twice in 30 s; kept for an hour while the source fails. Intervals are monotonic.
 */
export function remoteKeys(options: RemoteKeysOptions): RemoteKeys {
  let set: KeySet | undefined
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
    loading = fetchKeySet(options)
      .then(
        (fetched) => {
          set = fetched
          loadedAt = performance.now()
          failure = undefined
        },
        (error: unknown) => {
          failure = error
          throw unavailable(performance.now())
        },
      )
      .finally(() => {
        loading = undefined
      })
    return loading
  }

  function unavailable(now: number): Unavailable {
    const retryAfter = Math.max(1, Math.ceil((triedAt + COOL_DOWN - now) / 1000))
    return new Unavailable(`the key source of ${options.issuer}`, { cause: failure, retryAfter })
  }

  return {
    ready() {
      const age = performance.now() - loadedAt
      if (age <= FRESH_FOR) return undefined
      if (age > KEPT_FOR) return load()
      const failing = failure !== undefined
      const loaded = load().catch(() => {}) // the old set still serves
      return failing ? undefined : loaded
    },
    find(header) {
      const found = set?.find(header)
      if (found || header.kid === undefined) return found
      return load().then(() => set?.find(header))
    },
    holds: (key) => set?.holds(key) === true,
  }
}

async function fetchKeySet({ issuer, jwksUri, fetch, timeout, algorithms }: RemoteKeysOptions): Promise<KeySet> {
  const signal = AbortSignal.timeout(timeout)
  const uri = jwksUri ?? (await discover(fetch, issuer, signal))
  const read = readKeySet(await fetchJson(fetch, uri, signal))
  if (typeof read === 'string') throw new Error(`the JWK Set at ${uri} is refused: ${read}`)
  const keys = read.keys.filter((key) => key.algorithms.some((name) => algorithms.includes(name)))
  if (keys.length > 0) return keySet(keys)
  const why = read.refused.map(({ kid, index, reason }) => `${kid ?? index}: ${reason}`).join('; ')
  throw new Error(`the JWK Set at ${uri} has no key to use${why && ` (${why.slice(0, 500)})`}`)
}

/** `jwks_uri` of the issuer's metadata (OpenID Connect Discovery 1.0 section 4; RFC 8414 section 3.3: exact `issuer`). */
async function discover(fetch: Fetch, issuer: string, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const metadata = (await fetchJson(fetch, url, signal)) as { issuer?: unknown; jwks_uri?: unknown } | null
  if (metadata?.issuer !== issuer)
    throw new Error(`${url} is about another issuer; a slash at the end counts: expected ${issuer}`)
  const { jwks_uri } = metadata
  if (typeof jwks_uri !== 'string' || !isSafeUrl(jwks_uri, isLoopback(issuer)))
    throw new Error(`${url} has no jwks_uri with https`)
  return jwks_uri
}

/** True for https, and for http to this machine where `loopback` allows it. No user name, no password. */
export function isSafeUrl(url: string, loopback: boolean): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, username, password } = new URL(url)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && loopback && isLoopback(url))
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
