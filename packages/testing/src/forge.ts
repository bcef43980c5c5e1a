import { createHmac } from 'node:crypto'
import type { Jwk } from '@countersign/tokens'

/** What attacks on tokens are made from: a good token, and, where it is to be had, what signs others like it. */
export interface Material {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Epoch seconds. */
  readonly now: number
  /** The public keys that the server verifies with, where they are known. */
  readonly publicKeys: readonly Jwk[] | undefined
  /** Signs as the issuer does: a token that is good but for what it says. */
  readonly sign: ((input: string) => string) | undefined
  /** Where `serveAttackerKeys` listens. */
  readonly keyServer?: string | undefined
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

export function hmac(input: string, secret: Uint8Array | string): string {
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** What a signed JWT says, unverified. Throws a TypeError for anything else, with nothing of it in its message. */
export function readToken(token: string): Pick<Material, 'header' | 'claims'> {
  const parts = typeof token === 'string' ? token.split('.') : []
  const [header, claims] = parts.slice(0, 2).map(objectOf)
  if (parts.length !== 3 || !header || !claims) throw new TypeError('attacksOn: "token" must be a JWT')
  return { header, claims }
}

function objectOf(segment: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(Buffer.from(segment, 'base64url').toString())
    return typeof value === 'object' && !Array.isArray(value) ? (value ?? undefined) : undefined
  } catch {
    return undefined
  }
}
