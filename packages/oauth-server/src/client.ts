import { checkOptions, isLoopback, isSafeUrl } from '@countersign/http'
import type { JwkSet } from '@countersign/tokens'
import { hashClientSecret, isSecretHash } from './client-secret.ts'

/** How a client may come to tokens. `authorization_code` always with PKCE (S256). */
export type GrantType = 'authorization_code' | 'refresh_token' | 'client_credentials' | 'device_code'

/** An application that asks for tokens. With a secret or keys it is confidential, otherwise public. */
export interface OAuthClient {
  readonly id: string
  /** As people read it where they consent: the id unless told otherwise. */
  readonly name?: string
  /** Where it may be answered, exactly. A loopback address (RFC 8252 section 7.3) counts with any port. */
  readonly redirectUris?: readonly string[]
  /** `authorization_code` and `refresh_token` where there are `redirectUris`; else `client_credentials`. */
  readonly grants?: readonly GrantType[]
  /** Scopes of resources that it may ask for: all where users decide; must be said for `client_credentials`. */
  readonly scopes?: readonly string[]
  /** 32 random bytes or more; only a hash of it is held. */
  readonly secret?: string
  /** What `hashClientSecret` made of the secret. */
  readonly secretHash?: string
  /** Public keys for `private_key_jwt` (RFC 7523), in place of a secret. */
  readonly jwks?: JwkSet
  /** `false`: it is yours, and nobody is asked for consent. Not for public clients that anyone can imitate. */
  readonly consent?: boolean
  /** It serves this resource, and so may introspect the tokens that are for it (RFC 7662). */
  readonly resource?: string
  /** Its tokens are always bound to a key of its own (RFC 9449). */
  readonly dpopBound?: boolean
  /** It must push its authorization requests (RFC 9126). */
  readonly pushedRequests?: boolean
  readonly postLogoutRedirectUris?: readonly string[]
  /** Where it hears that a session ended (OpenID Connect Back-Channel Logout 1.0). */
  readonly backchannelLogoutUri?: string
  /** Shown where people consent, with the next; https. */
  readonly policyUri?: string
  readonly tosUri?: string
}

const OPTIONS: readonly (keyof OAuthClient)[] = [
  'id',
  'name',
  'redirectUris',
  'grants',
  'scopes',
  'secret',
  'secretHash',
  'jwks',
  'consent',
  'resource',
  'dpopBound',
  'pushedRequests',
  'postLogoutRedirectUris',
  'backchannelLogoutUri',
  'policyUri',
  'tosUri',
]

/** As the RFCs name them. */
export const GRANTS: Readonly<Record<GrantType, string>> = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
}

/** What a client comes with in the language of the metadata, and what that has no word for. */
export interface KnownClient {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly consent: boolean
  readonly resource?: string
}

/** Checks a client and puts it into RFC 7591 names. Throws TypeErrors. `identity`: scopes that every client of users may ask for. */
export function knownClient(client: OAuthClient, identity: readonly string[]): KnownClient {
  checkOptions('oauthServer: a client', client, OPTIONS)
  const { id, redirectUris = [], scopes, secret, secretHash, jwks, resource } = client
  const fault = (what: string) => new TypeError(`oauthServer: client ${JSON.stringify(id)}: ${what}`)
  if (typeof id !== 'string' || id === '') throw new TypeError('oauthServer: a client needs an id, a string')
  if ([secret, secretHash, jwks].filter((one) => one !== undefined).length > 1)
    throw fault('one of `secret`, `secretHash` and `jwks` is enough')
  if (secret !== undefined && (typeof secret !== 'string' || secret.length < 16))
    throw fault('`secret` must be text of 16 characters at least, random ones')
  if (secretHash !== undefined && !isSecretHash(secretHash))
    throw fault('`secretHash` must be what hashClientSecret(secret) gave')
  if (!Array.isArray(redirectUris)) throw fault('`redirectUris` must be a list')
  const grants =
    client.grants ?? (redirectUris.length > 0 ? ['authorization_code', 'refresh_token'] : ['client_credentials'])
  const unknown = grants.find((grant) => !Object.hasOwn(GRANTS, grant))
  if (unknown !== undefined)
    throw fault(`there is no grant ${JSON.stringify(unknown)}: ${Object.keys(GRANTS).join(', ')}`)
  const isConfidential = secret !== undefined || secretHash !== undefined || jwks !== undefined
  const isService = grants.includes('client_credentials')
  if (isService && !isConfidential) throw fault('client_credentials needs a `secret`, a `secretHash` or `jwks`')
  if (isService && scopes === undefined)
    throw fault('`scopes` must say what client_credentials may get; an empty list is nothing')
  if (grants.includes('authorization_code') !== redirectUris.length > 0)
    throw fault('`redirectUris` and the grant authorization_code go together')
  for (const uri of redirectUris)
    if (!isRedirect(uri))
      throw fault(
        `redirect URI ${JSON.stringify(uri)} must be https, http on a loopback address, or a scheme of the application's own with a dot in it; no fragment`,
      )
  if (client.consent === false && !isConfidential && !redirectUris.every((uri) => uri.startsWith('https:')))
    throw fault(
      '`consent: false` is for clients with a secret, keys, or https redirects alone: others are easily imitated',
    )
  const isOfUsers = grants.some((grant) => grant === 'authorization_code' || grant === 'device_code')
  const stored = secretHash ?? (secret === undefined ? undefined : hashClientSecret(secret))
  const optional = {
    client_secret: stored,
    jwks,
    // The metadata has no word for "none": `openid` allows a client that speaks for itself nothing.
    scope: scopes && ([...scopes, ...(isOfUsers ? identity : [])].join(' ') || 'openid'),
    policy_uri: client.policyUri,
    tos_uri: client.tosUri,
    backchannel_logout_uri: client.backchannelLogoutUri,
    backchannel_logout_session_required: client.backchannelLogoutUri === undefined ? undefined : true,
    dpop_bound_access_tokens: client.dpopBound,
    require_pushed_authorization_requests: client.pushedRequests,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
  }
  return {
    metadata: {
      client_id: id,
      client_name: client.name ?? id,
      redirect_uris: [...redirectUris],
      grant_types: grants.map((grant) => GRANTS[grant]),
      response_types: redirectUris.length > 0 ? ['code'] : [],
      application_type: isNative(redirectUris) ? 'native' : 'web',
      token_endpoint_auth_method: jwks ? 'private_key_jwt' : isConfidential ? 'client_secret_basic' : 'none',
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    },
    consent: client.consent !== false,
    ...(resource !== undefined && { resource }),
  }
}

/** Clients that run on the user's own device: every redirect is to a loopback address or to a scheme of their own. */
export function isNative(redirectUris: readonly string[]): boolean {
  return redirectUris.length > 0 && redirectUris.every((uri) => !uri.startsWith('https:'))
}

/** Whether a code may be sent there: over TLS, to this machine, or to an application that owns the scheme (RFC 8252). */
export function isRedirect(uri: unknown): uri is string {
  if (typeof uri !== 'string' || !URL.canParse(uri) || uri.includes('#')) return false
  const { protocol } = new URL(uri)
  if (protocol === 'https:') return isSafeUrl(uri)
  if (protocol === 'http:') return isLoopback(uri) && isSafeUrl(uri)
  return /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/i.test(protocol)
}
