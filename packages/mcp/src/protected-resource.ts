import {
  type AuthError,
  checkOptions,
  isSafeUrl,
  json,
  type Maybe,
  type Principal,
  type PublicEndpoint,
  type TokenVerifier,
  type UnboundIssuer,
} from '@countersign/http'

export interface ProtectedResourceOptions<P extends Principal = Principal> {
  /** The URL at which clients reach it, with https (http on this host): also the `aud` that its tokens must carry. */
  readonly resource: string
  /** Who may issue tokens for it: `remoteIssuer(url)`, without an audience. */
  readonly issuers: readonly UnboundIssuer<P>[]
  /** `scopes_supported` of the document. */
  readonly scopes?: readonly string[]
  /** `resource_name` of the document, for people. */
  readonly name?: string
}

/** One value that says what the resource is: to the verifier, to the challenge and to the metadata document. */
export interface ProtectedResource<P extends Principal = Principal> extends TokenVerifier<P> {
  readonly resource: string
  /** Where the metadata document is: `resource_metadata` of a challenge (RFC 9728 section 5.1). */
  readonly metadataUrl: string
  /** For `mount` of an adapter: the document, on the server's own root, whatever its path says. */
  readonly endpoints: readonly PublicEndpoint[]
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/**
 * A resource that OAuth clients find their way to by themselves, such as an MCP server. `bearer` takes it as a verifier: tokens
 * must be issued for this very resource by one of `issuers`, and a 401 carries `resource_metadata`. Throws a TypeError for wrong
 * options. RFC 9728, RFC 8707.
 */
export function protectedResource<P extends Principal>(options: ProtectedResourceOptions<P>): ProtectedResource<P> {
  checkOptions('protectedResource()', options, ['resource', 'issuers', 'scopes', 'name'])
  const { resource, issuers, scopes, name } = options ?? {}
  const url = urlOf(resource)
  if (!Array.isArray(issuers) || issuers.length === 0 || !issuers.every(isIssuer))
    throw new TypeError(
      'protectedResource(): "issuers" must be a list of remoteIssuer(url), without an audience: the resource is the audience',
    )
  const names = issuers.map(({ issuer }) => issuer)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new TypeError(`protectedResource(): "issuers" has two issuers ${twice}: the first one's no is final`)
  if (scopes !== undefined && !Array.isArray(scopes))
    throw new TypeError('protectedResource(): "scopes" must be a list of scopes')
  const path = `${WELL_KNOWN}${url.pathname === '/' ? '' : url.pathname}`
  const metadataUrl = `${url.origin}${path}${url.search}`
  const document = {
    resource,
    authorization_servers: names,
    bearer_methods_supported: ['header'],
    ...(scopes && { scopes_supported: scopes }),
    ...(name !== undefined && { resource_name: name }),
  }
  const verifiers = issuers.map((issuer) => issuer.forAudience(resource))
  // Browsers' clients read it from anywhere: it holds no secret.
  const answer = json(200, document, { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' })
  const endpoint: PublicEndpoint = { method: 'GET', path, handle: () => answer }

  function ask(at: number, token: string): Maybe<P | AuthError | undefined> {
    const verifier = verifiers[at]
    if (!verifier) return undefined
    const judged = verifier.verify(token)
    return judged instanceof Promise
      ? judged.then((result) => result ?? ask(at + 1, token))
      : (judged ?? ask(at + 1, token))
  }
  return Object.freeze({
    resource,
    metadataUrl,
    issuers: Object.freeze(names),
    endpoints: Object.freeze([Object.freeze(endpoint)]),
    challenge: Object.freeze({ resource_metadata: metadataUrl }),
    verify: (token: string) => ask(0, token),
  })
}

function isIssuer(value: Partial<UnboundIssuer>): boolean {
  return typeof value?.issuer === 'string' && typeof value.forAudience === 'function'
}

function urlOf(resource: unknown): URL {
  if (isSafeUrl(resource) && !resource.includes('#')) return new URL(resource)
  throw new TypeError(
    'protectedResource(): "resource" must be the URL of the resource with https (http on this host) and without a fragment, such as https://api.acme.com/mcp',
  )
}
