import { hash } from 'node:crypto'
import { type AuthError, authError, checkOptions, type Maybe, type Principal } from '@countersign/http'
import { verifiedCache } from '../cache.ts'
import type { TokenResponse } from '../issuer.ts'
import type { Jwk, JwkSet } from '../key.ts'
import { MAX_TOKEN } from '../parse.ts'
import type { JwtVerifier } from '../verifier.ts'
import { decryptJwe, encryptJwe } from './jwe.ts'
import { encryptionKeys } from './key.ts'

export interface EncryptedTokensOptions {
  /** Private keys or secrets that open tokens: a JWK, or a set in which `kid` names them. */
  readonly keys: Jwk | JwkSet
  /** How many opened tokens to remember (10,000), or `false` for none. */
  readonly cache?: { readonly entries: number } | false
}

/** An opened token is asked about again each time, so this bounds only how long it lies here. */
const REMEMBERED = 300_000

/**
 * Judges tokens that are encrypted to you (RFC 7519 section 5.2, nested: a signed token inside a JWE): opens them and
 * hands what is inside to `verifier`, which judges it as any other. A token that is not encrypted is "not mine". One that
 * cannot be opened is `invalid_token` with reason `token.encryption`. Throws a TypeError for wrong options.
 */
export function encryptedTokens<V extends JwtVerifier>(verifier: V, options: EncryptedTokensOptions): JwtVerifier {
  if (typeof verifier?.verify !== 'function')
    throw new TypeError('encryptedTokens() takes a verifier of tokens, such as localIssuer() or remoteIssuer()')
  checkOptions('encryptedTokens()', options, ['keys', 'cache'])
  const keys = encryptionKeys('encryptedTokens()', options.keys)
  const { cache = { entries: 10_000 } } = options
  if (cache !== false && !(Number.isInteger(cache.entries) && cache.entries > 0))
    throw new TypeError('encryptedTokens(): cache must be { entries } or false')
  const opened = cache === false ? undefined : verifiedCache<Opened>(cache.entries, ({ until }) => until)

  async function open(token: string, digest: string): Promise<string | AuthError> {
    const found = await decryptJwe(token, keys, { limit: MAX_TOKEN })
    if (typeof found === 'string')
      return authError('invalid_token', 'token.encryption', { expected: 'a JWE for a key here', got: found })
    const inner = Buffer.from(found.plaintext).toString('latin1')
    const now = Date.now()
    opened?.set(digest, { inner, until: now + REMEMBERED }, now)
    return inner
  }

  return Object.freeze({
    verify(token: string, asked?: { readonly bound?: boolean }): Maybe<Principal | AuthError | undefined> {
      if (typeof token !== 'string' || token.split('.', 6).length !== 5) return undefined
      const digest = hash('sha256', token, 'base64url')
      const known = opened?.get(digest)
      if (known) return verifier.verify(known.inner, asked)
      return open(token, digest).then((inner) => (typeof inner === 'string' ? verifier.verify(inner, asked) : inner))
    },
  }) as JwtVerifier
}

interface Opened {
  readonly inner: string
  readonly until: number
}

/**
 * Encrypts the access token of an answer of `issue` or `refresh` to the API that it is for: nobody on the way, the client
 * neither, can read it. `key`: the API's public key, or a secret shared with it.
 */
export async function encryptToken(tokens: TokenResponse, key: Jwk): Promise<TokenResponse> {
  const [recipient] = encryptionKeys('encryptToken', key)
  const inner = Buffer.from(tokens.access_token, 'latin1')
  return { ...tokens, access_token: await encryptJwe(inner, recipient as NonNullable<typeof recipient>, 'JWT') }
}
