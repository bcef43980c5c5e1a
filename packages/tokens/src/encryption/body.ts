import { type AuthError, authError, isAuthError, parseJson } from '@countersign/http'
import type { Jwk, JwkSet } from '../key.ts'
import { decryptJwe, encryptJwe } from './jwe.ts'
import { encryptionKeys } from './key.ts'

/** Characters of an encrypted body. */
const LIMIT = 256 * 1024

/**
 * A JSON value as a compact JWE (RFC 7516) for whoever holds the key: send it as `application/jose`. To a public key by
 * ECDH-ES or RSA-OAEP-256, to a secret directly or by key wrapping; A256GCM where the key fits it. Throws a TypeError for a
 * key that the key policy refuses.
 */
export async function encryptBody(value: unknown, key: Jwk): Promise<string> {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError('encryptBody: value must be one that JSON can say')
  const [recipient] = encryptionKeys('encryptBody', key)
  return encryptJwe(Buffer.from(text), recipient as NonNullable<typeof recipient>, 'application/json')
}

/**
 * Opens what `encryptBody` made, with a private key or a secret, or a set of them: `{ value }`, read as strictly as any JSON
 * body here; or `invalid_request` with reason `encryption.length`, `.malformed`, `.header`, `.algorithm`, `.key`, `.decrypt`
 * or `json.…`. Refuses `zip`, RSA1_5 and more than 256 KiB. Throws a TypeError for keys that the key policy refuses.
 */
export async function decryptBody(jwe: string, keys: Jwk | JwkSet): Promise<{ readonly value: unknown } | AuthError> {
  const opened = await decryptJwe(jwe, encryptionKeys('decryptBody', keys), { limit: LIMIT })
  if (typeof opened === 'string')
    return authError('invalid_request', `encryption.${opened}`, { detail: 'The body is not a JWE that this can open.' })
  const parsed = parseJson(opened.plaintext)
  return isAuthError(parsed) ? parsed : { value: parsed.value }
}
