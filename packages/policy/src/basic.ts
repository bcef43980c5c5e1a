import { type BasicCredential, readBasic } from '@countersign/credentials'
import {
  type AuthError,
  authError,
  type Code,
  checkOptions,
  type Maybe,
  type Principal,
  type RequestView,
} from '@countersign/http'
import { andThen } from './maybe.ts'
import type { Presented, Scheme } from './requirement.ts'
import { checkRealm, loader, type SchemeOptions, type VerifiedBy, verifierOf } from './scheme-options.ts'

export interface PasswordVerifier<P extends Principal = Principal> {
  /** Codes that it refuses with beside `invalid_credentials` and 503: `too_many_requests` of a limited login. */
  readonly refuses?: readonly Code[]
  verify(credential: { readonly username: string; readonly password: string }): Maybe<P | AuthError | undefined>
}
export type VerifyBasic = (
  credential: BasicCredential,
  request: RequestView,
) => Maybe<Principal | AuthError | undefined> | PromiseLike<Principal | AuthError | undefined | null>

const WRONG = authError('invalid_credentials', 'basic.wrong')

/**
 * Accepts user name and password (RFC 7617, UTF-8). Give it `passwordLogin(…)` or a function of the credential.
 * A wrong one is 401 `invalid_credentials`, a malformed one 400 `invalid_request`; the challenge never carries `error`.
 */
export function basic<V extends PasswordVerifier | VerifyBasic, U = VerifiedBy<V>>(
  verifier: V,
  options: SchemeOptions<VerifiedBy<V>, U> = {},
): Scheme<'basic', U> {
  const judge = verifierOf<BasicCredential>(verifier, 'passwordLogin()', 'basic', ({ username, password }) => ({
    username,
    password,
  }))
  checkOptions('basic()', options, ['realm', 'name', 'principal'])
  const realm = checkRealm(options.realm)
  const refuses = typeof verifier === 'function' ? undefined : verifier.refuses
  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'basic',
    sources: ['authorization:basic'],
    openapi: { type: 'http', scheme: 'basic' },
    ...(refuses && { refuses }),
    read: readBasic,
    verify: (credential: Presented, request, asking) =>
      andThen(judge(credential as BasicCredential, request, asking), (result) => result ?? WRONG),
    ...loader(options.principal as SchemeOptions['principal']),
    challenge: () => ({ scheme: 'Basic', params: { realm, charset: 'UTF-8' } }),
  }
  return Object.freeze(scheme) as Scheme<'basic', U>
}
