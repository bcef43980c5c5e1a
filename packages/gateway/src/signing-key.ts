import { createPrivateKey, createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Maybe } from '@countersign/http'
import { authorityOf, importKeys, type Jwk, type JwkSet, type LocalIssuer } from '@countersign/tokens'
import type { SigningKey } from './identity-token.ts'

/** What an identity is signed with, and under whose name. */
export interface Signer {
  readonly issuer: string
  signing(): Maybe<SigningKey>
  /** The public halves; none of a shared secret. */
  jwks(): Maybe<JwkSet>
}

const BY_KTY: Readonly<Record<string, SigningKey['algorithm']>> = {
  OKP: 'EdDSA',
  EC: 'ES256',
  RSA: 'RS256',
  oct: 'HS256',
}
const PUBLIC: readonly string[] = ['kty', 'kid', 'alg', 'crv', 'x', 'y', 'n', 'e']

/** The keys of a local issuer: as they turn, so do those of the identities. Throws a TypeError for one with a shared secret. */
export function issuerSigner(maker: string, issuer: LocalIssuer): Signer {
  const authority = authorityOf(issuer)
  if (authority.algorithm === 'HS256')
    throw new TypeError(
      `${maker}: issuer signs with HS256, and services that verify with its secret could make access tokens: use another algorithm, or { issuer: 'https://…', key }`,
    )
  return { issuer: authority.issuer, signing: () => authority.signing(), jwks: () => issuer.jwks() }
}

/** A key of the gateway's own. Throws a TypeError with what is wrong with it, and never shows it. */
export function keySigner(maker: string, issuer: string, jwk: unknown): Signer {
  const wrong = (why: string) =>
    new TypeError(`${maker}: key must be a private JWK (Ed25519, P-256, RSA or oct): ${why}`)
  if (typeof jwk !== 'object' || jwk === null || 'keys' in jwk) throw wrong('one key, as an object')
  const { kty, d, kid, alg } = jwk as Jwk
  const algorithm = BY_KTY[String(kty)]
  if (!algorithm) throw wrong('its kty is none of these')
  if (alg !== undefined && alg !== algorithm && !(algorithm === 'EdDSA' && alg === 'Ed25519'))
    throw wrong(`its alg must be ${algorithm} or left out`)
  if (kty !== 'oct' && typeof d !== 'string') throw wrong('this one has no private half')
  const named = jwk as Jwk
  const known = importKeys(named).keys[0]
  if (!known?.algorithms.includes(algorithm)) throw wrong(`it does not serve ${algorithm}`)
  const key = privateHalf(named, known.key, wrong)
  const published: Jwk = Object.fromEntries(PUBLIC.flatMap((name) => (name in named ? [[name, named[name]]] : [])))
  const set: JwkSet = { keys: kty === 'oct' ? [] : [{ ...published, alg: algorithm, use: 'sig' }] }
  const signing: SigningKey = { ...(typeof kid === 'string' && { kid }), algorithm, key }
  return { issuer, signing: () => signing, jwks: () => set }
}

/** Halves that do not belong together would sign what nobody can verify. */
function privateHalf(jwk: Jwk, shown: KeyObject, wrong: (why: string) => TypeError): KeyObject {
  if (jwk.kty === 'oct') return createSecretKey(Buffer.from(jwk.k as string, 'base64url'))
  let key: KeyObject
  try {
    key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    throw wrong('its members do not make a key')
  }
  if (!createPublicKey(key).equals(shown)) throw wrong('its halves do not belong together')
  return key
}
