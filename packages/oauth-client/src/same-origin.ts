import { type AuthError, authError, headerLines, messageOf, type RequestView } from '@countersign/http'

const refused = (expected: string) => ({
  detail: 'The request did not come from a page that may send it.',
  expected,
})
const SITE = authError('access_denied', 'csrf.site', refused('Sec-Fetch-Site: same-origin'))
const ORIGIN = authError('access_denied', 'csrf.origin', refused('an Origin that is listed'))
const UNKNOWN = authError('access_denied', 'csrf.unknown', refused('Sec-Fetch-Site or Origin'))
const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Why a request that carries a cookie is refused: it would change something, and no page of these origins (the first is this
 * server's own) sent it, or nothing says which did. Every browser in use sends `Sec-Fetch-Site` or, with an unsafe method, `Origin`. A WebSocket begins as a GET
 * that other origins may send with cookies, so it is held to the same.
 */
export function crossOrigin(request: RequestView, origins: readonly string[]): AuthError | undefined {
  const message = messageOf(request)
  if (SAFE.has(message.method) && headerLines(message, 'upgrade').length === 0) return undefined
  const sites = headerLines(message, 'sec-fetch-site')
  const [from, ...more] = headerLines(message, 'origin')
  // `null` says nothing: pages with `Referrer-Policy: no-referrer` send it to their own origin too.
  const isNamed = from !== undefined && from !== 'null'
  if (more.length > 0 || (isNamed && !origins.includes(from))) return ORIGIN
  // Another origin that is listed: its requests are cross-origin, and meant to be.
  if (isNamed && from !== origins[0]) return undefined
  if (sites.some((site) => site !== 'same-origin')) return SITE
  return sites.length === 0 && !isNamed ? UNKNOWN : undefined
}
