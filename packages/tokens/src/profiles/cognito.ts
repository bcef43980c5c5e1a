import { isAuthError } from '@countersign/http'
import type { TokenPrincipal } from '../claims.ts'
import { audienceOption, wrong } from '../options.ts'
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

export interface CognitoOptions extends Omit<ProfileOptions, 'clients'> {
  /** Id of the user pool: `eu-west-1_AbCdEfGhI`. Its region is the part before the underscore. */
  readonly userPool: string
  /** Ids of the app clients whose tokens are taken: access tokens have no `aud` unless they are bound to a resource. */
  readonly clients: readonly string[]
  /** `aud` of tokens that are bound to a resource. With it a token must have one; without it none may. */
  readonly audience?: string | readonly string[]
}

const MAKER = 'cognito'
const USER_POOL = /^([a-z]{2}(?:-[a-z]+)+-\d)_[A-Za-z0-9]+$/

/**
 * Judges access tokens of an Amazon Cognito user pool: returns a verifier. `roles` are `cognito:groups`; `credential.session` is
 * `origin_jti`, the login. Refuses another `token_use` than `access`, another `client_id` than those of `clients`, and a token
 * whose `aud` is not what `audience` says, or which has one that nobody asked for. Throws a TypeError for wrong options.
 */
export function cognito(options: CognitoOptions): RemoteVerifier & { readonly issuer: string } {
  const terms = profileTerms(MAKER, options, ['userPool', 'audience'], ['RS256'])
  const region = USER_POOL.exec(`${options.userPool}`)?.[1]
  if (region === undefined) throw wrong(MAKER, 'userPool', "the id of a user pool, such as 'eu-west-1_AbCdEfGhI'")
  const clients = clientsOption(MAKER, options.clients)
  if (!clients) throw wrong(MAKER, 'clients', 'the ids of your app clients: they stand in for an audience')
  const audience = options.audience === undefined ? undefined : audienceOption(MAKER, options.audience)
  const issuer = `https://cognito-idp.${region}.amazonaws.com/${options.userPool}`

  function profile(principal: TokenPrincipal) {
    const { token_use, client_id, aud, origin_jti } = principal.claims
    if (token_use !== 'access') return broken.purpose('token_use access', token_use)
    const client = clientOf(client_id, 'client_id', clients)
    if (isAuthError(client)) return client
    if (!audience && aud !== undefined) return broken.audience('no aud: no audience was asked for', aud)
    const roles = listClaim(principal.claims['cognito:groups'])
    return principalWith(principal, { roles, client, session: textClaim(origin_jti) })
  }
  return remoteVerifier(terms, { issuer, audience, keys: keysAt(terms, issuer), profile })
}
