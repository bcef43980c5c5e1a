import {
  type AuthError,
  checkOptions,
  type Headers,
  isAuthError,
  json,
  type Maybe,
  messageOf,
  type PublicEndpoint,
  type RequestView,
  targetOf,
} from '@countersign/http'
import { type Decision, provenOf } from '@countersign/policy'
import type { Jwk, JwkSet, LocalIssuer } from '@countersign/tokens'
import { CREDENTIAL_HEADERS, HOP_BY_HOP, IDENTITY_HEADERS, ROUTING_HEADERS } from './header-lists.ts'
import { nameTest, spelled } from './header-name.ts'
import { IDENTITY_HEADER, identityToken, LONGEST } from './identity-token.ts'
import { clockOf, headerOf, secondsOf, textOf } from './options.ts'
import { issuerSigner, keySigner } from './signing-key.ts'
import { stripHeaders } from './strip-headers.ts'

export interface ForwardedIdentityOptions {
  /** A `localIssuer`, whose keys sign and whose name the identities carry; or a name, with `key`. */
  readonly issuer: LocalIssuer | string
  /** A private JWK: Ed25519, P-256 or RSA; or `oct` (32 bytes) where gateway and services share a secret. */
  readonly key?: Jwk
  /** Seconds that an identity lives: 15. At most 30. */
  readonly lifetime?: number
  /** The header that carries it: `Countersign-Identity`. */
  readonly header?: string
  /** Headers that no client may send on, in any spelling: `IDENTITY_HEADERS`. Those that say where a request came from never go on either. */
  readonly identityHeaders?: readonly string[]
  /** Credentials of the client's that go on all the same, such as `cookie`. None. */
  readonly forwardCredentials?: readonly string[]
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

/** Where a request goes on to. */
export interface ForwardTo {
  /** The service, as `forwarded` of that service has it. */
  readonly audience: string
  /** The target as the service gets it, where the gateway changes it: the client's. */
  readonly target?: string
  /** Who called, where no policy said so on this request. `undefined`: nobody. */
  readonly as?: Decision | undefined
}

export interface ForwardedIdentity {
  /**
   * All headers for the request to a service: those of the client that may go on, `X-Forwarded-For`, `-Proto` and `-Host` by the
   * gateway, and who called, by the latest policy that passed; nobody, and there is no identity. Two `Host` lines are
   * `invalid_request`. Rejects with `Unavailable` where the issuer has no key.
   */
  headers(request: RequestView, to: ForwardTo): Maybe<Headers | AuthError>
  /** The public keys (RFC 7517), for `keys` or `jwksUri` of `forwarded`; none of a shared secret. */
  jwks(): Maybe<JwkSet>
  /** `GET /.well-known/jwks.json`, cacheable for 300 s. */
  readonly endpoints: readonly PublicEndpoint[]
}

const MAKER = 'forwardedIdentity()'
const OPTIONS = ['issuer', 'key', 'lifetime', 'header', 'identityHeaders', 'forwardCredentials', 'clock']
const HOST = /^[A-Za-z0-9.\-:[\]_]{1,255}$/
const MAX_AGE = 300

/**
 * The gateway's half: takes off what a client says of itself, and says to one service, for one request, who called: a JWT bound to
 * method, path, query and audience. `forwarded` is the other half. Throws a TypeError for wrong options.
 */
export function forwardedIdentity(options: ForwardedIdentityOptions): ForwardedIdentity {
  checkOptions(MAKER, options, OPTIONS)
  const { issuer, key } = options ?? {}
  if (typeof issuer === 'object' && issuer !== null && key !== undefined)
    throw new TypeError(`${MAKER}: key goes with a name as issuer: a localIssuer signs with its own`)
  const signer =
    typeof issuer === 'object' && issuer !== null
      ? issuerSigner(MAKER, issuer)
      : keySigner(MAKER, textOf(MAKER, 'issuer', issuer, 'a localIssuer, or the name of the gateway with `key`'), key)
  const lifetime = secondsOf(MAKER, 'lifetime', options.lifetime ?? 15, 1, LONGEST)
  const header = headerOf(MAKER, options.header ?? IDENTITY_HEADER).toLowerCase()
  const clock = clockOf(MAKER, options.clock)
  const isIdentity = nameTest(MAKER, 'identityHeaders', options.identityHeaders ?? IDENTITY_HEADERS)
  const isOther = nameTest(MAKER, 'headers', [header, ...ROUTING_HEADERS, ...HOP_BY_HOP])
  const isCredential = nameTest(MAKER, 'headers', CREDENTIAL_HEADERS)
  const mayGoOn = nameTest(MAKER, 'forwardCredentials', options.forwardCredentials ?? [])
  for (const name of options.forwardCredentials ?? [])
    if (!isCredential(spelled(name)))
      throw new TypeError(
        `${MAKER}: forwardCredentials takes ${CREDENTIAL_HEADERS.join(', ')}; other headers go on anyway`,
      )
  const drop = (name: string) => isOther(name) || isIdentity(name) || (isCredential(name) && !mayGoOn(name))

  function headers(request: RequestView, to: ForwardTo): Maybe<Headers | AuthError> {
    const audience = textOf(MAKER, 'audience', to?.audience, 'the service that the request goes to')
    const message = messageOf(request)
    const kept = stripHeaders(message, drop)
    if (isAuthError(kept)) return kept
    Object.assign(kept, whereFrom(request))
    const caller = 'as' in to ? to.as : provenOf(request)
    if (!caller) return kept
    const leg = { audience, method: message.method ?? 'GET', target: to.target ?? targetOf(request) }
    const name = (signing: Parameters<typeof identityToken>[3]): Headers => {
      const terms = { issuer: signer.issuer, lifetime, now: clock() }
      kept[header] = identityToken(caller.principal, caller.scheme, leg, signing, terms)
      return kept
    }
    const signing = signer.signing()
    return signing instanceof Promise ? signing.then(name) : name(signing)
  }

  const answer = (set: JwkSet) => json(200, set, { 'cache-control': `public, max-age=${MAX_AGE}` })
  const endpoint: PublicEndpoint = {
    method: 'GET',
    path: '/.well-known/jwks.json',
    handle() {
      const set = signer.jwks()
      return set instanceof Promise ? set.then(answer) : answer(set)
    },
  }
  const endpoints = typeof issuer === 'object' ? issuer.endpoints : Object.freeze([Object.freeze(endpoint)])
  return Object.freeze({ headers, jwks: () => signer.jwks(), endpoints })
}

/** What the gateway knows of the connection, or its framework of the proxies before it. The host is the client's word. */
function whereFrom(request: RequestView): Record<string, string> {
  const { socket, headers } = messageOf(request)
  const { remoteAddress, encrypted } = socket as { readonly remoteAddress?: string; readonly encrypted?: boolean }
  const address = request.ip ?? remoteAddress
  const host = headers.host ?? ''
  return {
    ...(address !== undefined && { 'x-forwarded-for': address }),
    'x-forwarded-proto': request.protocol ?? (encrypted ? 'https' : 'http'),
    ...(typeof host === 'string' && HOST.test(host) && { 'x-forwarded-host': host }),
  }
}
