import { type AuthError, authError, isAuthError, parseJson } from '@countersign/http'
import { deepFreeze } from './freeze.ts'

/** Bytes a token may have. */
export const MAX_TOKEN = 8192

/** The JOSE header (RFC 7515 section 4), as far as anything here reads it. */
export interface Header {
  readonly alg: string
  readonly kid?: string
  readonly typ?: string
  readonly [name: string]: unknown
}

/** A token taken apart. Nothing of it is verified. */
export interface ParsedJws {
  readonly header: Header
  readonly payload: Uint8Array
  /** The segment as it stands: whoever verifies decodes it, or compares the text. */
  readonly signature: string
  /** What was signed: ASCII. */
  readonly signed: string
}

const fault = (reason: string, expected?: string) =>
  authError('invalid_token', `token.parse.${reason}`, expected === undefined ? {} : { expected })
const LENGTH = fault('length', `at most ${MAX_TOKEN} bytes`)
const SEGMENTS = fault('segments', 'three segments')
const BASE64URL = fault('base64url', 'canonical base64url')
const HEADER = fault('header', 'a JSON object with a string alg')
const KID = fault('kid', 'a string of at most 256 characters')
const CLAIMS = fault('claims', 'a JSON object')
const FORBIDDEN: ReadonlyMap<string, AuthError> = new Map(
  ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip'].map((name) => [
    name,
    authError('invalid_token', 'token.header.forbidden', { expected: 'no key, crit, b64 or zip', got: name }),
  ]),
)
const JSON_FAULTS: ReadonlyMap<string, AuthError> = new Map(
  ['utf8', 'bom', 'syntax', 'duplicate', 'depth', 'prototype'].map((name) => [`json.${name}`, fault(name)]),
)
const SYNTAX = JSON_FAULTS.get('json.syntax') as AuthError

/**
 * Takes a compact JWS apart, strictly: at most 8192 bytes, three segments of canonical base64url (no padding, no zero
 * bits left over), a header that is fatal UTF-8 JSON without a byte order mark or duplicate members, `alg` a string,
 * `kid` a string of at most 256 characters; no `jwk`, `jku`, `x5u`, `x5c`, `crit`, `b64` or `zip`, whatever the value.
 * Returns an `invalid_token` error with reason `token.parse.…` or `token.header.…` otherwise. RFC 7515 section 5.2.
 */
export function parseJws(compact: string): ParsedJws | AuthError {
  return takeApart(compact, headerOf)
}

/** The same for a proof of possession, whose header brings the key (RFC 9449 section 4.2): `jwk` may be there. */
export function parseProof(compact: string): ParsedJws | AuthError {
  return takeApart(compact, (segment) => {
    const bytes = decodeSegment(segment)
    return bytes ? parseHeader(bytes, 'jwk') : BASE64URL
  })
}

function takeApart(
  compact: string,
  headerIn: (segment: string) => { readonly header: Header } | AuthError,
): ParsedJws | AuthError {
  if (typeof compact !== 'string' || compact.length > MAX_TOKEN) return LENGTH
  const first = compact.indexOf('.')
  const second = compact.indexOf('.', first + 1)
  if (first === -1 || second === -1 || compact.indexOf('.', second + 1) !== -1) return SEGMENTS
  if (!isAscii(compact) || compact.includes('+') || compact.includes('/')) return BASE64URL
  const payload = decodeSegment(compact.slice(first + 1, second))
  if (!payload) return BASE64URL
  const parsed = headerIn(compact.slice(0, first))
  if (isAuthError(parsed)) return parsed
  return {
    header: parsed.header,
    payload,
    signature: compact.slice(second + 1),
    signed: compact.slice(0, second),
  }
}

/** Headers that were taken apart before: an issuer writes few. What comes from strangers only makes it forget. */
const headers = new Map<string, { readonly header: Header }>()
const HEADERS = 256
const HEADER_LENGTH = 512

function headerOf(segment: string): { readonly header: Header } | AuthError {
  const known = headers.get(segment)
  if (known) return known
  const bytes = decodeSegment(segment)
  if (!bytes) return BASE64URL
  const parsed = parseHeader(bytes)
  if (isAuthError(parsed) || segment.length > HEADER_LENGTH) return parsed
  if (headers.size === HEADERS) headers.clear()
  deepFreeze(parsed.header)
  headers.set(segment, parsed)
  return parsed
}

/** The claims of a payload (RFC 7519 section 7.2), under the same strict JSON, or `invalid_token`. */
export function parseClaims(payload: Uint8Array): { readonly claims: Record<string, unknown> } | AuthError {
  const parsed = parseObject(payload, CLAIMS)
  return isAuthError(parsed) ? parsed : { claims: parsed.value }
}

function parseHeader(bytes: Uint8Array, allowed?: string): { readonly header: Header } | AuthError {
  const parsed = parseObject(bytes, HEADER)
  if (isAuthError(parsed)) return parsed
  for (const name in parsed.value) {
    const forbidden = name === allowed ? undefined : FORBIDDEN.get(name)
    if (forbidden) return forbidden
  }
  const { alg, kid } = parsed.value
  if (typeof alg !== 'string') return HEADER
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return KID
  return { header: parsed.value as unknown as Header }
}

/** Wrapped: an attacker's object with a member `~error` must not pass for an error of ours. */
function parseObject(bytes: Uint8Array, otherwise: AuthError): { readonly value: Record<string, unknown> } | AuthError {
  const parsed = parseJson(bytes)
  if (isAuthError(parsed)) return JSON_FAULTS.get(parsed.reason) ?? SYNTAX
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return otherwise
  return { value: value as Record<string, unknown> }
}

/** UTF-8 needs more bytes than there are characters for all but ASCII. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

/** How many characters of six bits the last one of a segment wastes, by its place in a group of four: those must be zero. */
const SPARE: readonly number[] = [0, -1, 0b1111, 0b11]
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUE = new Uint8Array(128)
for (let at = 0; at < ALPHABET.length; at++) VALUE[ALPHABET.charCodeAt(at)] = at

/**
 * The bytes of an ASCII segment; `undefined` unless encoding them again gives the very same segment (RFC 4648 section 3.5).
 * Node skips what is not base64url, so that fewer bytes come out; it takes `+` and `/`, which the caller looked for.
 */
export function decodeSegment(segment: string): Uint8Array | undefined {
  const spare = SPARE[segment.length % 4] as number
  if (spare === -1) return undefined
  if (((VALUE[segment.charCodeAt(segment.length - 1)] ?? 0) & spare) !== 0) return undefined
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.length === Math.floor((segment.length * 3) / 4) ? bytes : undefined
}
