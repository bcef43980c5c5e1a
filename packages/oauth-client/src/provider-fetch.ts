import { isSafeUrl, Unavailable } from '@countersign/http'
import type { CustomFetch } from 'openid-client'

/** Bytes that an answer of a provider may have. */
const LIMIT = 1_048_576
/** Statuses whose answer has no body. */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304])

/** The part of the global `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * Asks a provider, for openid-client: the answer whole, at most 1 MiB, within the time that `init.signal` gives. Throws
 * `Unavailable` when nothing comes, too much, 429 or a 5xx: that is nobody's wrong credential. Redirects are not followed.
 */
export function providerFetch(fetch: Fetch): CustomFetch {
  return async (url, init) => {
    if (!isSafeUrl(url)) throw new Error('the metadata of the provider names a URL without https')
    const what = `the provider at ${new URL(url).origin}`
    try {
      const response = await fetch(url, { ...init, redirect: 'manual' } as RequestInit)
      const body = await readBounded(response)
      const { status, headers } = response
      if (status >= 500 || status === 429)
        throw new Unavailable(what, { cause: new Error(`${status}`), retryAfter: secondsIn(headers) })
      return new Response(EMPTY.has(status) ? null : body, { status, headers: new Headers(headers) })
    } catch (cause) {
      throw cause instanceof Unavailable ? cause : new Unavailable(what, { cause })
    }
  }
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop early cancels the body: nothing more is read.
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > LIMIT) throw new Error(`more than ${LIMIT} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks, size))
}

/** `Retry-After` in seconds, from 1 to 60; 1 where there is none that can be read. */
function secondsIn(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? 1)
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 60) : 1
}
