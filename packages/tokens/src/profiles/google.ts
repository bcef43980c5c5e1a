import type { TokenPrincipal } from '../claims.ts'
import { selectIssuer } from '../issuer-selection.ts'
import { audienceOption } from '../options.ts'
import { keysAt, type RemoteVerifier, remoteVerifier } from '../remote-course.ts'
import { verifiedTokens } from '../verifier.ts'
import {
  broken,
  clientsOption,
  type ProfileOptions,
  principalWith,
  profileTerms,
  textClaim,
  textsOption,
} from './profile.ts'

export interface GoogleOptions extends ProfileOptions {
  /** Your OAuth client id, or a list of which one is enough: `aud` of the ID tokens. */
  readonly audience: string | readonly string[]
  /** Google Workspace domains whose accounts are taken (`hd`). Left out: every Google account. */
  readonly hostedDomain?: string | readonly string[]
}

const MAKER = 'google'
const ISSUER = 'https://accounts.google.com'
/** Both stand in ID tokens of Google's. */
const ISSUERS: readonly string[] = Object.freeze([ISSUER, 'accounts.google.com'])

/**
 * Judges Google's ID tokens: returns a verifier. They are all that Google signs for an API of somebody else; its access tokens are
 * opaque and for Google. `subject` is `sub`, never an address. There are no scopes: the token says who, not what. Refuses another
 * `iss` than Google's two, another `hd` than `hostedDomain`, and a presenter (`azp`) that is none of `clients` where there are
 * some. Throws a TypeError for wrong options.
 */
export function google(options: GoogleOptions): RemoteVerifier {
  const terms = profileTerms(MAKER, options, ['audience', 'hostedDomain'], ['RS256'])
  const audience = audienceOption(MAKER, options.audience)
  const hint = "a Google Workspace domain such as 'acme.com', or a list of them"
  const domains =
    options.hostedDomain === undefined ? undefined : textsOption(MAKER, 'hostedDomain', options.hostedDomain, hint)
  const clients = clientsOption(MAKER, options.clients)
  const keys = keysAt(terms, ISSUER)
  const cache = terms.cache > 0 ? verifiedTokens(terms.cache, terms.leeway) : undefined

  function profile(principal: TokenPrincipal) {
    const { hd, azp } = principal.claims
    if (domains && !(typeof hd === 'string' && domains.includes(hd))) return broken.domain(domains.join(' or '), hd)
    if (clients && !(typeof azp === 'string' && clients.includes(azp))) return broken.client(clients.join(' or '), azp)
    return principalWith(principal, { scopes: [], client: textClaim(azp) })
  }
  const { verify } = selectIssuer<true>({
    allowed: (iss) => (ISSUERS.includes(iss) ? true : undefined),
    verifierOf: (issuer) => remoteVerifier(terms, { issuer, audience, keys, cache, profile, idTokens: true }),
    issuers: ISSUERS.length,
    recheck: Number.POSITIVE_INFINITY,
    remembered: cache,
  })
  return Object.freeze({ issuers: ISSUERS, verify, ready: async () => keys.ready() })
}
