import { type AuthError, authError, headerLines, isLoopback, messageOf, type RequestView } from '@countersign/http'

/** Names that a browser resolves to this machine, whoever asks. */
const THIS_MACHINE: readonly string[] = ['localhost', '127.0.0.1', '[::1]']
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/

/**
 * Says which requests may come at all, against DNS rebinding: `Host` must be that of the resource or one of `hosts`; an
 * `Origin`, which browsers send, that of the resource or one of `origins`. Else `access_denied` (403), token or not. What
 * `X-Forwarded-Host` says is anybody's word, and not looked at. MCP, Transports, Security Warning.
 */
export function admission(
  resource: URL,
  hosts: readonly string[] = [],
  origins: readonly string[] = [],
): (request: RequestView) => AuthError | undefined {
  const names = isLoopback(resource) ? [...new Set([resource.hostname, ...THIS_MACHINE])] : [resource.hostname]
  const port = resource.port === '' ? '' : `:${resource.port}`
  const ownHosts = [...names.map((name) => `${name}${port}`), ...hosts]
  const ownOrigins = [...names.map((name) => `${resource.protocol}//${name}${port}`), ...origins]
  // A client may write the port that goes without saying.
  const spelledOut = port === '' ? names.map((name) => `${name}:${DEFAULT_PORTS[resource.protocol]}`) : []
  const known = { hosts: new Set([...ownHosts, ...spelledOut]), origins: new Set(ownOrigins) }
  return (request) => {
    const message = messageOf(request)
    const host = [...headerLines(message, 'host'), ...headerLines(message, ':authority')] // of HTTP/2, the latter
    if (host.length === 0 || !host.every((line) => known.hosts.has(line.toLowerCase())))
      return authError('access_denied', 'request.host', {
        detail: 'This server is not called what the Host of the request says.',
        expected: ownHosts.join(' or '),
        got: shown(host),
      })
    const origin = headerLines(message, 'origin')
    if (!origin.every((line) => known.origins.has(line)))
      return authError('access_denied', 'request.origin', {
        detail: 'Pages of the Origin of the request may not call this server.',
        expected: ownOrigins.join(' or '),
        got: shown(origin),
      })
    return undefined
  }
}

/** Anybody's words: nothing of them may move a terminal. */
function shown(lines: readonly string[]): string {
  return lines.length === 0 ? 'none' : JSON.stringify(lines.join(', ').slice(0, 100)).replace(/[^\x20-\x7e]/g, '?')
}

/** Throws a TypeError for what no request could ever say. */
export function checkAdmission(maker: string, hosts: unknown, origins: unknown): void {
  if (!isListOf(HOST, hosts))
    throw new TypeError(
      `${maker}: "hosts" must list what a proxy writes into Host, in lower case and with the port: ['mcp.internal:8080']`,
    )
  if (!isListOf(ORIGIN, origins))
    throw new TypeError(
      `${maker}: "origins" must list the origins of pages that may call this server, each whole: ['https://app.acme.com']`,
    )
}

function isListOf(pattern: RegExp, list: unknown): boolean {
  return (
    list === undefined ||
    (Array.isArray(list) && list.every((one: unknown) => typeof one === 'string' && pattern.test(one)))
  )
}
