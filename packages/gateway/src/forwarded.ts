import {
  type AuthError,
  authError,
  checkOptions,
  headerLines,
  isAuthError,
  messageOf,
  pathOf,
  type RequestView,
  type TokenVerifier,
  targetOf,
} from '@countersign/http'
import { errorParams, type Presented, type Scheme, type SchemeOptions } from '@countersign/policy'
import {
  type Claims,
  type FetchOptions,
  importKeys,
  type Jwk,
  type JwkSet,
  legacyTokens,
  remoteIssuer,
  type TokenPrincipal,
} from '@countersign/tokens'
import { boundTarget } from './bound-target.ts'
import { IDENTITY_HEADERS } from './header-lists.ts'
import { nameTest, spelled } from './header-name.ts'
import { IDENTITY_HEADER, IDENTITY_TYPE, LONGEST } from './identity-token.ts'
import { clockOf, headerOf, secondsOf, textOf } from './options.ts'

/** Who called at the gateway. `credential` names what was shown there, `expiresAt` is when that ends. */
export interface ForwardedPrincipal extends TokenPrincipal {
  /** By which scheme of the gateway's policy. */
  readonly scheme: string
}

export interface ForwardedOptions<U = ForwardedPrincipal> extends SchemeOptions<ForwardedPrincipal, U>, FetchOptions {
  /** The issuer of the gateway's identities, exactly. */
  readonly issuer: string
  /** What this service is called at the gateway. */
  readonly audience: string
  /** The gateway's keys: its public JWK Set, or the shared `oct` JWK. Either this or `jwksUri`. */
  readonly keys?: Jwk | JwkSet
  /** Where the gateway publishes its keys; with `fetch`, `timeout` and `allowPrivate` as in `remoteIssuer`. */
  readonly jwksUri?: string
  /** The header that carries identities: `Countersign-Identity`. */
  readonly header?: string
  /** Headers that no gateway lets through, so a request with one did not come through it: `IDENTITY_HEADERS`. */
  readonly identityHeaders?: readonly string[]
  /** Seconds that clocks may differ: 5. At most 30. */
  readonly leeway?: number
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

interface Carried extends Presented {
  readonly token: string
}

const MAKER = 'forwarded()'
const OPTIONS = [
  ...['issuer', 'audience', 'keys', 'jwksUri', 'header', 'identityHeaders', 'leeway', 'clock'],
  ...['realm', 'name', 'principal', 'fetch', 'timeout', 'allowPrivate'],
]
const REPEATED = authError('invalid_request', 'forwarded.repeated', {
  detail: 'The request has more than one identity.',
  expected: 'one identity, by the gateway',
})
const OTHER = authError('invalid_token', 'token.issuer', { expected: 'the issuer of the gateway' })
const BESIDE = (got: string) =>
  authError('invalid_token', 'forwarded.beside', { expected: 'no identity header but the signed one', got })

/**
 * Accepts requests that came through the gateway: a scheme for `accept`. Judges the signature, `typ`, issuer, audience and time of the
 * identity, and that it is for this method, path and query. 401 `invalid_token` for a wrong one, and for one beside which stands a
 * header such as `X-User`; 400 `invalid_request` for two. A key source that is down is 503.
 */
export function forwarded<U = ForwardedPrincipal>(options: ForwardedOptions<U>): Scheme<'forwarded', U> {
  checkOptions(MAKER, options, OPTIONS)
  const header = headerOf(MAKER, options?.header ?? IDENTITY_HEADER)
  const field = header.toLowerCase()
  const isIdentity = nameTest(MAKER, 'identityHeaders', options.identityHeaders ?? IDENTITY_HEADERS)
  const own = spelled(header)
  const { realm = 'api', principal, ...rest } = options
  const verifier = verifierOf(rest)
  if (typeof realm !== 'string' || !/^[\x20-\x7e]+$/.test(realm))
    throw new TypeError(`${MAKER}: realm must be printable ASCII`)
  if (principal !== undefined && typeof principal !== 'function')
    throw new TypeError(`${MAKER}: principal must be a function (verified) => user`)

  /** A header that a gateway would have taken off, or another spelling of its own. */
  function forged(rawHeaders: readonly string[]): string | undefined {
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] as string
      const spelling = spelled(name)
      if (isIdentity(spelling) || (spelling === own && name.toLowerCase() !== field)) return spelling
    }
    return undefined
  }

  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: options.name ?? 'forwarded',
    sources: [`header:${field}`],
    openapi: { type: 'apiKey', in: 'header', name: header, description: 'The identity that the gateway signed' },
    read(request): Carried | AuthError | undefined {
      const lines = headerLines(messageOf(request), field)
      if (lines.length > 1) return REPEATED
      return lines[0] === undefined ? undefined : { from: 'header', token: lines[0] }
    },
    verify(presented, request) {
      const beside = forged(messageOf(request).rawHeaders)
      if (beside !== undefined) return BESIDE(beside)
      const judged = verifier.verify((presented as Carried).token)
      return judged instanceof Promise ? judged.then((one) => boundTo(one, request)) : boundTo(judged, request)
    },
    ...(principal && { load: principal as unknown as NonNullable<Scheme['load']> }),
    challenge: (error) => ({ scheme: header, params: { realm, ...errorParams(error) } }),
  }
  return Object.freeze(scheme) as Scheme<'forwarded', U>
}

/** Signature, `typ`, issuer, audience and time, by the verifiers that access tokens have. Each identity comes once: none is remembered. */
function verifierOf(options: Omit<ForwardedOptions, 'principal'>): TokenVerifier<TokenPrincipal> {
  const issuer = textOf(MAKER, 'issuer', options.issuer, 'the issuer of the gateway')
  const audience = textOf(MAKER, 'audience', options.audience, 'what this service is called at the gateway')
  const { keys, jwksUri, fetch, timeout, allowPrivate } = options
  if ((keys === undefined) === (jwksUri === undefined))
    throw new TypeError(`${MAKER}: give either keys, the public JWK Set of the gateway, or jwksUri, where it is`)
  const terms = {
    audience,
    type: IDENTITY_TYPE,
    leeway: secondsOf(MAKER, 'leeway', options.leeway ?? 5, 0, LONGEST),
    maxLifetime: LONGEST,
    cache: false,
    clock: clockOf(MAKER, options.clock),
  } as const
  const fetching = {
    ...(fetch !== undefined && { fetch }),
    ...(timeout !== undefined && { timeout }),
    ...(allowPrivate !== undefined && { allowPrivate }),
  }
  if (jwksUri !== undefined) return remoteIssuer(issuer, { ...terms, ...fetching, jwksUri })
  if (Object.keys(fetching).length > 0)
    throw new TypeError(`${MAKER}: ${Object.keys(fetching).join(', ')} go with jwksUri: keys are not fetched`)
  const jwks = 'keys' in (keys as object) ? (keys as JwkSet) : { keys: [keys as Jwk] }
  const algorithms = [...new Set(importKeys(jwks).keys.flatMap((key) => key.algorithms))]
  return legacyTokens({ ...terms, jwks, algorithms, issuer })
}

const fault = (reason: string, expected: string, got: string) =>
  authError('invalid_token', `forwarded.${reason}`, { expected, got: got.slice(0, 100).replace(/[^\x21-\x7e]/g, '?') })

/** The identity is for this request and no other. */
function boundTo(judged: TokenPrincipal | AuthError | undefined, request: RequestView): ForwardedPrincipal | AuthError {
  if (judged === undefined) return OTHER
  if (isAuthError(judged)) return judged
  const { htm, path, query } = judged.claims
  const { method = '' } = messageOf(request)
  const target = boundTarget(targetOf(request))
  if (htm !== method) return fault('method', 'an identity for the method of this request', `${htm}`)
  if (path !== target.path) return fault('path', `an identity for ${pathOf(request).slice(0, 100)}`, `${path}`)
  if (query !== target.query) return fault('query', 'an identity for the query of this request', 'another query')
  return principalOf(judged)
}

/** What was shown at the gateway is what can be revoked and what ends; the identity itself is over with the request. */
function principalOf({ expiresAt: _own, credential, ...rest }: TokenPrincipal): ForwardedPrincipal {
  const { cid, ends, scheme } = rest.claims as Claims & { readonly cid?: unknown; readonly ends?: unknown }
  const { id: _jti, ...names } = credential ?? {}
  return Object.freeze({
    ...rest,
    scheme: typeof scheme === 'string' ? scheme : '',
    credential: Object.freeze({ ...names, ...(typeof cid === 'string' && { id: cid }) }),
    ...(typeof ends === 'number' && { expiresAt: ends }),
  })
}
