import {
  createHmac,
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  hash,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'

export type Algorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA'
export const ALGORITHMS: readonly Algorithm[] = ['HS256', 'RS256', 'ES256', 'EdDSA']
export type Jwk = Readonly<Record<string, unknown>>

/** What a candidate is given to judge tokens by. Plain data, so that it also fits into a file. */
export interface Settings {
  readonly algorithm: Algorithm
  readonly issuer: string
  readonly audience: string
  /** SPKI, PEM. Not there for HS256. */
  readonly publicKey?: string
  /** The same as a JWK, with `kid` and `alg`. */
  readonly publicJwk?: Jwk
  /** For HS256. */
  readonly secret?: string
  /** Private, or for HS256 the secret: for those who issue too. Left out: `jwksUrl`. */
  readonly signingJwk?: Jwk
  /** Where the public keys are, for those who fetch them. */
  readonly jwksUrl?: string
  /** Opaque bearer keys, for those who know no tokens. */
  readonly keys?: readonly string[]
  /** Of requests that are signed. */
  readonly signing?: SigningKeys
  /** Where a file may be written. */
  readonly folder?: string
  /** The origin of the service behind a gateway. */
  readonly upstream?: string
}

/** A shared secret, base64url, and an Ed25519 pair: PEM. */
export interface SigningKeys {
  readonly secret: string
  readonly publicKey: string
  readonly privateKey: string
}

/** Who may call by Basic. */
export const USER = { username: 'ada', password: 'correct horse battery' } as const

export type Claims = Readonly<Record<string, unknown>>
export interface Signer {
  readonly settings: Settings
  /** A token with a good signature whatever it says; `number` is in its `jti`, so that each is another. */
  token(number: number, claims?: Claims): string
  /** Many of them, from `first` on: signed in the thread pool. */
  tokens(first: number, count: number): Promise<readonly string[]>
}

const ISSUER = 'https://issuer.example'
const AUDIENCE = 'https://api.example'
export const SCOPE = 'posts:read'
const LIFETIME = 3600

/** A fresh key, or a known one, and tokens as RFC 9068 has them, signed with it. */
export function signer(algorithm: Algorithm, known?: Jwk): Signer {
  const kid = known ? `${known.kid}` : randomBytes(6).toString('base64url')
  const { key, given } = known ? knownKey(known) : makeKey(algorithm, kid)
  const settings: Settings = { algorithm, issuer: ISSUER, audience: AUDIENCE, ...given }
  const head = encode({ alg: algorithm, typ: 'at+jwt', kid })
  const unsigned = (number: number, claims?: Claims): string => {
    const iat = Math.floor(Date.now() / 1000)
    const payload = encode({
      iss: ISSUER,
      sub: 'user-1',
      aud: AUDIENCE,
      exp: iat + LIFETIME,
      iat,
      jti: hash('sha256', `${kid} ${number}`, 'base64url').slice(0, 22),
      client_id: 'web',
      scope: SCOPE,
      ...claims,
    })
    return `${head}.${payload}`
  }
  const pooled = promisify<string, Buffer, KeyObject, Buffer>(sign)
  return {
    settings,
    token(number, claims) {
      const signed = unsigned(number, claims)
      return `${signed}.${signature(algorithm, key, signed).toString('base64url')}`
    },
    async tokens(first, count) {
      if (count > 0 && algorithm !== 'RS256') throw new TypeError('many are made of RS256 alone')
      const made: string[] = []
      for (let at = 0; at < count; at += 512) {
        const some = Array.from({ length: Math.min(512, count - at) }, (_, number) => unsigned(first + at + number))
        const signatures = await Promise.all(some.map((signed) => pooled('sha256', Buffer.from(signed), key)))
        for (const [number, signed] of some.entries())
          made.push(`${signed}.${(signatures[number] as Buffer).toString('base64url')}`)
      }
      return made
    },
  }
}

/** The same token with a signature that has the right form and is wrong. */
export function forged(token: string): string {
  const at = token.lastIndexOf('.') + 1
  const wrong = Buffer.from(token.slice(at), 'base64url')
  wrong[wrong.length >> 1] = (wrong[wrong.length >> 1] as number) ^ 1
  return `${token.slice(0, at)}${wrong.toString('base64url')}`
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signature(algorithm: Algorithm, key: KeyObject, signed: string): Buffer {
  const data = Buffer.from(signed)
  if (algorithm === 'HS256') return createHmac('sha256', key).update(data).digest()
  if (algorithm === 'EdDSA') return sign(null, data, key)
  return algorithm === 'RS256' ? sign('sha256', data, key) : sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
}

function knownKey(jwk: Jwk): { key: KeyObject; given: Partial<Settings> } {
  const isSecret = jwk.kty === 'oct'
  const key = isSecret
    ? createSecretKey(Buffer.from(`${jwk.k}`, 'base64url'))
    : createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  return { key, given: { signingJwk: jwk } }
}

function makeKey(algorithm: Algorithm, kid: string): { key: KeyObject; given: Partial<Settings> } {
  const named = (jwk: JsonWebKey): Jwk => ({ ...jwk, kid, alg: algorithm })
  if (algorithm === 'HS256') {
    const secret = randomBytes(32).toString('base64url')
    const key = createSecretKey(Buffer.from(secret))
    return { key, given: { secret, signingJwk: named(key.export({ format: 'jwk' })) } }
  }
  const pair =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
  const given: Partial<Settings> = {
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    publicJwk: named(pair.publicKey.export({ format: 'jwk' })),
    signingJwk: named(pair.privateKey.export({ format: 'jwk' })),
  }
  return { key: createPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })), given }
}
