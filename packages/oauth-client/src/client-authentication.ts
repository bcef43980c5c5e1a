import { createHash, createPrivateKey, KeyObject, X509Certificate } from 'node:crypto'
import { checkOptions } from '@countersign/http'
import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt,
} from 'openid-client'
import type { Configured } from './configuration-error.ts'
import type { Provider } from './provider.ts'

/** A key that a client proves itself with, in place of a secret (RFC 7523). */
export interface ClientKey {
  /** PEM, or a key object. It never leaves this process. */
  readonly key: string | KeyObject
  /** RSA: `RS256` unless told otherwise; EC (P-256): `ES256`. Entra ID asks for `PS256`. */
  readonly alg?: 'RS256' | 'PS256' | 'ES256'
  /** The name under which the provider has the public half. */
  readonly kid?: string
  /** Its certificate in PEM, for providers that have keys by those (Entra ID): its thumbprint is sent. */
  readonly certificate?: string
  /** Whom its word is for, where that is not the issuer. Entra ID: the token endpoint. */
  readonly audience?: string
}

/** Who the client is, for the provider. */
export interface ClientCredentials {
  readonly clientId: string
  /** Left out: a public client, which PKCE alone protects. */
  readonly clientSecret?: string
  /** In place of a secret. */
  readonly clientKey?: ClientKey
  /** How the secret is sent, where the provider wants it the other way: `client_secret_post`. */
  readonly authentication?: 'client_secret_post' | 'client_secret_basic'
}

/** Names of the options, for `checkOptions`. */
export const CLIENT_OPTIONS = ['clientId', 'clientSecret', 'clientKey', 'authentication'] as const

const KEYS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
} as const

/** Checks who the client is. Throws a TypeError, in which a secret never stands. */
export function clientAuthentication(maker: string, options: ClientCredentials): ClientAuth {
  const { clientId, clientSecret, clientKey, authentication = 'client_secret_post' } = options
  if (typeof clientId !== 'string' || clientId === '')
    throw new TypeError(`${maker}: clientId must be the client id that the provider gave`)
  // An environment variable that is not set would make a public client of this one, without a word.
  if (Object.hasOwn(options, 'clientSecret') && clientSecret === undefined)
    throw new TypeError(
      `${maker}: clientSecret is undefined: is its environment variable not set? For a public client leave the property out`,
    )
  if (clientSecret !== undefined && (typeof clientSecret !== 'string' || clientSecret === ''))
    throw new TypeError(
      `${maker}: clientSecret must be the secret that the provider gave; leave it out for a public client`,
    )
  if (authentication !== 'client_secret_post' && authentication !== 'client_secret_basic')
    throw new TypeError(`${maker}: authentication must be client_secret_post or client_secret_basic`)
  if (clientKey !== undefined && clientSecret !== undefined)
    throw new TypeError(`${maker}: clientKey stands in place of clientSecret: give one of the two`)
  if (clientKey !== undefined) return keyOption(maker, clientKey)
  if (clientSecret === undefined) return None()
  return authentication === 'client_secret_basic' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret)
}

/** Who is at fault, where the provider does not take the client. */
export function configured(
  maker: string,
  { provider, clientId, clientSecret, clientKey }: ClientCredentials & { readonly provider: Provider },
): Configured {
  const proof = clientKey ? 'clientKey' : clientSecret === undefined ? undefined : 'clientSecret'
  return { maker, issuer: provider.issuer, clientId, ...(proof && { proof }) }
}

function keyOption(maker: string, option: ClientKey): ClientAuth {
  checkOptions(`${maker}, clientKey`, option, ['key', 'alg', 'kid', 'certificate', 'audience'])
  const key = privateKeyOf(maker, option.key)
  const alg = option.alg ?? (key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256')
  const fits = key.asymmetricKeyType === (alg === 'ES256' ? 'ec' : 'rsa')
  if (!Object.hasOwn(KEYS, alg) || !fits) throw wrongKey(maker)
  const { name, ...more } = KEYS[alg]
  const thumbprint = option.certificate === undefined ? undefined : thumbprintOf(maker, option.certificate)
  const { kid, audience } = option
  if (audience !== undefined && (typeof audience !== 'string' || audience === ''))
    throw new TypeError(`${maker}: audience of clientKey must be a URL`)
  return PrivateKeyJwt(
    { key: key.toCryptoKey({ name, ...more } as never, false, ['sign']), ...(kid !== undefined && { kid }) },
    {
      [modifyAssertion](header, payload) {
        if (thumbprint !== undefined) header['x5t#S256'] = thumbprint
        if (audience !== undefined) payload.aud = audience
      },
    },
  )
}

function privateKeyOf(maker: string, key: unknown): KeyObject {
  if (key instanceof KeyObject && key.type === 'private') return key
  try {
    if (typeof key === 'string') return createPrivateKey(key)
  } catch {}
  throw wrongKey(maker)
}

function wrongKey(maker: string): TypeError {
  return new TypeError(
    `${maker}: clientKey must be { key } with a private key, RSA for RS256 and PS256, P-256 for ES256`,
  )
}

function thumbprintOf(maker: string, pem: string): string {
  try {
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url')
  } catch {
    throw new TypeError(`${maker}: certificate of clientKey must be a certificate in PEM`)
  }
}
