import { authError, headerLines, messageOf, type RequestView, targetOf } from '@countersign/http'
import type { Condition } from '@countersign/policy'

const UNKNOWN = authError('invalid_request', 'host.unknown', { detail: 'This host is not served here.' })

/**
 * A condition: requests for another host are refused with 400, so that no link, cache entry or password mail is made from a
 * `Host` that a stranger chose. Names are compared in lower case, with their port where one is given: `api.acme.com` is that name
 * on any port. `Host` is what the socket heard, never `X-Forwarded-Host`. Throws a TypeError for what is no host name.
 */
export function knownHosts(hosts: readonly string[]): Condition {
  if (!Array.isArray(hosts) || hosts.length === 0)
    throw new TypeError('knownHosts() takes the names that you are reached by: ["api.acme.com"]')
  const known = new Set(hosts.map(checkedHost))
  const isKnown = (line: string) => {
    const host = line.toLowerCase()
    return known.has(host) || known.has(host.replace(/:\d{1,5}$/, ''))
  }
  return Object.freeze({
    name: 'known hosts',
    refuses: ['invalid_request' as const],
    before(request: RequestView) {
      const lines = headerLines(messageOf(request), 'host')
      // The host of an absolute target counts for more than the header (RFC 9112 section 3.2.2): both must be known.
      const [, target] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(targetOf(request)) ?? []
      const named = target === undefined ? lines : [...lines, target]
      return lines.length === 1 && named.every(isKnown) ? undefined : UNKNOWN
    },
  })
}

function checkedHost(host: unknown): string {
  const named = typeof host === 'string' ? host.toLowerCase() : ''
  if (URL.canParse(`http://${named}`) && /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/.test(named)) return named
  throw new TypeError(`knownHosts(): ${JSON.stringify(host)} is no host name: "api.acme.com" or "localhost:3000"`)
}
