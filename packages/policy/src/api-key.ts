import { API_KEY_HEADERS, type ApiKeyCredential, readApiKey } from '@countersign/credentials'
import { type AuthError, checkOptions, type Maybe, type Principal, type RequestView } from '@countersign/http'
import { errorParams } from './bearer.ts'
import type { Presented, Scheme } from './requirement.ts'
import { checkRealm, loader, type SchemeOptions, type VerifiedBy, verifierOf } from './scheme-options.ts'

export interface KeyVerifier<P extends Principal = Principal> {
  verify(key: string): Maybe<P | AuthError | undefined>
}
export type VerifyApiKey = (
  credential: ApiKeyCredential,
  request: RequestView,
) => Maybe<Principal | AuthError | undefined> | PromiseLike<Principal | AuthError | undefined | null>

export interface ApiKeyOptions<V, U> extends SchemeOptions<V, U> {
  /** Headers that may carry the key, `X-API-Key` unless told otherwise; the challenge names the first. */
  readonly header?: readonly [string, ...string[]]
  /** A query parameter that may carry the key too: URLs end up in logs, so only where you must. */
  readonly query?: string
}

/**
 * Accepts API keys from a header. Give it `apiKeys(…)` or a function of the credential. A wrong key is 401
 * `invalid_token`, a malformed one 400 `invalid_request`; two keys at once are two credentials, 400.
 */
export function apiKey<V extends KeyVerifier | VerifyApiKey, U = VerifiedBy<V>>(
  verifier: V,
  options: ApiKeyOptions<VerifiedBy<V>, U> = {},
): Scheme<'apiKey', U> {
  const judge = verifierOf<ApiKeyCredential>(verifier, 'apiKeys()', 'apiKey', ({ key }) => key)
  checkOptions('apiKey()', options, ['realm', 'name', 'principal', 'header', 'query'])
  const realm = checkRealm(options.realm)
  const headers: readonly string[] = options.header ?? API_KEY_HEADERS
  if (!Array.isArray(headers) || headers.length === 0)
    throw new TypeError('option "header" must list at least one header name')
  for (const name of headers) {
    if (!/^[A-Za-z0-9-]+$/.test(name))
      throw new TypeError(`option "header" must list header names such as "X-API-Key", got ${JSON.stringify(name)}`)
  }
  const where = { header: headers.map((name) => name.toLowerCase()), ...(options.query && { query: options.query }) }
  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'apiKey',
    sources: [...where.header.map((name) => `header:${name}`), ...(options.query ? [`query:${options.query}`] : [])],
    openapi: { type: 'apiKey', in: 'header', name: headers[0] },
    read: (request) => readApiKey(request, where),
    verify: (credential: Presented, request) => judge(credential as ApiKeyCredential, request),
    ...loader(options.principal as SchemeOptions['principal']),
    challenge: (error) => ({
      scheme: 'ApiKey',
      params: { realm, header: headers[0] as string, ...errorParams(error) },
    }),
  }
  return Object.freeze(scheme) as Scheme<'apiKey', U>
}
