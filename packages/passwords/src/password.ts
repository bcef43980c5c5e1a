import { timingSafeEqual } from 'node:crypto'
import { hashArgon2, isCurrent } from './argon2.ts'
import { parseHash } from './formats.ts'
import { hashing } from './hashing-queue.ts'
import type { StoredHash } from './stored-hash.ts'

/** Longer passwords are refused before any work: nobody types a KiB, and a MiB is an attack. */
const MAX_BYTES = 1024

/** False for what cannot be hashed faithfully: over 1024 bytes of UTF-8, or a lone surrogate, which has no UTF-8. */
export function isHashable(password: string): boolean {
  return password.length <= MAX_BYTES && Buffer.byteLength(password) <= MAX_BYTES && password.isWellFormed()
}

/**
 * Resolves to an argon2id PHC string, `$argon2id$v=19$m=19456,t=2,p=1$salt$digest` (RFC 9106, OWASP parameters), 97
 * characters, a fresh salt each time. The password is taken as it is: not trimmed, cut or Unicode-normalised.
 *
 * Rejects with a RangeError for more than 1024 bytes of UTF-8, a TypeError for what is no well-formed string, and
 * `Unavailable` (503) when 32 others wait to be hashed in this process: make many users one after the other.
 */
export async function hashPassword(password: string): Promise<string> {
  if (typeof password !== 'string' || !password.isWellFormed()) {
    throw new TypeError('hashPassword takes a string of well-formed Unicode. Check the type of the body member first.')
  }
  if (!isHashable(password)) {
    throw new RangeError(`hashPassword takes at most ${MAX_BYTES} bytes of UTF-8. Limit the length in the schema.`)
  }
  return hashing(() => hashArgon2(password))
}

/**
 * Resolves to whether the password is the one that was hashed. Takes argon2id and argon2i PHC strings, werkzeug
 * `scrypt:N:r:p$salt$hex` and `pbkdf2:sha256:n$salt$hex` (also sha1, sha512), Django `pbkdf2_sha256$n$salt$base64`,
 * and bcrypt `$2a$`, `$2b$`, `$2y$` with bcryptjs installed. False, with nothing hashed, for a password that
 * `hashPassword` refuses and, with bcrypt, for one over 72 bytes or with a NUL, which bcrypt would cut short.
 *
 * Rejects with a TypeError for an unknown format, a RangeError when a parameter in the hash is over its cap (both
 * before any work, neither shows the hash), and `Unavailable` (503) when 32 others wait.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const stored = parseHash(hash)
  if (typeof password !== 'string') throw new TypeError('verifyPassword takes the password as a string.')
  if (!isHashable(password) || stored.takes?.(password) === false) return false
  return hashing(() => matches(password, stored))
}

/**
 * True unless the hash is what `hashPassword` makes today, of any other format, version or parameters, weaker or
 * stronger: once all are the same, an unknown user costs exactly what a known one costs. Never throws.
 */
export function needsRehash(hash: string): boolean {
  return !isCurrent(hash)
}

/** Derives and compares in constant time. The lengths are equal: each format derives as many bytes as it stores. */
export async function matches(password: string, stored: StoredHash): Promise<boolean> {
  return timingSafeEqual(await stored.derive(password), stored.digest)
}
