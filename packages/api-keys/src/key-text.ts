import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** Base62: no punctuation, so that a double click selects a key and nothing needs escaping. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 16
/** 32 × log2(62) = 190.5 bits. */
const SECRET_LENGTH = 32
const CHECKSUM_LENGTH = 6

/** A key, taken apart. */
export interface KeyText {
  readonly id: string
  readonly secret: string
}

const BASE62 = /^[0-9A-Za-z]*$/
const ID = new RegExp(`^[0-9A-Za-z]{${ID_LENGTH}}$`)
const PREFIX = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/
const MAX_PREFIX = 32
/** Characters of the longest key. */
export const MAX_KEY = MAX_PREFIX + 1 + ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH

/** True for what may stand before a key: `acme`, `acme_live`. */
export function isPrefix(prefix: unknown): prefix is string {
  return typeof prefix === 'string' && prefix.length <= MAX_PREFIX && PREFIX.test(prefix)
}

/** True for what could be the id of a key. */
export function isKeyId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id)
}

/**
 * `length` base62 characters, each equally likely. 248 is the largest multiple of 62 that a byte holds: higher bytes
 * are thrown away, since a remainder would make the first eight characters likelier.
 */
export function randomBase62(length: number, random: (size: number) => Uint8Array = randomBytes): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random(length + 8)) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
    }
  }
  return text
}

/** A new public id: 95 bits. */
export function newKeyId(): string {
  return randomBase62(ID_LENGTH)
}

/** A new secret: 190 bits. */
export function newSecret(): string {
  return randomBase62(SECRET_LENGTH)
}

/** `prefix_`, 16 characters of id, 32 of secret, 6 of checksum. */
export function writeKey(prefix: string, { id, secret }: KeyText): string {
  const text = `${prefix}_${id}${secret}`
  return text + checksumOf(text)
}

/** The parts of a key whose form and checksum are right, else undefined. The one parser: it never throws. */
export function readKey(prefix: string, key: unknown): KeyText | undefined {
  const start = prefix.length + 1
  if (typeof key !== 'string' || key.length !== start + ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH) return undefined
  if (!key.startsWith(prefix) || key[prefix.length] !== '_' || !BASE62.test(key.slice(start))) return undefined
  const end = key.length - CHECKSUM_LENGTH
  if (checksumOf(key.slice(0, end)) !== key.slice(end)) return undefined
  return { id: key.slice(start, start + ID_LENGTH), secret: key.slice(start + ID_LENGTH, end) }
}

/**
 * Matches keys of this prefix in any text: for secret scanners, log redaction, a pre-commit hook. Its `source` is in
 * the common subset of JavaScript, PCRE and RE2. Throws a TypeError for what `apiKeys` refuses as a prefix.
 */
export function apiKeyPattern(prefix: string): RegExp {
  checkPrefix(prefix)
  return new RegExp(`\\b${prefix}_[0-9A-Za-z]{${ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH}}\\b`)
}

export function checkPrefix(prefix: unknown): void {
  if (isPrefix(prefix)) return
  throw new TypeError(
    `apiKeys: \`prefix\` must be lower-case words joined by "_", at most ${MAX_PREFIX} characters. Try "acme" or "acme_live".`,
  )
}

/** CRC-32 in base62. It finds every change of one character; it proves nothing, and need not. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  let checksum = ''
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    checksum = ALPHABET[rest % 62] + checksum
    rest = Math.floor(rest / 62)
  }
  return checksum
}
