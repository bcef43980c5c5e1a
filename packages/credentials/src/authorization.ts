import { type AuthError, authError, headerLines, messageOf, type RequestView } from '@countersign/http'

const REPEATED = authError('invalid_request', 'authorization.repeated', {
  detail: 'The request has more than one Authorization header.',
  expected: 'one Authorization header',
})
const EMPTY = authError('invalid_request', 'authorization.empty', {
  detail: 'The Authorization header names a scheme and no credential.',
})

/** Characters a credential may have: 8 KiB. */
export const CREDENTIAL_LIMIT = 8192

export const TOO_LONG: AuthError = authError('invalid_request', 'credential.length', {
  detail: 'The credential is longer than 8 KiB.',
  expected: `at most ${CREDENTIAL_LIMIT} characters`,
})

/**
 * What follows the scheme in the `Authorization` header (RFC 9110 section 11.6.2), `undefined` when no header names
 * this scheme. `scheme` must be lower case. Refuses with `invalid_request`: a second `Authorization` line, no
 * credential after the scheme, more than 8 KiB.
 */
export function readAuthorization(request: RequestView, scheme: string): string | AuthError | undefined {
  const lines = headerLines(messageOf(request), 'authorization')
  if (lines.length === 0) return undefined
  if (lines.length > 1) return lines.some((line) => namesScheme(line, scheme)) ? REPEATED : undefined
  const line = lines[0] as string
  if (!namesScheme(line, scheme)) return undefined
  let start = scheme.length
  while (line.charCodeAt(start) === 32) start++
  if (start === line.length) return EMPTY
  if (line.length - start > CREDENTIAL_LIMIT) return TOO_LONG
  return line.slice(start)
}

function namesScheme(line: string, scheme: string): boolean {
  if (line.length < scheme.length) return false
  // A token character right after the name makes it another scheme: `BearerX`.
  if (line.length > scheme.length && isTokenCharacter(line.charCodeAt(scheme.length))) return false
  return line.slice(0, scheme.length).toLowerCase() === scheme
}

function isTokenCharacter(code: number): boolean {
  return code !== 32 && code < 128 && /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code))
}
