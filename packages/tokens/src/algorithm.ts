import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import { derSignature } from './der.ts'
import { decodeSegment } from './parse.ts'

/** Registered signature algorithms (RFC 7518, RFC 8037, RFC 9864). `EdDSA` and `Ed25519` are two names of one. */
export type Algorithm = 'EdDSA' | 'Ed25519' | `${'ES' | 'RS' | 'PS' | 'HS'}${256 | 384 | 512}`

/** What an algorithm asks of its key, and how it verifies with one that the key policy let in. */
export interface AlgorithmRow {
  readonly kty: 'OKP' | 'EC' | 'RSA' | 'oct'
  readonly crv?: string
  /** Bytes of the hash: the least an HMAC key may have. */
  readonly bytes: number
  /** `signed` is ASCII; `signature` the segment, base64url. */
  verify(key: KeyObject, signed: string, signature: string): boolean
}

/** The one table. Whatever is not in it, `none` in any case included, does not exist. */
const TABLE: ReadonlyMap<string, AlgorithmRow> = new Map<Algorithm, AlgorithmRow>([
  ['EdDSA', ed25519()],
  ['Ed25519', ed25519()],
  ['ES256', ecdsa('sha256', 32, 'P-256', 32)],
  ['ES384', ecdsa('sha384', 48, 'P-384', 48)],
  ['ES512', ecdsa('sha512', 64, 'P-521', 66)],
  ['RS256', rsa('sha256', 32)],
  ['RS384', rsa('sha384', 48)],
  ['RS512', rsa('sha512', 64)],
  ['PS256', pss('sha256', 32)],
  ['PS384', pss('sha384', 48)],
  ['PS512', pss('sha512', 64)],
  ['HS256', hmac('sha256', 32)],
  ['HS384', hmac('sha384', 48)],
  ['HS512', hmac('sha512', 64)],
])

/** Every algorithm whose verifier need not hold the secret: what an issuer may use unless told otherwise. */
export const ASYMMETRIC: readonly Algorithm[] = Object.freeze(
  [...TABLE].filter(([, row]) => row.kty !== 'oct').map(([name]) => name as Algorithm),
)

/** The row of a registered algorithm, or `undefined`. Exact case. */
export function algorithmRow(name: unknown): AlgorithmRow | undefined {
  return typeof name === 'string' ? TABLE.get(name) : undefined
}

/** The registered algorithms that a kind of key can serve; `crv` for EC and OKP. */
export function algorithmsFor(kty: unknown, crv: unknown): readonly Algorithm[] {
  return [...TABLE]
    .filter(([, row]) => row.kty === kty && (row.crv === undefined || row.crv === crv))
    .map(([name]) => name as Algorithm)
}

function bytesOf(ascii: string): Uint8Array {
  return Buffer.from(ascii, 'latin1')
}

/** Verifies the bytes of a segment, if that is canonical base64url. */
function withBytes(segment: string, verifies: (signature: Uint8Array) => boolean): boolean {
  const signature = decodeSegment(segment)
  return signature !== undefined && verifies(signature)
}

function ed25519(): AlgorithmRow {
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    bytes: 64,
    verify: (key, signed, segment) =>
      key.asymmetricKeyType === 'ed25519' &&
      withBytes(segment, (signature) => verify(null, bytesOf(signed), key, signature)),
  }
}

// A bare KeyObject and DER: the options object and `dsaEncoding` cost Node 9 µs each.
function ecdsa(hash: string, bytes: number, crv: string, half: number): AlgorithmRow {
  return {
    kty: 'EC',
    crv,
    bytes,
    verify: (key, signed, segment) =>
      key.asymmetricKeyType === 'ec' &&
      withBytes(
        segment,
        (signature) =>
          signature.length === 2 * half && verify(hash, bytesOf(signed), key, derSignature(signature, half)),
      ),
  }
}

// Bare is PKCS#1 v1.5 only for keys of type 'rsa'; for one of type 'ec' it would be ECDSA under this name.
function rsa(hash: string, bytes: number): AlgorithmRow {
  return {
    kty: 'RSA',
    bytes,
    verify: (key, signed, segment) =>
      key.asymmetricKeyType === 'rsa' &&
      withBytes(segment, (signature) => verify(hash, bytesOf(signed), key, signature)),
  }
}

function pss(hash: string, bytes: number): AlgorithmRow {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return {
    kty: 'RSA',
    bytes,
    verify: (key, signed, segment) =>
      key.asymmetricKeyType === 'rsa' &&
      withBytes(segment, (signature) => verify(hash, bytesOf(signed), { key, padding, saltLength: bytes }, signature)),
  }
}

// The texts are compared: a digest as text costs Node less than one as bytes, and only the canonical segment is equal.
function hmac(hash: string, bytes: number): AlgorithmRow {
  const length = Math.ceil((bytes * 4) / 3)
  return {
    kty: 'oct',
    bytes,
    verify: (key, signed, segment) =>
      key.type === 'secret' &&
      segment.length === length &&
      timingSafeEqual(bytesOf(createHmac(hash, key).update(signed, 'latin1').digest('base64url')), bytesOf(segment)),
  }
}
