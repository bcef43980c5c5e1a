import { checkOptions, type UnboundIssuer } from '@countersign/http'
import type { TokenPrincipal } from './claims.ts'
import { audienceOption, wrong } from './options.ts'
import {
  keysAt,
  REMOTE_OPTIONS,
  type RemoteOptions,
  type RemoteVerifier,
  remoteTerms,
  remoteVerifier,
} from './remote-course.ts'

export interface RemoteIssuerOptions extends RemoteOptions {
  /** `aud` that a token must carry: what this API is called at the issuer. One of a list is enough. */
  readonly audience: string | readonly string[]
  /** Where the keys are. Left out: the issuer's discovery document says. */
  readonly jwksUri?: string
}

/** An issuer elsewhere that has no audience yet, so it judges nothing by itself. */
export interface RemoteIssuer extends UnboundIssuer<TokenPrincipal> {
  /** A verifier of its tokens for this audience, by the same keys. */
  forAudience(audience: string | readonly string[]): RemoteVerifier
  /** As that of a verifier. */
  ready(): Promise<void>
}

const MAKER = 'remoteIssuer'
const OPTIONS = ['audience', 'jwksUri', ...REMOTE_OPTIONS]
const DISCOVERY = '/.well-known/openid-configuration'
export const ISSUER_HINT =
  "the iss of the tokens with https, such as 'https://acme.eu.auth0.com/' (http: this host only)"

/** Without an audience it judges nothing yet: `protectedResource` of `@countersign/mcp` gives it one. */
export function remoteIssuer(
  url: string,
  options?: Omit<RemoteIssuerOptions, 'audience'> & { readonly audience?: never },
): RemoteIssuer
// Last, because a compiler complains of the last one: `audiences` is then told as a misspelled `audience`.
/**
 * Judges tokens of an issuer elsewhere (Auth0, Entra ID, Keycloak, …): returns a verifier. `url` is the `iss` of its
 * tokens, exactly: a slash at the end counts. Keys come from its discovery document and JWK Set, at first need, at
 * most once in 30 s; they serve for ten minutes, and for an hour while the source fails. Without any key to judge by
 * `verify` rejects with `Unavailable` (503), and so does `ready`. Nothing is fetched from private addresses unless
 * `allowPrivate` says so. Refuses ID tokens, by audience and by their own claims. Throws a TypeError for wrong options.
 * OpenID Connect Discovery 1.0, RFC 7517, RFC 9068.
 */
export function remoteIssuer(url: string, options: RemoteIssuerOptions): RemoteVerifier & { readonly issuer: string }
export function remoteIssuer(url: string, options: Partial<RemoteIssuerOptions> = {}): RemoteVerifier | RemoteIssuer {
  checkOptions(MAKER, options, OPTIONS)
  const terms = remoteTerms(MAKER, options)
  terms.fetching.url('url', url, ISSUER_HINT)
  if (url.endsWith(DISCOVERY))
    throw wrong(MAKER, 'url', `the iss of the tokens, as that document says it: leave off ${DISCOVERY}`)
  const { jwksUri } = options
  if (jwksUri !== undefined) terms.fetching.url('jwksUri', jwksUri, 'a URL with https')
  const keys = keysAt(terms, url, jwksUri)
  const forAudience = (audience: unknown) =>
    remoteVerifier(terms, { issuer: url, audience: audienceOption(MAKER, audience), keys })
  // An audience that is there and undefined (a setting that is missing) is a mistake.
  if ('audience' in options) return forAudience(options.audience)
  return Object.freeze({ issuer: url, forAudience, ready: async () => keys.ready() })
}
