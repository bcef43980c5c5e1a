import { isAuthError, parseJson } from '@countersign/http'

/** Bytes that a document may have. */
export const MAX_DOCUMENT = 1_048_576

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly redirect: 'error'; readonly signal: AbortSignal },
) => Promise<Response>

/**
 * Fetches a JSON document: status 200, no redirect, at most 1 MiB, strict JSON, all before `signal` aborts (even when
 * `fetch` does not heed it). Rejects with an Error that says what was wrong.
 */
export async function fetchJson(fetch: Fetch, url: string, signal: AbortSignal): Promise<unknown> {
  const response = await unlessAborted(
    fetch(url, { headers: { accept: 'application/json' }, redirect: 'error', signal }),
    signal,
  )
  if (response.status !== 200) {
    response.body?.cancel().catch(() => {})
    throw new Error(`${url} answered ${response.status}, not 200`)
  }
  const parsed = parseJson(await unlessAborted(readBounded(response, url), signal), { depth: 16 })
  if (isAuthError(parsed)) throw new Error(`${url} is not strict JSON (${parsed.reason})`)
  return parsed.value
}

async function readBounded(response: Response, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop early cancels the body: nothing more is read.
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_DOCUMENT) throw new Error(`${url} has more than ${MAX_DOCUMENT} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
