import { parseArgon2 } from './argon2.ts'
import { parseBcrypt } from './bcrypt.ts'
import { parseDjango, parseWerkzeugPbkdf2 } from './pbkdf2.ts'
import { parseWerkzeugScrypt } from './scrypt.ts'
import type { StoredHash } from './stored-hash.ts'

/** Each reader returns undefined for a format that is not its own, and throws a RangeError beyond its caps. */
const READERS: readonly ((hash: string) => StoredHash | undefined)[] = [
  parseArgon2,
  parseWerkzeugScrypt,
  parseWerkzeugPbkdf2,
  parseDjango,
  parseBcrypt,
]

/** No hash of any kind is longer; what is longer is not looked at. */
const MAX_LENGTH = 512

/** Reads a stored hash. Throws a TypeError for an unknown format: it shows nothing of it, since it may be a password. */
export function parseHash(hash: string): StoredHash {
  if (typeof hash === 'string' && hash.length <= MAX_LENGTH) {
    for (const read of READERS) {
      const stored = read(hash)
      if (stored) return stored
    }
  }
  throw new TypeError(
    'The stored password hash is of no known format (argon2id or argon2i PHC, werkzeug scrypt or pbkdf2, Django ' +
      'pbkdf2, bcrypt). Store what hashPassword returns, and have this user set a new password.',
  )
}
