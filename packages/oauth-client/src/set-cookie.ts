import { stringifySetCookie } from 'cookie'

/** Bytes of name and value that every browser keeps. */
export const COOKIE_LIMIT = 4096

/**
 * A `Set-Cookie` line. `__Host-`: over HTTPS or on this machine alone, for this host, out of reach of scripts. `Lax`, because
 * the way back from the provider begins on another site (RFC 6265bis section 5.6.7.1). `maxAge` in seconds; 0 takes it away.
 */
export function setCookie(name: string, value: string, maxAge: number): string {
  return stringifySetCookie({ name, value, maxAge, path: '/', secure: true, httpOnly: true, sameSite: 'lax' })
}
