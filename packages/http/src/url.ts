const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** True for a URL whose host names this machine: `localhost`, 127.0.0.0/8 or `[::1]` (RFC 6761, RFC 1122). Resolves no name. */
export function isLoopback(url: string | URL): boolean {
  return URL.canParse(`${url}`) && LOOPBACK.test(new URL(url).hostname)
}

/**
 * True for a URL with https and, unless `loopback` is false, for one with http to this machine. False for one that carries a
 * user name or a password, and for what is no URL. What tokens, keys and metadata come from must be one.
 */
export function isSafeUrl(url: unknown, loopback = true): url is string {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { protocol, username, password } = new URL(url)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && loopback && isLoopback(url))
}
