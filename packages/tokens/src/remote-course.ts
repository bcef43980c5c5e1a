import { isLoopback, isSafeUrl } from '@countersign/http'
import { mayName, type Reach, reachFor } from './address.ts'
import { type Algorithm, ASYMMETRIC, algorithmRow } from './algorithm.ts'
import { directFetch } from './direct-fetch.ts'
import type { Fetch, Source } from './fetch-json.ts'
import type { KeptStore } from './kept-jwks.ts'
import {
  algorithmsOption,
  numberOption,
  typesOption,
  VERIFIER_OPTIONS,
  type VerifierOptions,
  verifierOptions,
  wrong,
} from './options.ts'
import { type RemoteKeys, remoteKeys } from './remote-keys.ts'
import type { StoreLike } from './store-like.ts'
import { type Course, type JwtVerifier, tokenVerifier, type VerifiedTokens } from './verifier.ts'

/** How documents of others are fetched. */
export interface FetchOptions {
  /**
   * In place of fetching here: a proxy (the global `fetch`), a test. It resolves names itself, so private addresses are then
   * its own matter, but for those that a URL names.
   */
  readonly fetch?: Fetch
  /** Milliseconds for one document, for discovery and keys together: 3000. */
  readonly timeout?: number
  /**
   * `true` also fetches from private networks (RFC 1918, RFC 4193, RFC 6598) and the loopback. Link-local addresses, where clouds
   * keep their metadata, never.
   */
  readonly allowPrivate?: boolean
}

/** What every verifier of tokens from elsewhere takes. */
export interface RemoteOptions extends VerifierOptions, FetchOptions {
  /** Every asymmetric one unless told otherwise; never HS*. */
  readonly algorithms?: readonly Algorithm[]
  /** `typ` of the header: `at+jwt`, `JWT` or none, unless told otherwise. */
  readonly type?: string | readonly string[]
  /** Keeps the last good keys, so that a process may start while the issuer is down: for an hour from when they were fetched. */
  readonly store?: Pick<StoreLike, 'get' | 'commit'>
}

/** A verifier of tokens from elsewhere. */
export interface RemoteVerifier extends JwtVerifier {
  /** Where it judges those of several. */
  readonly issuers?: readonly string[]
  /**
   * For a readiness probe: resolves when there are keys to judge by, after fetching them where there are none. Rejects with
   * `Unavailable` otherwise. At most one fetch in 30 s, however often it is asked.
   */
  ready(): Promise<void>
}

export const FETCH_OPTIONS = ['fetch', 'timeout', 'allowPrivate'] as const
export const REMOTE_OPTIONS = ['algorithms', 'type', 'store', ...FETCH_OPTIONS, ...VERIFIER_OPTIONS] as const

/** The checked options. */
export interface RemoteTerms {
  readonly algorithms: readonly Algorithm[]
  readonly types: readonly string[]
  readonly store: KeptStore | undefined
  readonly leeway: number
  readonly maxLifetime: number
  /** Entries. */
  readonly cache: number
  readonly clock: () => number
  readonly fetching: Fetching
}

/** Fetches for the sake of a URL that the operator wrote. */
export interface Fetching {
  readonly timeout: number
  from(url: string, how?: { readonly keepAlive: boolean }): { readonly fetch: Source; readonly reach: Reach }
  /** Whether a URL may be fetched from, as far as it says: https (http on this host), and no address that may not be reached. */
  accepts(url: string): boolean
  /** The same for a URL that a stranger wrote, in the one spelling that URLs have: this host only with `allowPrivate`. */
  acceptsStrange(url: string): boolean
  /** Checks a URL of the options: https (http on this host), and no address that may not be reached. */
  url(option: string, value: unknown, hint: string): string
}

export function remoteTerms(maker: string, options: RemoteOptions): RemoteTerms {
  const algorithms = options.algorithms === undefined ? ASYMMETRIC : algorithmsOption(maker, options.algorithms)
  if (algorithms.some((name) => algorithmRow(name)?.kty === 'oct'))
    throw wrong(maker, 'algorithms', 'asymmetric: whoever publishes a secret has none. legacyTokens takes HS*')
  const { store } = options
  if (store !== undefined && (typeof store?.get !== 'function' || typeof store.commit !== 'function'))
    throw wrong(maker, 'store', 'a store, such as sqliteStore(file)')
  return {
    algorithms,
    types: typesOption(maker, options.type ?? ['at+jwt', 'JWT', '']),
    store,
    ...verifierOptions(maker, options),
    fetching: fetching(maker, options),
  }
}

export function fetching(maker: string, options: FetchOptions): Fetching {
  const { fetch, allowPrivate = false } = options
  if (fetch !== undefined && typeof fetch !== 'function')
    throw wrong(maker, 'fetch', 'a function like the global fetch')
  if (typeof allowPrivate !== 'boolean') throw wrong(maker, 'allowPrivate', 'true or false')
  return {
    timeout: numberOption(maker, 'timeout', options.timeout, 3000, [1, 60_000]),
    from(url, how) {
      const reach = reachFor(url, allowPrivate)
      return { reach, fetch: fetch ?? directFetch(reach, how) }
    },
    accepts: (url) => isSafeUrl(url) && mayName(url, reachFor(url, allowPrivate)),
    acceptsStrange(url) {
      return isNormal(url) && (allowPrivate || !isLoopback(url)) && this.accepts(url)
    },
    url(option, value, hint) {
      if (!isSafeUrl(value)) throw wrong(maker, option, hint)
      if (!this.accepts(value))
        throw wrong(maker, option, 'at a public address; allowPrivate: true lets a private one in')
      return value
    },
  }
}

/** As the URL standard writes it, the slash of an empty path aside; no query, no fragment (RFC 8414 section 2). */
function isNormal(url: string): boolean {
  const href = URL.parse(url)?.href
  return (href === url || href === `${url}/`) && !/[?#]/.test(url)
}

/** The keys of one issuer; `jwksUri` where discovery is not asked. */
export function keysAt(terms: RemoteTerms, issuer: string, jwksUri?: string): RemoteKeys {
  const { algorithms, store, clock, fetching } = terms
  const { fetch, reach } = fetching.from(jwksUri ?? issuer)
  return remoteKeys({ issuer, jwksUri, algorithms, store, clock, fetch, reach, timeout: fetching.timeout })
}

/** Only ID tokens carry these (OpenID Connect Core 1.0 sections 2 and 3.3.2.11). */
const ID_TOKEN_ONLY: readonly string[] = ['nonce', 'at_hash', 'c_hash']

/** What one verifier of an issuer adds to the terms. */
export interface RemoteCourse {
  readonly issuer: string
  /** `undefined`: the profile looks at it. */
  readonly audience: readonly string[] | undefined
  readonly keys: Pick<RemoteKeys, 'ready' | 'find' | 'holds'>
  /** True where ID tokens are what is wanted. */
  readonly idTokens?: boolean
  readonly profile?: Course['profile']
  readonly cache?: VerifiedTokens | undefined
}

export function remoteVerifier(terms: RemoteTerms, course: RemoteCourse): RemoteVerifier & { readonly issuer: string } {
  const { issuer, audience, keys, profile } = course
  const { algorithms, types, leeway, maxLifetime, clock } = terms
  const forbidden = course.idTokens ? [] : ID_TOKEN_ONLY
  const { verify } = tokenVerifier({
    rules: { issuer, audience, subject: 'sub', leeway, maxLifetime, forbidden },
    algorithms,
    types,
    keys,
    ready: keys.ready,
    isRevoked: () => false,
    profile,
    cache: course.cache ?? terms.cache,
    clock,
  })
  return Object.freeze({ issuer, verify, ready: async () => keys.ready() })
}
