import {
  type AuthError,
  checkOptions,
  isSafeUrl,
  json,
  type Maybe,
  type Principal,
  type PublicEndpoint,
  type RequestView,
  type TokenVerifier,
  type UnboundIssuer,
} from '@countersign/http'
import { admission, checkAdmission } from './admission.ts'

export interface ProtectedResourceOptions<P extends Principal = Principal> {
  /**
   * The URL at which clients reach it, before any proxy, with https (http on this host): also the `aud` that its tokens must
   * carry, and the `Host` that requests must name.
   */
  readonly resource: string
  /** Who may issue tokens for it: `remoteIssuer(url)` without an audience, or a `localIssuer`. */
  readonly issuers: readonly UnboundIssuer<P>[]
  /** `scopes_supported` of the document. */
  readonly scopes?: readonly string[]
  /** `resource_name` of the document, for people. */
  readonly name?: string
  /** Origins of pages that may call it from a browser, beside its own: `https://app.acme.com`. */
  readonly origins?: readonly string[]
  /** Further values of `Host`, for a proxy that writes its own there: `mcp.internal:8080`. */
  readonly hosts?: readonly string[]
  /**
   * Where clients get the document, where a proxy hands on no path on its root: on the origin of `resource`, and with
   * `/.well-known/oauth-protected-resource` in its path. Left out: on the root (RFC 9728 section 3.1).
   */
  readonly metadataUrl?: string
}

/** One value that says what the resource is: to the verifier, to the challenge and to the metadata document. */
export interface ProtectedResource<P extends Principal = Principal> extends TokenVerifier<P> {
  readonly resource: string
  /** Where the metadata document is: `resource_metadata` of a challenge (RFC 9728 section 5.1). */
  readonly metadataUrl: string
  /** Whose tokens it takes: `authorization_servers` of the document. */
  readonly issuers: readonly string[]
  /** What each policy with `bearer` of this value asks first: 403 for a `Host` or `Origin` that is none of its own. */
  admit(request: RequestView): AuthError | undefined
  /** For `mount` of an adapter: the document, on the server's own root, whatever the path of `resource` is. */
  readonly endpoints: readonly PublicEndpoint[]
}

const MAKER = 'protectedResource()'
const OPTIONS = ['resource', 'issuers', 'scopes', 'name', 'origins', 'hosts', 'metadataUrl'] as const
const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/**
 * A resource that OAuth clients find their way to by themselves, such as an MCP server. `bearer` takes it as a verifier: requests
 * must name its host and come from no foreign page (403), tokens must be issued for this very resource by one of `issuers`, and a
 * 401 carries `resource_metadata`. Throws a TypeError for wrong options. RFC 9728, RFC 8707.
 */
export function protectedResource<P extends Principal>(options: ProtectedResourceOptions<P>): ProtectedResource<P> {
  checkOptions(MAKER, options, OPTIONS)
  const { resource, issuers, scopes, name, origins, hosts } = options ?? {}
  const url = urlOf(resource)
  if (!Array.isArray(issuers) || issuers.length === 0 || !issuers.every(isIssuer))
    throw new TypeError(
      `${MAKER}: "issuers" must be a list of remoteIssuer(url), without an audience: the resource is the audience`,
    )
  const names = issuers.map(({ issuer }) => issuer)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new TypeError(`${MAKER}: "issuers" has two issuers ${twice}: the first one's no is final`)
  if (scopes !== undefined && !Array.isArray(scopes)) throw new TypeError(`${MAKER}: "scopes" must be a list of scopes`)
  checkAdmission(MAKER, hosts, origins)
  const path = `${WELL_KNOWN}${url.pathname === '/' ? '' : url.pathname}`
  const metadataUrl = metadataUrlOf(options.metadataUrl, url) ?? `${url.origin}${path}${url.search}`
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
  const endpoints = pathsOf(path, metadataUrl).map(
    (one): PublicEndpoint => Object.freeze({ method: 'GET', path: one, handle: () => answer }),
  )

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
    admit: admission(url, hosts, origins),
    endpoints: Object.freeze(endpoints),
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

function metadataUrlOf(given: unknown, resource: URL): string | undefined {
  if (given === undefined) return undefined
  if (isSafeUrl(given) && !given.includes('#')) {
    const { origin, pathname } = new URL(given)
    if (origin === resource.origin && pathname.includes(WELL_KNOWN)) return given
  }
  throw new TypeError(
    `${MAKER}: "metadataUrl" must be a URL on the origin of "resource" with ${WELL_KNOWN} in its path, such as https://api.acme.com/v1${WELL_KNOWN}/mcp`,
  )
}

/** Where a request for the document may arrive: on the root, where `metadataUrl` says, and there without its prefix. */
function pathsOf(root: string, metadataUrl: string): readonly string[] {
  const { pathname } = new URL(metadataUrl)
  return [...new Set([root, pathname, pathname.slice(pathname.indexOf(WELL_KNOWN))])]
}
