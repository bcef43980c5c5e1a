import { checkOptions } from '@countersign/http'
import { type Algorithm, ASYMMETRIC, algorithmRow } from './algorithm.ts'
import type { Fetch } from './fetch-json.ts'
import {
  algorithmsOption,
  audienceOption,
  numberOption,
  typesOption,
  VERIFIER_OPTIONS,
  type VerifierOptions,
  verifierOptions,
  wrong,
} from './options.ts'
import { isSafeUrl, remoteKeys } from './remote-keys.ts'
import { type TokenVerifier, tokenVerifier } from './verifier.ts'

export interface RemoteIssuerOptions extends VerifierOptions {
  /** `aud` that a token must carry: what this API is called at the issuer. One of a list is enough. */
  readonly audience: string | readonly string[]
  /** Every asymmetric one unless told otherwise; never HS*. */
  readonly algorithms?: readonly Algorithm[]
  /** `typ` of the header: `at+jwt`, `JWT` or none, unless told otherwise. */
  readonly type?: string | readonly string[]
  /** Where the keys are. Left out: the issuer's discovery document says. */
  readonly jwksUri?: string
  /** Replaces the global `fetch`: a proxy, a test. */
  readonly fetch?: Fetch
  /** Milliseconds for discovery and keys together: 3000. */
  readonly timeout?: number
}

/** An issuer elsewhere that has no audience yet, so it judges nothing by itself. */
export interface UnboundIssuer {
  readonly issuer: string
  /** A verifier of its tokens for this audience, by the same keys. */
  forAudience(audience: string | readonly string[]): TokenVerifier
}

const MAKER = 'remoteIssuer'
const OPTIONS = ['audience', 'algorithms', 'type', 'jwksUri', 'fetch', 'timeout', ...VERIFIER_OPTIONS]
const LOOPBACK = true
const DISCOVERY = '/.well-known/openid-configuration'
/** Only ID tokens carry these (OpenID Connect Core 1.0 sections 2 and 3.3.2.11). */
const ID_TOKEN_ONLY: readonly string[] = ['nonce', 'at_hash', 'c_hash']

/**
 * Judges tokens of an issuer elsewhere (Auth0, Entra ID, Keycloak, …): returns a verifier. `url` is the `iss` of its
 * tokens, exactly: a slash at the end counts. Keys come from its discovery document and JWK Set, at first need, at
 * most once in 30 s; they serve for ten minutes, and for an hour while the source fails. Without any key to judge by
 * `verify` rejects with `Unavailable` (503). Refuses ID tokens, by audience and by their own claims. Throws a
 * TypeError for wrong options. OpenID Connect Discovery 1.0, RFC 7517, RFC 9068.
 */
export function remoteIssuer(url: string, options: RemoteIssuerOptions): TokenVerifier
/** Without an audience it judges nothing yet: `protectedResource` of `@countersign/mcp` gives it one. */
export function remoteIssuer(url: string, options?: Omit<RemoteIssuerOptions, 'audience'>): UnboundIssuer
export function remoteIssuer(url: string, options: Partial<RemoteIssuerOptions> = {}): TokenVerifier | UnboundIssuer {
  if (typeof url !== 'string' || !isSafeUrl(url, LOOPBACK))
    throw wrong(
      MAKER,
      'url',
      "the iss of the tokens with https, such as 'https://acme.eu.auth0.com/' (http: this host only)",
    )
  if (url.endsWith(DISCOVERY))
    throw wrong(MAKER, 'url', `the iss of the tokens, as that document says it: leave off ${DISCOVERY}`)
  checkOptions(MAKER, options, OPTIONS)
  const algorithms = options.algorithms === undefined ? ASYMMETRIC : algorithmsOption(MAKER, options.algorithms)
  if (algorithms.some((name) => algorithmRow(name)?.kty === 'oct'))
    throw wrong(MAKER, 'algorithms', 'asymmetric: whoever publishes a secret has none. legacyTokens takes HS*')
  const { jwksUri } = options
  if (jwksUri !== undefined && !(typeof jwksUri === 'string' && isSafeUrl(jwksUri, LOOPBACK)))
    throw wrong(MAKER, 'jwksUri', 'a URL with https')
  const fetch = options.fetch ?? ((...request: Parameters<Fetch>) => globalThis.fetch(...request))
  if (typeof fetch !== 'function') throw wrong(MAKER, 'fetch', 'a function like the global fetch')
  const timeout = numberOption(MAKER, 'timeout', options.timeout, 3000, [1, 60_000])
  const { leeway, maxLifetime, cache, clock } = verifierOptions(MAKER, options)
  const keys = remoteKeys({ issuer: url, jwksUri, fetch, timeout, algorithms })
  const types = typesOption(MAKER, options.type ?? ['at+jwt', 'JWT', ''])
  const forAudience = (audience: unknown) => verifierFor(audienceOption(MAKER, audience))
  // An audience that is there and undefined (a setting that is missing) is a mistake.
  return 'audience' in options ? forAudience(options.audience) : Object.freeze({ issuer: url, forAudience })

  function verifierFor(audience: readonly string[]): TokenVerifier {
    return tokenVerifier({
      rules: { issuer: url, audience, subject: 'sub', leeway, maxLifetime, forbidden: ID_TOKEN_ONLY },
      algorithms,
      types,
      keys,
      ready: keys.ready,
      isRevoked: () => false,
      cache,
      clock,
    })
  }
}
