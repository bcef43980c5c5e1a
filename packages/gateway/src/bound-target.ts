import { hash } from 'node:crypto'

/** Characters of a path that an identity names as they are; a longer one is named by its digest. */
const PLAIN = 512
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/** What an identity says of the target that it is for: the path as it is sent, and the SHA-256 of the query, where there is one. */
export interface BoundTarget {
  readonly path: string
  /** Queries hold secrets, and tokens end up in logs. */
  readonly query?: string
}

/** A target in origin form (RFC 9112 section 3.2.1) as an identity names it: nothing decoded, nothing put in order. */
export function boundTarget(target: string): BoundTarget {
  const origin = target.replace(ORIGIN, '')
  const at = origin.indexOf('?')
  const path = (at === -1 ? origin : origin.slice(0, at)) || '/'
  return {
    path: path.length <= PLAIN ? path : `sha-256:${digest(path)}`,
    ...(at !== -1 && { query: digest(origin.slice(at + 1)) }),
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}
