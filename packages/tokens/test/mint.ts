import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Jwk } from '@countersign/tokens'

/** Makes any token, however wrong, with a good signature. */
export interface Minted {
  /** Members, or the very text. */
  readonly header?: Record<string, unknown> | string | Uint8Array
  readonly claims?: Record<string, unknown> | string | Uint8Array
}

export interface Signer {
  readonly jwk: Jwk
  readonly publicJwk: Jwk
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  mint(parts?: Minted): string
  signature(signed: string): Uint8Array
}

export const ISSUER = 'https://issuer.test'
export const AUDIENCE = 'https://api.test'
export const NOW = 1_800_000_000_000

export const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
export const goodClaims = {
  iss: ISSUER,
  sub: 'anna',
  aud: AUDIENCE,
  exp: NOW / 1000 + 300,
  iat: NOW / 1000,
  jti: 'j1',
  client_id: 'self',
  sid: 's1',
  scope: 'posts:read posts:write',
  roles: ['author'],
  auth_time: NOW / 1000,
}

const SIGN: Record<string, (signed: Uint8Array, key: KeyObject) => Uint8Array> = {
  EdDSA: (signed, key) => sign(null, signed, key),
  ES256: (signed, key) => sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }),
  ES512: (signed, key) => sign('sha512', signed, { key, dsaEncoding: 'ieee-p1363' }),
  RS256: (signed, key) => sign('sha256', signed, key),
  PS256: (signed, key) => sign('sha256', signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
}

export function signer(alg: 'EdDSA' | 'ES256' | 'ES512' | 'RS256' | 'PS256' = 'ES256', kid = 'k1'): Signer {
  const { privateKey, publicKey } = pair(alg)
  const signature = (signed: string) => (SIGN[alg] as (typeof SIGN)[string])(Buffer.from(signed), privateKey)
  return {
    jwk: { ...privateKey.export({ format: 'jwk' }), alg, kid } as Jwk,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), alg, kid } as Jwk,
    privateKey,
    publicKey,
    signature,
    mint: (parts) => mint(signature, { header: { ...goodHeader, alg, kid }, ...parts }),
  }
}

function pair(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  if (alg.startsWith('ES')) return generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-521' })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

export function mint(signature: (signed: string) => Uint8Array, parts: Minted = {}): string {
  const signed = `${encode(parts.header ?? goodHeader)}.${encode(parts.claims ?? goodClaims)}`
  return `${signed}.${Buffer.from(signature(signed)).toString('base64url')}`
}

/** HMAC over whatever bytes an attacker takes for the secret. */
export function hmac(secret: string | Uint8Array, hash = 'sha256'): (signed: string) => Uint8Array {
  return (signed) => createHmac(hash, secret).update(signed).digest()
}

export function encode(part: Record<string, unknown> | string | Uint8Array): string {
  const bytes = typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part)
  return Buffer.from(bytes as string).toString('base64url')
}
