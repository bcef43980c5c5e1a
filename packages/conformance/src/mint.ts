import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'

export type Alg = 'EdDSA' | 'ES256' | 'RS256'
type Jwk = Readonly<Record<string, unknown>>

/** The keys that hosts under test are started with (`KEYS`): made fresh, RS256 first, so that it is the one that signs. */
export interface TestKeys {
  readonly jwks: { readonly keys: readonly Jwk[] }
  readonly private: Readonly<Record<Alg, KeyObject>>
  readonly public: Readonly<Record<Alg, KeyObject>>
}

export function makeKeys(): TestKeys {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  }
  const pick = <K extends 'privateKey' | 'publicKey'>(kind: K) =>
    ({ RS256: pairs.RS256[kind], ES256: pairs.ES256[kind], EdDSA: pairs.EdDSA[kind] }) as Record<Alg, KeyObject>
  const keys = Object.entries(pairs).map(([alg, { privateKey }]) => ({
    ...privateKey.export({ format: 'jwk' }),
    alg,
    use: 'sig',
    kid: `test-${alg}`,
  }))
  return { jwks: { keys }, private: pick('privateKey'), public: pick('publicKey') }
}

export interface Mint {
  readonly alg?: Alg
  /** Added to, or put in place of, `{ alg, typ: 'at+jwt', kid }`. `undefined` leaves a member out. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Added to, or put in place of, a good set of claims. `undefined` leaves a claim out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The exact text of header or claims, for what no object can say: duplicate members, 1e309, a BOM. */
  readonly headerText?: string | Uint8Array
  readonly claimsText?: string | Uint8Array
  /** Changes the encoded segments before they are signed: the signature stays good. */
  readonly encode?: (header: string, claims: string) => readonly [string, string]
  /** Signs in place of the good key. */
  readonly sign?: (input: string) => Uint8Array
}

const base64url = (bytes: string | Uint8Array) => Buffer.from(bytes as string).toString('base64url')

/** Makes a token: a good one, but for what is asked otherwise. */
export function mintWith(keys: TestKeys, issuer: string, audience: string) {
  return ({ alg = 'RS256', header, claims, headerText, claimsText, encode, sign: signer }: Mint = {}): string => {
    const now = Math.floor(Date.now() / 1000)
    const head = headerText ?? JSON.stringify({ alg, typ: 'at+jwt', kid: `test-${alg}`, ...header })
    const body = claimsText ?? JSON.stringify({ ...goodClaims(issuer, audience, now), ...claims })
    const segments = [base64url(head), base64url(body)] as const
    const input = (encode ? encode(...segments) : segments).join('.')
    return `${input}.${base64url(signer ? signer(input) : signWith(alg, keys.private[alg], input))}`
  }
}

export function goodClaims(issuer: string, audience: string, now: number): Record<string, unknown> {
  return {
    iss: issuer,
    aud: audience,
    sub: 'usr_admintak',
    client_id: 'conformance',
    jti: randomUUID(),
    iat: now,
    exp: now + 300,
    scope: 'posts:read posts:write',
  }
}

export function signWith(alg: Alg, key: KeyObject, input: string): Uint8Array {
  if (alg === 'EdDSA') return sign(null, Buffer.from(input), key)
  return sign('sha256', Buffer.from(input), alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key)
}

export const hs256 = (secret: string | Uint8Array) => (input: string) =>
  createHmac('sha256', secret).update(input).digest()

/** The private key of a JWK, for tests that sign with keys of their own. */
export const keyOf = (jwk: Jwk): KeyObject => createPrivateKey({ key: jwk as never, format: 'jwk' })
