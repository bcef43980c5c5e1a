import type { Headers } from '@countersign/http'

/**
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4): structured fields, whole
 * seconds. `endsIn` is milliseconds.
 */
export function limitHeaders(name: string, limit: number, window: number, used: number, endsIn: number): Headers {
  return {
    'ratelimit-policy': `"${name}";q=${limit};w=${window}`,
    ratelimit: `"${name}";r=${Math.max(0, limit - used)};t=${Math.ceil(endsIn / 1000)}`,
  }
}

/** For a 429: with `Retry-After` (RFC 9110 section 10.2.3), whole seconds, one at least and not before the window ends. */
export function refusedHeaders(name: string, limit: number, window: number, endsIn: number): Headers {
  const seconds = Math.max(1, Math.ceil(endsIn / 1000))
  return { ...limitHeaders(name, limit, window, limit, seconds * 1000), 'retry-after': `${seconds}` }
}

/** A structured string without escapes. Throws a TypeError for another name. */
export function checkLimitName(maker: string, name: unknown): string {
  if (typeof name === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(name)) return name
  throw new TypeError(`${maker}: name must be 1 to 64 printable ASCII characters without quotes and backslashes`)
}
