import { checkOptions, type Principal } from '@countersign/http'
import type { RevokeNames } from './issuer.ts'

const TAKES = 'revoke takes a principal of this issuer, or { jti?, sid?, expiresAt? }'

/**
 * The names that a principal or the caller gives, checked. Throws a TypeError for a principal whose token another issuer
 * made: written down here, its revocation would be looked at by nobody.
 */
export function revokeNames(what: Principal | RevokeNames, issuer: string): RevokeNames {
  if (typeof what !== 'object' || what === null || Array.isArray(what)) throw new TypeError(TAKES)
  const names = 'subject' in what ? namesOf(what, issuer) : what
  checkOptions('revoke', names, ['jti', 'sid', 'expiresAt'])
  const { jti, sid, expiresAt } = names
  if (jti === undefined && sid === undefined)
    throw new TypeError('revoke: needs a principal whose credential has an id or a session, or { jti } or { sid }')
  if (jti !== undefined && typeof jti !== 'string') throw new TypeError('revoke: jti must be a string')
  if (sid !== undefined && typeof sid !== 'string') throw new TypeError('revoke: sid must be a string')
  if (expiresAt !== undefined && !Number.isFinite(expiresAt))
    throw new TypeError('revoke: expiresAt must be epoch seconds')
  return names
}

function namesOf(principal: Principal & { readonly claims?: unknown }, issuer: string): RevokeNames {
  const { credential, expiresAt, claims } = principal
  const iss = (claims as { readonly iss?: unknown } | null | undefined)?.iss
  // Every token of this issuer has a session. A key, which has an id alone, is not one.
  const isOwn = claims === undefined ? credential?.session !== undefined : iss === issuer
  if (credential !== undefined && !isOwn)
    throw new TypeError(
      `revoke: the credential of this principal is no token of ${issuer}, so ${issuer} cannot end it: ` +
        (claims === undefined ? 'it has no session' : `its iss is ${typeof iss === 'string' ? iss : 'missing'}`) +
        '. Let it expire, or refuse its subject in the `principal` option of bearer',
    )
  return {
    ...(credential?.id !== undefined && { jti: credential.id }),
    ...(credential?.session !== undefined && { sid: credential.session }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}
