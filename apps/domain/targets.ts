import { parse } from 'node:querystring'
import {
  type Answer,
  authError,
  empty,
  headerLines,
  messageOf,
  problem,
  type RequestView,
  targetOf,
} from '@countersign/http'

const MALFORMED = authError('invalid_request', 'target.malformed', { detail: 'The request target is malformed.' })
const UNKNOWN = authError('not_found', 'target.unknown')
/** A percent sign that encodes nothing; a fragment, which no request target has (RFC 9112 section 3.2). */
const STRAY = /%(?![0-9A-Fa-f]{2})|#/

interface Known {
  readonly method: string
  readonly path: string
}
export interface Found<R> {
  readonly route: R
  readonly params: Readonly<Record<string, string>>
}

/**
 * Finds the route for a request target, or the answer for one that has none: 400 malformed, 404, 204 for OPTIONS,
 * 405 with Allow, in that order. Exact case, exact segments; `//` and `;` are part of no path.
 */
export function targetsOf<R extends Known>(routes: readonly R[]) {
  const table = routes.map((route) => ({ route, segments: route.path.split('/') }))
  return (request: RequestView): Found<R> | Answer => {
    const { method } = messageOf(request)
    const target = targetOf(request)
    const path = target.split('?', 1)[0] as string
    if (!target.startsWith('/') || STRAY.test(target) || !isUtf8(target) || !hasHost(request)) return problem(MALFORMED)
    const segments = path.split('/')
    const found = path.includes(';') ? [] : table.filter((one) => matches(one.segments, segments))
    if (found.length === 0) return problem(UNKNOWN)
    const allowed = [
      ...found.map(({ route }) => route.method),
      ...(found.some(({ route }) => route.method === 'GET') ? ['HEAD'] : []),
      'OPTIONS',
    ]
    const open = found.find(({ route }) => route.method === '*')
    if (open) return { route: open.route, params: {} } // it answers every method, OPTIONS too
    if (method === 'OPTIONS') return empty(204, { allow: allowed.join(', ') })
    const wanted = method === 'HEAD' ? 'GET' : method
    const match = found.find(({ route }) => route.method === wanted)
    if (!match)
      return problem(authError('method_not_allowed', 'target.method', { headers: { allow: allowed.join(', ') } }))
    const names = match.segments.flatMap((segment, at) =>
      segment.startsWith(':') ? [[segment.slice(1), decodeURIComponent(segments[at] as string)]] : [],
    )
    return { route: match.route, params: Object.fromEntries(names) }
  }
}

/** RFC 9112 section 3.2: one Host line, which only HTTP/1.0 may leave out. */
function hasHost(request: RequestView): boolean {
  const message = messageOf(request) as ReturnType<typeof messageOf> & { readonly httpVersion?: string }
  const lines = headerLines(message, 'host').length
  return lines === 1 || (lines === 0 && message.httpVersion === '1.0')
}

/** The one query parser of every host: each framework's own stops counting, or joins, elsewhere. */
export function parseQuery(text: string): Record<string, string | string[] | undefined> {
  return parse(text, '&', '=', { maxKeys: 0 })
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    (pattern.at(-1) === '*' ? pattern.length <= segments.length : pattern.length === segments.length) &&
    pattern.every((part, at) => part === '*' || (part.startsWith(':') ? segments[at] !== '' : part === segments[at]))
  )
}

function isUtf8(target: string): boolean {
  try {
    decodeURIComponent(target)
    return true
  } catch {
    return false
  }
}
