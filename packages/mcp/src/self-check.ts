import { parseChallenges } from '@countersign/credentials'
import { checkOptions, isAuthError } from '@countersign/http'
import { type Fetch, type Fetched, fetchBounded, fetchVia } from './fetch-bounded.ts'
import type { ProtectedResource } from './protected-resource.ts'

/** Something that would keep clients from finding their way, and what to do. */
export interface Finding {
  /** What was looked at: the metadata document, the 401 of the resource, or an authorization server. */
  readonly part: 'document' | 'challenge' | 'issuer'
  readonly url: string
  readonly found: string
  readonly remedy: string
}

export interface CheckResourceOptions {
  /**
   * Where this server is reached from here, such as `http://127.0.0.1:3000`, where its public name is not: asked in place of the
   * resource's origin, with the resource's `Host`. What a proxy does is not seen then.
   */
  readonly via?: string
  /** In place of the global one: behind a proxy for what goes out, say. */
  readonly fetch?: Fetch
  /** Milliseconds for each request: 5000. */
  readonly timeout?: number
}

type Checked = Pick<ProtectedResource, 'resource' | 'metadataUrl' | 'issuers'>
type Ask = (url: string, init?: RequestInit) => Promise<Fetched>

/**
 * Walks a client's way once, as far as it goes without a token: the metadata document, the 401 of the resource, the metadata of
 * each authorization server. Returns what is wrong, each with what to do; nothing when all is well. Follows no redirect, reads at
 * most 1 MiB of an answer. RFC 9728 sections 3.3 and 5, RFC 8414 section 3.3.
 */
export async function checkResource(
  resource: Checked,
  options: CheckResourceOptions = {},
): Promise<readonly Finding[]> {
  if (typeof resource?.metadataUrl !== 'string') throw new TypeError('checkResource() takes a protectedResource({ … })')
  checkOptions('checkResource()', options, ['via', 'fetch', 'timeout'])
  const { via, fetch: given = fetch, timeout = 5000 } = options
  if (via !== undefined && !URL.canParse(via)) throw new TypeError('checkResource(): "via" must be a URL')
  const ask: Ask = (url, init) => fetchBounded(given, url, timeout, init)
  const across = via === undefined ? given : fetchVia(via)
  const here: Ask = (url, init) => fetchBounded(across, url, timeout, init)
  const found = await Promise.all([
    ofDocument(resource, here),
    ofChallenge(resource, here),
    ...resource.issuers.map((issuer) => ofIssuer(issuer, ask)),
  ])
  return Object.freeze(found.flat())
}

/** The same at start-up, once the server listens: rejects with an error that lists the findings, each with its remedy. */
export async function assertResource(resource: Checked, options?: CheckResourceOptions): Promise<void> {
  const findings = await checkResource(resource, options)
  if (findings.length === 0) return
  const lines = findings.map(({ part, url, found, remedy }) => `  ${part} ${url}: ${found}. ${remedy}`)
  throw new Error(`clients would not find their way to ${resource.resource}:\n${lines.join('\n')}`)
}

async function ofDocument({ resource, metadataUrl, issuers }: Checked, ask: Ask): Promise<Finding[]> {
  const tell = (found: string, remedy: string): Finding[] => [{ part: 'document', url: metadataUrl, found, remedy }]
  const answer = await ask(metadataUrl, { headers: { accept: 'application/json' } })
  if ('fault' in answer) return tell(answer.fault, UNREACHABLE)
  if (answer.status !== 200)
    return tell(
      `answers ${answer.status}`,
      'Mount `endpoints` on the root of the server, under no prefix. A proxy must hand this path on, as it is; where it cannot, say with `metadataUrl` where the document is',
    )
  const { resource: named, authorization_servers: servers } = objectIn(answer.body)
  if (named !== resource)
    return tell(
      `is of the resource ${JSON.stringify(named)}, not of ${resource}`,
      'Clients refuse that (RFC 9728 section 3.3). Another server answers there, or `resource` is not the URL that clients use',
    )
  if (JSON.stringify(servers) !== JSON.stringify(issuers))
    return tell('names other authorization servers', 'Another version of the server answers there: deploy one')
  return []
}

async function ofChallenge({ resource, metadataUrl }: Checked, ask: Ask): Promise<Finding[]> {
  const tell = (found: string, remedy: string): Finding[] => [{ part: 'challenge', url: resource, found, remedy }]
  const answer = await ask(resource, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  })
  if ('fault' in answer) return tell(answer.fault, UNREACHABLE)
  const remedy = REMEDY_BY_STATUS[answer.status >= 200 && answer.status < 300 ? 200 : answer.status]
  if (answer.status !== 401)
    return tell(`answers ${answer.status} to a request without a token, not 401`, remedy ?? OTHER)
  const challenges = parseChallenges(answer.challenge)
  const named = isAuthError(challenges) ? [] : challenges.map(({ params }) => params.resource_metadata)
  if (named.includes(metadataUrl)) return []
  const said = named.find((one) => one !== undefined)
  return tell(
    said === undefined ? 'a 401 without resource_metadata' : `a 401 that names ${said} as resource_metadata`,
    'Put the policy with bearer() of this very value before the handler; a proxy must keep WWW-Authenticate as it is',
  )
}

const UNREACHABLE = 'Check name, port and proxy; where this machine cannot reach its public name, say `via`'
const OTHER = 'Something before the server answers, or the path is another: see what its log says'
const REMEDY_BY_STATUS: Readonly<Record<number, string>> = {
  200: 'Nothing protects it: put protect(policy) before the handler',
  403: 'A proxy writes its own Host: let it keep that of the client, or name its own in `hosts`',
  404: 'The server has the handler on another path: a proxy that takes off or adds a prefix must do so for this one',
}

async function ofIssuer(issuer: string, ask: Ask): Promise<Finding[]> {
  const tell = (url: string, found: string, remedy: string): Finding[] => [{ part: 'issuer', url, found, remedy }]
  let last: Finding[] = []
  for (const url of metadataUrlsOf(issuer)) {
    const answer = await ask(url, { headers: { accept: 'application/json' } })
    if ('fault' in answer) return tell(url, answer.fault, 'Check that `issuers` has the right URL, and that it is up')
    if (answer.status !== 200) {
      last = tell(url, `answers ${answer.status}`, 'It publishes no metadata there: `issuers` must have its exact URL')
      continue
    }
    const { issuer: named, code_challenge_methods_supported: methods, ...rest } = objectIn(answer.body)
    if (named !== issuer)
      return tell(
        url,
        `is of the issuer ${JSON.stringify(named)}`,
        `Write it so in \`issuers\`: a slash at the end counts`,
      )
    if (typeof rest.authorization_endpoint !== 'string' || typeof rest.token_endpoint !== 'string')
      return tell(url, 'names no authorization or token endpoint', 'Clients cannot get tokens from it: choose another')
    if (!Array.isArray(methods) || !methods.includes('S256'))
      return tell(url, 'does not say that it takes PKCE with S256', 'MCP clients refuse it then: switch PKCE on there')
    return []
  }
  return last
}

/** In the order in which MCP clients try them: RFC 8414 section 3.1, OpenID Connect Discovery section 4. */
function metadataUrlsOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const [oauth, openid] = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']
  return [...new Set([`${origin}${oauth}${path}`, `${origin}${openid}${path}`, `${origin}${path}${openid}`])]
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
