import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'

/** What attacks on tokens are made from: a good token, and, where it is to be had, what signs others like it. */
export interface Material {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Epoch seconds. */
  readonly now: number
  /** The public keys that the server verifies with, where they are known. */
  readonly publicKeys: readonly JsonWebKey[] | undefined
  /** Signs as the issuer does: a token that is good but for what it says. */
  readonly sign: ((input: string) => string) | undefined
}

const base64url = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** `header.claims`, from values or from JSON text as it stands. */
export const inputOf = (header: unknown, claims: unknown) => `${base64url(header)}.${base64url(claims)}`

/** A token that the issuer might have signed, saying something else; `undefined` in a header or claims leaves one out. */
export function signed(material: Material, change: { header?: object; claims?: object | string }): string {
  const claims = typeof change.claims === 'string' ? change.claims : { ...material.claims, ...change.claims }
  return seal(material, inputOf({ ...material.header, ...change.header }, claims))
}

export function seal({ sign }: Material, input: string): string {
  if (!sign) throw new Error('no key to sign with')
  return `${input}.${sign(input)}`
}

export function decode(token: string): Pick<Material, 'header' | 'claims'> {
  const [header, claims] = token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return { header, claims }
}

/** An attacker's own key pair for an algorithm, made when it is first needed. */
export function forge(alg: unknown, input: string): string {
  const { hash, key } = ownKey(`${alg}`)
  const signature =
    typeof key === 'string'
      ? createHmac(hash ?? 'sha256', key)
          .update(input)
          .digest()
      : sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

export function ownPublicJwk(alg: unknown): JsonWebKey | undefined {
  const { key } = ownKey(`${alg}`)
  return typeof key === 'string' ? undefined : createPublicKey(key).export({ format: 'jwk' })
}

export function hmac(input: string, secret: Uint8Array | string): string {
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

interface OwnKey {
  readonly hash: string | null
  readonly key: KeyObject | string
}
const own = new Map<string, OwnKey>()

function ownKey(alg: string): OwnKey {
  let known = own.get(alg)
  if (!known) own.set(alg, (known = makeKey(alg)))
  return known
}

function makeKey(alg: string): OwnKey {
  const hash = `sha${/\d+$/.exec(alg)?.[0] ?? '256'}`
  if (alg.startsWith('HS')) return { hash, key: 'not the secret of this server: an attacker made it up' }
  if (alg.startsWith('ES')) {
    const namedCurve = { ES384: 'P-384', ES512: 'P-521' }[alg] ?? 'P-256'
    return { hash, key: generateKeyPairSync('ec', { namedCurve }).privateKey }
  }
  if (alg.startsWith('RS') || alg.startsWith('PS'))
    return { hash, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }
  return { hash: null, key: generateKeyPairSync('ed25519').privateKey }
}
