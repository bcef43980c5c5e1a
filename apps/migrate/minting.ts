import { createHmac } from 'node:crypto'

export const SECRET = 'the secret of at least 32 bytes that signed them'
export const OTHER = 'a secret of at least 32 bytes that is somebody else’s'

const HASH = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const

/** A token signed with the old secret, whatever it says: the libraries would not sign some of these. */
export function mint(
  claims: Readonly<Record<string, unknown>> | null,
  { secret = SECRET, alg = 'HS256' }: { readonly secret?: string; readonly alg?: keyof typeof HASH | 'RS256' } = {},
): string {
  const input = [{ alg, typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const hash = alg === 'RS256' ? 'sha256' : HASH[alg]
  return `${input.join('.')}.${createHmac(hash, secret).update(input.join('.')).digest('base64url')}`
}

export const now = () => Math.floor(Date.now() / 1000)
