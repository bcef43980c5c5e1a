import { hash, timingSafeEqual } from 'node:crypto'

const PREFIX = 'sha256:'

/**
 * What to store in place of a client's secret: `sha256:` and the digest in base64url. Client secrets are random and long (32
 * bytes), so that a plain hash is enough: give none that a person thought of.
 */
export function hashClientSecret(secret: string): string {
  return PREFIX + hash('sha256', secret, 'base64url')
}

export function isSecretHash(text: unknown): text is string {
  return typeof text === 'string' && /^sha256:[A-Za-z0-9_-]{43}$/.test(text)
}

/** Constant time. Whatever is stored as plain text is never right. */
export function isClientSecret(given: unknown, stored: unknown): boolean {
  if (typeof given !== 'string' || !isSecretHash(stored)) return false
  return timingSafeEqual(Buffer.from(hashClientSecret(given)), Buffer.from(stored))
}
