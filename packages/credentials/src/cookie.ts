import { type AuthError, authError, headerLines, messageOf, type RequestView } from '@countersign/http'

const REPEATED = authError('invalid_request', 'cookie.repeated', {
  detail: 'The cookie that carries the credential came more than once.',
})

/**
 * The value of a cookie (RFC 6265 section 4.2), quotes taken off, nothing decoded. `undefined` when it is absent or
 * empty; refuses a repeated name with `invalid_request`: which one a parser takes is a matter of chance.
 */
export function readCookie(request: RequestView, name: string): string | AuthError | undefined {
  let found: string | undefined
  for (const line of headerLines(messageOf(request), 'cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals === -1 || bare(pair.slice(0, equals)) !== name) continue
      if (found !== undefined) return REPEATED
      found = bare(pair.slice(equals + 1))
    }
  }
  if (found !== undefined && found.length > 1 && found.startsWith('"') && found.endsWith('"'))
    found = found.slice(1, -1)
  return found || undefined
}

/** Without spaces and tabs, and no more: `trim` takes U+00A0 too, and a name that began with it would pass for `__Host-…`. */
function bare(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
