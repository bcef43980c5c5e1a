import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** A refresh token taken apart: the handle names its family, the secret proves the generation. */
export interface RefreshToken {
  readonly handle: Buffer
  readonly secret: Buffer
}

const HANDLE = 16
const SECRET = 32

export function newHandle(): Buffer {
  return randomBytes(HANDLE)
}

export function newSecret(): Buffer {
  return randomBytes(SECRET)
}

/** base64url(handle ‖ secret): 64 characters. */
export function formatRefreshToken({ handle, secret }: RefreshToken): string {
  return Buffer.concat([handle, secret]).toString('base64url')
}

/** The parts of a refresh token, or `undefined` for whatever is not one. */
export function parseRefreshToken(token: unknown): RefreshToken | undefined {
  if (typeof token !== 'string' || token.length !== 64) return undefined
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length !== HANDLE + SECRET || bytes.toString('base64url') !== token) return undefined
  return { handle: bytes.subarray(0, HANDLE), secret: bytes.subarray(HANDLE) }
}

/** How a part is stored. The parts are random: a plain hash is enough. */
export function hashPart(part: Uint8Array): string {
  return hash('sha256', part, 'base64url')
}

export function sameHash(stored: string | undefined, part: string): boolean {
  if (stored === undefined) return false
  const a = Buffer.from(stored)
  const b = Buffer.from(part)
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Seals a successor so that only who holds the secret before it can open it: AES-256-GCM under HKDF(secret). */
export function sealSuccessor({ handle, secret }: RefreshToken, successor: Uint8Array): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealingKey({ handle, secret }), iv)
  const sealed = Buffer.concat([cipher.update(successor), cipher.final()])
  return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString('base64url')
}

/** The successor, or an error when row and secret do not belong together: a fault of the store. */
export function openSuccessor(token: RefreshToken, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(token), bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
}

/** HKDF-Expand with SHA-256, one block (RFC 5869 section 2.3). The secret is uniformly random: it needs no extraction. */
function sealingKey({ handle, secret }: RefreshToken): KeyObject {
  // As key objects: bytes cost Node 7 µs more in the HMAC, and 10 in the cipher.
  const expanded = createHmac('sha256', createSecretKey(secret)).update(handle).update(INFO).digest()
  return createSecretKey(expanded)
}

const INFO = 'countersign refresh successor\u0001'
