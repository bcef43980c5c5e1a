import { type AuthError, authError, headerLines, isAuthError, messageOf, type RequestView } from '@countersign/http'
import { CREDENTIAL_LIMIT, TOO_LONG } from './authorization.ts'
import { readQuery } from './query.ts'

export interface ApiKeyCredential {
  readonly kind: 'apiKey'
  readonly key: string
  readonly from: 'header' | 'query'
}

const REPEATED = authError('invalid_request', 'api-key.repeated', {
  detail: 'The request has more than one API key.',
  expected: 'one API key',
})
const GRAMMAR = authError('invalid_request', 'api-key.grammar', {
  detail: 'The API key is empty or has a character that no key has.',
  expected: 'visible ASCII characters',
})
const VISIBLE = /^[\x21-\x7e]+$/

/** The header an API key is read from unless others are named. */
export const API_KEY_HEADERS: readonly string[] = Object.freeze(['X-API-Key'])

/**
 * Reads an API key from any of the named headers, and from a query parameter only where one is named (the header
 * decides). `undefined` when there is none; refuses two keys, an empty one, one with a space or a control
 * character, and one over 8 KiB, with `invalid_request`.
 */
export function readApiKey(
  request: RequestView,
  where: { readonly header?: readonly string[]; readonly query?: string } = {},
): ApiKeyCredential | AuthError | undefined {
  const message = messageOf(request)
  let key: string | undefined
  for (const name of where.header ?? API_KEY_HEADERS) {
    for (const line of headerLines(message, name.toLowerCase())) {
      if (key !== undefined) return REPEATED
      key = line
    }
  }
  let from: 'header' | 'query' = 'header'
  if (key === undefined && where.query !== undefined) {
    const value = readQuery(request, where.query)
    if (value === undefined || isAuthError(value)) return value
    key = value
    from = 'query'
  }
  if (key === undefined) return undefined
  if (key.length > CREDENTIAL_LIMIT) return TOO_LONG
  return VISIBLE.test(key) ? { kind: 'apiKey', key, from } : GRAMMAR
}
