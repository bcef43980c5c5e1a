import { randomBytes } from 'node:crypto'
import { hash, hashRaw } from '@node-rs/argon2'
import { canonicalBase64, cap, type StoredHash } from './stored-hash.ts'

/** OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, two passes, one lane. */
const MEMORY_KIB = 19456
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const DIGEST_BYTES = 32

const ARGON2ID = 2
const ARGON2I = 1

/** Caps for stored hashes, well above argon2-cffi, PHP and libsodium "moderate". */
const MAX_MEMORY_KIB = 256 * 1024
const MAX_PASSES = 64
const MAX_WORK_KIB = 1024 * 1024
const MAX_LANES = 16

const PHC =
  /^\$(argon2id?)\$(?:v=(16|19)\$)?m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/
const CURRENT = new RegExp(
  `^\\$argon2id\\$v=19\\$m=${MEMORY_KIB},t=${PASSES},p=${LANES}\\$[A-Za-z0-9+/]{22}\\$[A-Za-z0-9+/]{43}$`,
)

/** A new argon2id PHC string with a random salt (RFC 9106; PHC string format). */
export function hashArgon2(password: string): Promise<string> {
  return hash(password, {
    algorithm: ARGON2ID,
    memoryCost: MEMORY_KIB,
    timeCost: PASSES,
    parallelism: LANES,
    outputLen: DIGEST_BYTES,
    salt: randomBytes(SALT_BYTES),
  })
}

/** True for what `hashArgon2` makes today: neither weaker nor stronger, so that every login costs the same. */
export function isCurrent(stored: string): boolean {
  return CURRENT.test(stored)
}

/**
 * A hash that no password has, as dear to check as any that `hashArgon2` makes: its digest is random, so that finding
 * a password for it means inverting argon2.
 */
export function hashOfNobody(): string {
  const spell = (bytes: number) => randomBytes(bytes).toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${spell(SALT_BYTES)}$${spell(DIGEST_BYTES)}`
}

export function parseArgon2(stored: string): StoredHash | undefined {
  const found = PHC.exec(stored)
  if (!found) return undefined
  const [, algorithm = '', version = '16', m, t, p, salt64 = '', digest64 = ''] = found
  const [memoryCost, timeCost, parallelism] = [Number(m), Number(t), Number(p)]
  cap(algorithm, 'm (KiB of memory)', memoryCost, MAX_MEMORY_KIB)
  cap(algorithm, 't (passes)', timeCost, MAX_PASSES)
  cap(algorithm, 'm × t (KiB of work)', memoryCost * timeCost, MAX_WORK_KIB)
  cap(algorithm, 'p (lanes)', parallelism, MAX_LANES)
  const salt = canonicalBase64(salt64, 'bare')
  const digest = canonicalBase64(digest64, 'bare')
  if (!salt || !digest || memoryCost < 8 * parallelism) return undefined
  const options = {
    algorithm: algorithm === 'argon2i' ? ARGON2I : ARGON2ID,
    version: version === '19' ? 1 : 0,
    memoryCost,
    timeCost,
    parallelism,
    outputLen: digest.length,
    salt,
  } as const
  return { digest, derive: (password) => hashRaw(password, options) }
}
