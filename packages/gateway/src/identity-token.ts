import { createHmac, type KeyObject, randomUUID, sign } from 'node:crypto'
import type { Principal } from '@countersign/http'
import type { SigningAlgorithm } from '@countersign/tokens'
import { boundTarget } from './bound-target.ts'

/** `typ` of the header (RFC 8725 section 3.11): no access token is an identity, and no identity an access token. */
export const IDENTITY_TYPE = 'countersign-identity+jwt'
/** The header that carries it, unless told otherwise. */
export const IDENTITY_HEADER = 'Countersign-Identity'
/** Seconds that an identity may live at most. */
export const LONGEST = 30
/** Characters: verifiers take no longer token. */
const TOKEN_LIMIT = 8192

/** The key that signs now. */
export interface SigningKey {
  /** Left out where there is one key, without a name. */
  readonly kid?: string
  readonly algorithm: SigningAlgorithm
  readonly key: KeyObject
}

/** One request on its way to one service. */
export interface Leg {
  readonly audience: string
  readonly method: string
  /** As the service gets it. */
  readonly target: string
}

/** Each with a bare key, in this thread: tens of microseconds. JWS wants the plain form of an ECDSA signature (RFC 7518 section 3.4). */
const SIGN: Readonly<Record<SigningAlgorithm, (key: KeyObject, signed: Buffer) => Buffer>> = {
  EdDSA: (key, signed) => sign(null, signed, key),
  ES256: (key, signed) => sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }),
  RS256: (key, signed) => sign('sha256', signed, key),
  HS256: (key, signed) => createHmac('sha256', key).update(signed).digest(),
}

/**
 * A caller as a token for one request to one service: good for `lifetime` seconds, never longer than the credential that was
 * shown. Throws an Error for a caller who does not fit into a header.
 */
export function identityToken(
  caller: Principal,
  scheme: string,
  leg: Leg,
  { kid, algorithm, key }: SigningKey,
  { issuer, lifetime, now }: { readonly issuer: string; readonly lifetime: number; readonly now: number },
): string {
  const { subject, scopes, roles, expiresAt, authTime, credential } = caller
  const iat = Math.floor(now / 1000)
  const claims = {
    iss: issuer,
    aud: leg.audience,
    sub: subject,
    iat,
    // A credential in its leeway has ended by our clock; the request that it let in still has to arrive.
    exp: Math.max(iat + 1, Math.min(iat + lifetime, Math.floor(expiresAt ?? Number.POSITIVE_INFINITY))),
    jti: randomUUID(),
    htm: leg.method,
    ...boundTarget(leg.target),
    scheme,
    // A list: a scope with a space in it stays one scope.
    ...(scopes && { scp: scopes }),
    ...(roles && { roles }),
    ...(credential?.client !== undefined && { client_id: credential.client }),
    ...(credential?.session !== undefined && { sid: credential.session }),
    ...(credential?.id !== undefined && { cid: credential.id }),
    ...(authTime !== undefined && { auth_time: Math.floor(authTime) }),
    ...(expiresAt !== undefined && { ends: Math.floor(expiresAt) }),
  }
  const signed = `${segment({ alg: algorithm, typ: IDENTITY_TYPE, ...(kid !== undefined && { kid }) })}.${segment(claims)}`
  const token = `${signed}.${SIGN[algorithm](key, Buffer.from(signed, 'latin1')).toString('base64url')}`
  if (token.length > TOKEN_LIMIT)
    throw new Error(`the identity of a caller has ${token.length} characters: forward fewer scopes or roles`)
  return token
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
