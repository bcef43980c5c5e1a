import { type AuthError, authError, isAuthError, type Maybe } from '@countersign/http'
import { type Algorithm, algorithmRow } from './algorithm.ts'
import type { KeySource, VerificationKey } from './key.ts'
import { type Header, type ParsedJws, parseJws } from './parse.ts'
import { quote } from './quote.ts'

const KEY = authError('invalid_token', 'token.key', { expected: 'a known key that fits alg and kid' })
const SIGNATURE = authError('invalid_token', 'token.signature')

/** A JWS whose signature is good: its header and the bytes that were signed, whatever they are. */
export interface VerifiedJws {
  readonly header: Readonly<Header>
  readonly payload: Uint8Array
}

/**
 * Verifies a compact JWS (RFC 7515 section 5.2): its header and payload, or `invalid_token` with reason
 * `token.parse.…`, `token.header.forbidden`, `token.algorithm`, `token.key` or `token.signature`. `algorithms` is the
 * allow-list; `alg` and `kid` only select from it and from `keys`. Synchronous when `keys.find` is. Rejects only when
 * `keys.find` does. Claims are not looked at: a token needs a verifier.
 */
export function verifyJws(
  compact: string,
  keys: KeySource,
  algorithms: readonly Algorithm[],
): Maybe<VerifiedJws | AuthError> {
  const parsed = parseJws(compact)
  if (isAuthError(parsed)) return parsed
  const checked = checkSignature(parsed, keys, algorithms)
  return checked instanceof Promise ? checked.then(result) : result(checked)

  function result(found: VerificationKey | AuthError): VerifiedJws | AuthError {
    const { header, payload } = parsed as ParsedJws
    return isAuthError(found) ? found : { header, payload }
  }
}

/** The key that signed, or why there is none. */
export function checkSignature(
  jws: ParsedJws,
  keys: KeySource,
  algorithms: readonly Algorithm[],
): Maybe<VerificationKey | AuthError> {
  const { alg, kid } = jws.header
  if (!algorithms.includes(alg as Algorithm))
    return authError('invalid_token', 'token.algorithm', { expected: algorithms.join(' '), got: quote(alg) })
  const found = keys.find(kid === undefined ? { alg: alg as Algorithm } : { alg: alg as Algorithm, kid })
  return found instanceof Promise ? found.then((key) => signedBy(jws, key)) : signedBy(jws, found)
}

function signedBy(jws: ParsedJws, key: VerificationKey | undefined): VerificationKey | AuthError {
  const alg = jws.header.alg as Algorithm
  // A key source is someone else's code: what it found must still serve this algorithm.
  if (!key?.algorithms.includes(alg)) return KEY
  const row = algorithmRow(alg)
  return row?.verify(key.key, jws.signed, jws.signature) ? key : SIGNATURE
}
