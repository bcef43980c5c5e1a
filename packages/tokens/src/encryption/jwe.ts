import { isAuthError, parseJson } from '@countersign/http'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { importJWK } from 'jose/key/import'
import { decodeSegment } from '../parse.ts'
import { CONTENT_ALGORITHMS, type ContentAlgorithm, type KeyAlgorithm, MAX_ROUNDS } from './algorithms.ts'
import type { EncryptionKey } from './key.ts'

/** Why a JWE is refused: a stable name. What failed in the cryptography is not told apart: whoever probes learns nothing. */
export type JweFault = 'length' | 'malformed' | 'header' | 'algorithm' | 'key' | 'decrypt'

interface JweHeader {
  readonly alg: string
  readonly enc: string
  readonly kid?: string
  readonly cty?: string
}

export interface Decrypted {
  readonly plaintext: Uint8Array
  readonly header: JweHeader
}

/** No `zip`: a small message could fill the memory. No key of the sender's choosing but the ephemeral one. */
const REFUSED_MEMBERS: readonly string[] = ['zip', 'crit', 'jwk', 'jku', 'x5u', 'x5c', 'b64']

/**
 * Decrypts a compact JWE (RFC 7516 section 5.2) with the key that its `kid` names, or the only one that fits. `alg` must be
 * one that the key serves, `enc` one of `contents`. Returns why not as a name, never an error of the cryptography.
 */
export async function decryptJwe(
  compact: string,
  keys: readonly EncryptionKey[],
  { limit, contents = CONTENT_ALGORITHMS }: { readonly limit: number; readonly contents?: readonly ContentAlgorithm[] },
): Promise<Decrypted | JweFault> {
  if (typeof compact !== 'string' || compact.length > limit) return 'length'
  const header = headerOf(compact)
  if (typeof header === 'string') return header
  const { alg, enc, kid } = header
  if (!contents.includes(enc as ContentAlgorithm)) return 'algorithm'
  const fitting = keys.filter(
    (key) =>
      (kid === undefined || key.kid === undefined || key.kid === kid) && key.algorithms.includes(alg as KeyAlgorithm),
  )
  const [key] = fitting
  if (!key || fitting.length > 1) return 'key'
  try {
    const { plaintext } = await compactDecrypt(compact, await imported(key, alg, enc), {
      keyManagementAlgorithms: [alg as KeyAlgorithm],
      contentEncryptionAlgorithms: [enc as ContentAlgorithm],
      maxPBES2Count: MAX_ROUNDS,
      maxDecompressedLength: 0,
    })
    return { plaintext, header }
  } catch {
    return 'decrypt'
  }
}

/** Encrypts to a key: ECDH-ES or RSA-OAEP-256 for a public one, `dir` or key wrapping for a secret; A256GCM where it fits. */
export async function encryptJwe(plaintext: Uint8Array, key: EncryptionKey, cty: string): Promise<string> {
  const [alg] = key.algorithms
  const enc = alg === 'dir' ? directContent(key) : 'A256GCM'
  const header = { alg: alg as KeyAlgorithm, enc, cty, ...(key.kid !== undefined && { kid: key.kid }) }
  return new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(await imported(key, header.alg, enc))
}

const BY_BYTES: Readonly<Record<number, ContentAlgorithm>> = {
  16: 'A128GCM',
  24: 'A192GCM',
  32: 'A256GCM',
  48: 'A192CBC-HS384',
  64: 'A256CBC-HS512',
}

function directContent({ jwk }: EncryptionKey): ContentAlgorithm {
  const content = BY_BYTES[Buffer.from(jwk.k as string, 'base64url').length]
  if (!content) throw new TypeError('a secret that encrypts directly must have 16, 24, 32, 48 or 64 bytes')
  return content
}

function imported({ jwk }: EncryptionKey, alg: string, enc: string) {
  return jwk.kty === 'oct'
    ? Buffer.from(jwk.k as string, 'base64url')
    : importJWK(jwk as never, alg === 'dir' ? enc : alg)
}

function headerOf(compact: string): JweHeader | JweFault {
  const segments = compact.split('.')
  if (segments.length !== 5 || !/^[A-Za-z0-9_.-]*$/.test(compact)) return 'malformed'
  const bytes = segments.map((segment) => decodeSegment(segment))
  if (bytes.includes(undefined)) return 'malformed'
  const parsed = parseJson(bytes[0] as Uint8Array)
  if (isAuthError(parsed) || typeof parsed.value !== 'object' || parsed.value === null) return 'header'
  const header = parsed.value as Record<string, unknown>
  if (REFUSED_MEMBERS.some((name) => name in header)) return 'header'
  const { alg, enc, kid, cty } = header
  if (typeof alg !== 'string' || typeof enc !== 'string') return 'header'
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return 'header'
  if (cty !== undefined && typeof cty !== 'string') return 'header'
  return { alg, enc, ...(kid !== undefined && { kid }), ...(cty !== undefined && { cty }) }
}
