// Signed requests (RFC 9421, RFC 9530) by node:crypto alone, so that no candidate judges what itself has made.
import { createHmac, createPrivateKey, generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto'
import { post } from './http.ts'
import { POST } from './post.ts'
import type { SigningKeys } from './settings.ts'

/** What both sides call the API. */
export const ORIGIN = 'https://api.example'
export const KEYID = 'partner-1'
/** Seconds: the texts are made once for a run. */
export const MAX_AGE = 3600
/** What is covered beside the body's digest. */
export const COVERED = ['@method', '@target-uri', 'content-digest', 'content-type'] as const

export const SIGNATURES = {
  hmac: { algorithm: 'hmac-sha256', says: 'HMAC-SHA256' },
  ed25519: { algorithm: 'ed25519', says: 'Ed25519' },
} as const
export type SignatureName = keyof typeof SIGNATURES

export function signingKeys(): SigningKeys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    secret: randomBytes(32).toString('base64url'),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

export interface SignedParts {
  /** Of the body that is signed: the POST of 0.6 KB. */
  readonly body?: string
  /** Epoch seconds. */
  readonly created?: number
  /** All of `COVERED` unless told otherwise. */
  readonly covered?: readonly (typeof COVERED)[number][]
}

/** Makes the header fields of a signed POST to a path, each time with another nonce. */
export function requestSigner(name: SignatureName, { secret, privateKey }: SigningKeys) {
  const shared = Buffer.from(secret, 'base64url')
  const key = createPrivateKey(privateKey)
  const signature = (base: string) =>
    name === 'hmac' ? createHmac('sha256', shared).update(base).digest() : sign(null, Buffer.from(base), key)
  return (path: string, { body = POST, created = now(), covered = COVERED }: SignedParts = {}) => {
    const digest = `sha-256=:${hash('sha256', body, 'base64')}:`
    const values = {
      '@method': 'POST',
      '@target-uri': ORIGIN + path,
      'content-digest': digest,
      'content-type': 'application/json',
    }
    const parameters =
      `(${covered.map((one) => `"${one}"`).join(' ')});created=${created};keyid="${KEYID}";` +
      `nonce="${randomBytes(16).toString('base64url')}"`
    const lines = covered.map((one) => `"${one}": ${values[one]}`)
    const base = [...lines, `"@signature-params": ${parameters}`].join('\n')
    return {
      'content-digest': digest,
      'signature-input': `sig=${parameters}`,
      signature: `sig=:${signature(base).toString('base64')}:`,
    }
  }
}

const now = () => Math.floor(Date.now() / 1000)

/** The same as bytes. */
export function signedTexts(name: SignatureName, keys: SigningKeys, path: string, count: number): readonly string[] {
  const signed = requestSigner(name, keys)
  return Array.from({ length: count }, () => {
    const lines = Object.entries(signed(path)).map(([field, value]) => `${field}: ${value}\r\n`)
    return post(path, lines.join(''))
  })
}
