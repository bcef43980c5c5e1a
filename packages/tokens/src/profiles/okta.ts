import { isAuthError } from '@countersign/http'
import type { TokenPrincipal } from '../claims.ts'
import { audienceOption, textOption, wrong } from '../options.ts'
import { keysAt, type RemoteVerifier, remoteVerifier } from '../remote-course.ts'
import {
  broken,
  clientOf,
  clientsOption,
  listClaim,
  type ProfileOptions,
  principalWith,
  profileTerms,
  textClaim,
} from './profile.ts'

export interface OktaOptions extends ProfileOptions {
  /** The custom authorization server: `https://acme.okta.com/oauth2/default`. */
  readonly issuer: string
  /** Its audience for this API, such as `api://default`, or a list of which one is enough. */
  readonly audience: string | readonly string[]
  /** Claim that `roles` come from: `groups`, where the authorization server is told to add it. */
  readonly roles?: string
}

const MAKER = 'okta'
const CUSTOM = /^https:\/\/[^/?#]+\/oauth2\/[A-Za-z0-9]+$/

/**
 * Judges access tokens of an Okta custom authorization server: returns a verifier. `subject` is `uid`, which stays, and for a
 * machine its client id; `sub` may be a login name. `scopes` are `scp`, a list. Refuses another `ver` than 1, what names no client
 * (`cid`: ID tokens), and a token without `uid` that is not its client's own. Tokens of the org authorization server are for Okta
 * itself: that is a TypeError when it is made, as are wrong options.
 */
export function okta(options: OktaOptions): RemoteVerifier & { readonly issuer: string } {
  const terms = profileTerms(MAKER, options, ['issuer', 'audience', 'roles'], ['RS256'])
  const { issuer } = options
  if (typeof issuer !== 'string' || !CUSTOM.test(issuer))
    throw wrong(
      MAKER,
      'issuer',
      "a custom authorization server, such as 'https://acme.okta.com/oauth2/default': tokens of the org server are for Okta itself",
    )
  const roles = textOption(MAKER, 'roles', options.roles ?? 'groups', 'the claim that roles come from')
  const clients = clientsOption(MAKER, options.clients)

  function profile(principal: TokenPrincipal) {
    const { ver, cid, uid, scp, sub } = principal.claims
    if (ver !== 1) return broken.version('ver 1', ver)
    const client = clientOf(cid, 'cid', clients)
    if (isAuthError(client)) return client
    if (uid === undefined && sub !== client) return broken.subject('a claim uid, or sub like cid', sub)
    if (uid !== undefined && textClaim(uid) === undefined) return broken.subject('uid: a string', uid)
    const scopes = scp === undefined ? [] : listClaim(scp)
    // Words would be another issuer's habit, and so would be a claim scope.
    if (!scopes) return broken.scope('scp: a list', scp)
    const subject = textClaim(uid) ?? client
    return principalWith(principal, { subject, scopes, client, roles: listClaim(principal.claims[roles]) })
  }
  const audience = audienceOption(MAKER, options.audience)
  return remoteVerifier(terms, { issuer, audience, keys: keysAt(terms, issuer), profile })
}
