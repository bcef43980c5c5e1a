import { type AuthError, authError, isAuthError } from '@countersign/http'
import type { Algorithm } from './algorithm.ts'
import { checkSignature } from './jws.ts'
import { type Jwk, readKey, thumbprint, type VerificationKey } from './key.ts'
import { parseClaims, parseProof } from './parse.ts'

/** What a proof of possession proves: that whoever made it holds the private half of the key with this thumbprint. */
export interface KeyProof {
  readonly claims: Readonly<Record<string, unknown>>
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string
}

export interface KeyProofOptions {
  /** `typ` of the header, exactly: `dpop+jwt`. */
  readonly type: string
  /** Asymmetric ones. */
  readonly algorithms: readonly Algorithm[]
  /** Whose proof it must be, where that is known: another's is refused with `proof.other` before anything is verified. */
  readonly thumbprint?: string
}

const fault = (reason: string, expected: string) => authError('invalid_dpop_proof', `proof.${reason}`, { expected })
const MALFORMED = fault('malformed', 'a compact JWS with JSON claims')
const TYPE = fault('type', 'the typ of a proof')
const KEY = fault('key', 'a public key in jwk that the key policy lets in')
const OTHER = fault('other', 'a proof by the key that is asked for')
const SIGNATURE = fault('signature', 'a signature by its own jwk, with an accepted algorithm')
/** Of any key type: a proof with one of these gives the key away. */
const PRIVATE: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Verifies a JWS with the key in its own header, which proves that its maker holds that key, and nothing else: who the
 * key belongs to, the caller must know. Returns claims and thumbprint, or `invalid_dpop_proof` with reason
 * `proof.malformed`, `.type`, `.key`, `.other` or `.signature`. Strict as `verifyJws` is. RFC 9449 section 4.3, steps 2 to 7.
 */
export function verifyKeyProof(
  compact: string,
  { type, algorithms, thumbprint: wanted }: KeyProofOptions,
): KeyProof | AuthError {
  const jws = parseProof(compact)
  if (isAuthError(jws)) return MALFORMED
  const { typ, jwk } = jws.header
  if (typ !== type) return TYPE
  const held = keyIn(jwk)
  if (!held) return KEY
  if (wanted !== undefined && held.thumbprint !== wanted) return OTHER
  const found = checkSignature(jws, { find: () => held.key }, algorithms)
  if (found instanceof Promise || isAuthError(found)) return SIGNATURE
  const parsed = parseClaims(jws.payload)
  return isAuthError(parsed) ? MALFORMED : { claims: parsed.claims, thumbprint: held.thumbprint }
}

interface HeldKey {
  readonly key: VerificationKey
  readonly thumbprint: string
}

/** Keys that were read before: a client sends the same one with each request. What strangers send only makes it forget. */
const known = new Map<string, HeldKey>()
const KNOWN = 1_024

function keyIn(jwk: unknown): HeldKey | undefined {
  if (typeof jwk !== 'object' || jwk === null || PRIVATE.some((name) => name in jwk)) return undefined
  const text = JSON.stringify(jwk)
  const before = known.get(text)
  if (before) return before
  const key = readKey(jwk)
  if (typeof key === 'string') return undefined
  const held = { key, thumbprint: thumbprint(jwk as Jwk) }
  if (known.size === KNOWN) known.clear()
  known.set(text, held)
  return held
}
