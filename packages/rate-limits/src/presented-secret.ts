import { hash, randomBytes } from 'node:crypto'
import { API_KEY_HEADERS, readCookie } from '@countersign/credentials'
import { headerLines, isAuthError, messageOf, type RequestView } from '@countersign/http'

/** Where `by: 'secret'` looks, beside `Authorization`. */
export interface SecretSources {
  /** Names of headers that hold an API key: `X-API-Key`. */
  readonly headers?: readonly string[]
  /** The name of a cookie that holds a token or a session: none. */
  readonly cookie?: string
  /** Text of 32 characters or more that the digests depend on; the same in all processes. Random, unless the store is shared. */
  readonly key?: string
}

/**
 * Reads a keyed SHA-256 of each secret that a request presents, one for each place. Each counts for itself, so
 * that something worthless in one place makes no new bucket for the secret in another.
 */
export function secretReader({ headers = API_KEY_HEADERS, cookie, key }: SecretSources) {
  const names = ['authorization', ...headers.map((name) => name.toLowerCase())]
  const digestKey = key ?? randomBytes(32).toString('base64url')
  return (request: RequestView): readonly string[] => {
    const message = messageOf(request)
    const found: string[] = []
    for (const name of names) {
      const [line] = headerLines(message, name)
      if (line) found.push(name === 'authorization' ? oneSpelling(line) : line)
    }
    const value = cookie === undefined ? undefined : readCookie(request, cookie)
    if (value !== undefined && !isAuthError(value)) found.push(value)
    // Hashed once more into the key of a bucket, so nobody sees a digest that could be lengthened. An HMAC costs ten times as much.
    return found.map((secret) => hash('sha256', `${digestKey.length}:${digestKey}${secret}`, 'base64url'))
  }
}

/** `bearer  x` is `Bearer x` (RFC 9110 section 11.1): another spelling is no other secret. */
function oneSpelling(line: string): string {
  const [, scheme = '', rest = ''] = /^[ \t]*(\S*)[ \t]*(.*?)[ \t]*$/s.exec(line) ?? []
  return `${scheme.toLowerCase()} ${rest}`
}
