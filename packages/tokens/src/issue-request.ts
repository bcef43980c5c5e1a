import { checkOptions, type Principal } from '@countersign/http'
import { otherPurpose } from './claims.ts'
import type { IssueOptions, RefreshOptions } from './issuer.ts'
import type { Grant } from './refresh-family.ts'

const OWN = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'sid', 'scope', 'roles', 'auth_time', 'cnf']
/** Characters of a device's label that are kept: often it is whatever a client says of itself. */
const MAX_DEVICE = 200
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** What a session is begun with, checked. `now` in epoch seconds, `sid` its public id. Throws TypeErrors. */
export function grantOf(principal: Principal, wanted: IssueOptions | undefined, now: number, sid: string): Grant {
  if (typeof principal !== 'object' || principal === null)
    throw new TypeError('issue takes a principal, such as { subject: user.id, scopes: user.scopes }')
  if (principal instanceof Promise) throw new TypeError('issue got a promise: await it first')
  checkOptions('issue', wanted, ['client', 'scopes', 'claims', 'device', 'jkt', 'authTime'])
  const { subject, roles } = principal
  const {
    client = 'self',
    claims,
    device,
    jkt,
    scopes = principal.scopes,
    authTime = principal.authTime ?? now,
  } = wanted ?? {}
  if (typeof subject !== 'string' || subject === '')
    throw new TypeError('issue: principal.subject must be a string that is not empty; for a number its text')
  if (typeof client !== 'string') throw new TypeError('issue: client must be a string: the client_id of the tokens')
  checkList('issue', 'scopes', scopes, 'posts:read')
  checkList('issue', 'roles', roles, 'admin')
  if (scopes?.some((scope) => !SCOPE.test(scope)))
    throw new TypeError('issue: a scope must be printable ASCII without spaces, quotes or backslashes (RFC 6749)')
  if (!Number.isSafeInteger(authTime) || authTime < 0)
    throw new TypeError('issue: authTime must be whole epoch seconds')
  if (claims !== undefined) checkClaims(claims)
  if (device !== undefined && typeof device !== 'string')
    throw new TypeError('issue: device must be a string, such as "Firefox on Linux"')
  checkThumbprint('issue', jkt)
  return {
    subject,
    client,
    sid,
    ...(scopes && { scopes }),
    ...(roles && { roles }),
    authTime,
    ...(claims && { claims }),
    ...(device !== undefined && { device: device.slice(0, MAX_DEVICE).toWellFormed() }),
    ...(jkt !== undefined && { jkt }),
  }
}

/** Throws a TypeError for what a refresh can not be asked for, before the token is looked at. */
export function checkRefresh(wanted: RefreshOptions | undefined): void {
  checkOptions('refresh', wanted, ['client', 'scopes', 'jkt'])
  checkThumbprint('refresh', wanted?.jkt)
  checkList('refresh', 'scopes', wanted?.scopes, 'posts:read')
}

function checkClaims(claims: Readonly<Record<string, unknown>>): void {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new TypeError("issue: claims must be an object, such as { tenant: 'acme' }")
  const taken = OWN.find((name) => name in claims)
  if (taken) throw new TypeError(`issue: claims must not hold ${taken}: the issuer sets it`)
  const name = otherPurpose(claims)
  if (name)
    throw new TypeError(`issue: claims must not hold ${name}: "${claims[name]}": such a token is no access token`)
}

function checkList(verb: string, name: string, list: unknown, example: string): void {
  if (list === undefined || (Array.isArray(list) && list.every((one) => typeof one === 'string'))) return
  throw new TypeError(`${verb}: ${name} must be a list such as ['${example}'], each a string`)
}

function checkThumbprint(verb: string, jkt: unknown): void {
  if (jkt === undefined || (typeof jkt === 'string' && /^[A-Za-z0-9_-]{43}$/.test(jkt))) return
  throw new TypeError(`${verb}: jkt must be the SHA-256 thumbprint of a key in base64url (RFC 7638)`)
}
