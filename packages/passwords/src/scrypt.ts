import { type ScryptOptions, scrypt } from 'node:crypto'
import { cap, type StoredHash } from './stored-hash.ts'

/** 128 × N × r bytes of memory: 256 MiB. OWASP's strongest advice, N = 2^17 and r = 8, needs half of it. */
const MAX_MEMORY = 256 * 1024 * 1024
const MAX_LANES = 16
const DIGEST_BYTES = 64

const WERKZEUG = /^scrypt:([1-9]\d{0,9}):([1-9]\d{0,3}):([1-9]\d{0,3})\$([^$]{1,128})\$([0-9a-f]{128})$/

/** werkzeug, which Flask uses: `scrypt:32768:8:1$salt$hex` (RFC 7914); the salt is text. */
export function parseWerkzeugScrypt(stored: string): StoredHash | undefined {
  const found = WERKZEUG.exec(stored)
  if (!found) return undefined
  const [, n, r, p, salt = '', hex = ''] = found
  const options = { N: Number(n), r: Number(r), p: Number(p), maxmem: 2 * MAX_MEMORY }
  cap('scrypt', '128 × N × r (bytes of memory)', 128 * options.N * options.r, MAX_MEMORY)
  cap('scrypt', 'p (lanes)', options.p, MAX_LANES)
  if (options.N < 2 || !Number.isInteger(Math.log2(options.N))) return undefined
  return { digest: Buffer.from(hex, 'hex'), derive: (password) => deriveScrypt(password, salt, options) }
}

function deriveScrypt(password: string, salt: string, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, DIGEST_BYTES, options, (error, derived) => (error ? reject(error) : resolve(derived)))
  })
}
