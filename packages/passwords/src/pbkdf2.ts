import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { canonicalBase64, cap, type StoredHash } from './stored-hash.ts'

const derivePbkdf2 = promisify(pbkdf2)

/** Django 6 stores 1,200,000; a fifth more with each yearly release. */
const MAX_ITERATIONS = 5_000_000
const BYTES: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha512: 64 }

const WERKZEUG = /^pbkdf2:(sha1|sha256|sha512):([1-9]\d{0,9})\$([^$]{1,128})\$((?:[0-9a-f]{2}){20,64})$/
const DJANGO = /^pbkdf2_(sha1|sha256)\$([1-9]\d{0,9})\$([^$]{1,128})\$([A-Za-z0-9+/]{27,43}=)$/

/** werkzeug, which Flask uses: `pbkdf2:sha256:600000$salt$hex`; the salt is text. */
export function parseWerkzeugPbkdf2(stored: string): StoredHash | undefined {
  const [, name = '', iterations, salt = '', hex = ''] = WERKZEUG.exec(stored) ?? []
  return pbkdf2Hash(name, Number(iterations), salt, Buffer.from(hex, 'hex'))
}

/** Django: `pbkdf2_sha256$600000$salt$base64`; the salt is text. */
export function parseDjango(stored: string): StoredHash | undefined {
  const [, name = '', iterations, salt = '', base64 = ''] = DJANGO.exec(stored) ?? []
  return pbkdf2Hash(name, Number(iterations), salt, canonicalBase64(base64, 'padded'))
}

/** RFC 8018 section 5.2, with one block of output. */
function pbkdf2Hash(name: string, iterations: number, salt: string, digest: Buffer | undefined) {
  const length = BYTES[name]
  if (length === undefined || digest?.length !== length) return undefined
  cap('pbkdf2', 'iterations', iterations, MAX_ITERATIONS)
  return { digest, derive: (password: string) => derivePbkdf2(password, salt, iterations, length, name) }
}
