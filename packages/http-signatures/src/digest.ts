import { createHash, type Hash, hash, timingSafeEqual } from 'node:crypto'
import { parseDictionary, serializeDictionary } from 'structured-headers'
import type { BodyCheck } from './guard-body.ts'

/** The hashes of RFC 9530 section 5 that are safe. */
export type DigestAlgorithm = 'sha-256' | 'sha-512'
const HASHES: Readonly<Record<DigestAlgorithm, string>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' }
const KNOWN = Object.keys(HASHES) as readonly DigestAlgorithm[]

/** The value of `Content-Digest` for a body: `sha-256=:…:` (RFC 9530 section 2). */
export function contentDigest(body: Uint8Array | string, algorithm: DigestAlgorithm = 'sha-256'): string {
  const name = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined
  if (!name) throw new TypeError(`contentDigest() knows ${KNOWN.join(' and ')}`)
  return serializeDictionary(new Map([[algorithm, [hash(name, body, 'buffer'), new Map()]]]))
}

/**
 * Reads `Content-Digest` lines: a check for a body; `undefined` where the field is malformed, or names no safe hash. Digests of
 * other hashes beside a safe one are not looked at (RFC 9530 section 6.6).
 */
export function digestCheck(lines: readonly string[]): BodyCheck | undefined {
  const wanted = digestsIn(lines)
  if (!wanted || wanted.length === 0) return undefined
  const parts = wanted.map(([algorithm, digest]): { hash: Hash; digest: Buffer } => ({
    hash: createHash(HASHES[algorithm]),
    digest,
  }))
  return {
    update(chunk) {
      for (const { hash } of parts) hash.update(chunk)
    },
    isRight: () =>
      parts.every(({ hash, digest }) => {
        const own = hash.digest()
        return own.length === digest.length && timingSafeEqual(own, digest)
      }),
  }
}

function digestsIn(lines: readonly string[]): readonly (readonly [DigestAlgorithm, Buffer])[] | undefined {
  try {
    const digests: (readonly [DigestAlgorithm, Buffer])[] = []
    for (const [name, [value]] of parseDictionary(lines.join(', '))) {
      if (!KNOWN.includes(name as DigestAlgorithm)) continue
      if (!(value instanceof ArrayBuffer)) return undefined
      digests.push([name as DigestAlgorithm, Buffer.from(value)])
    }
    return digests
  } catch {
    return undefined
  }
}
