import { isAuthError, parseJson } from '@countersign/http'

/** Bytes that a document may have. */
export const MAX_DOCUMENT = 1_048_576

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: {
    readonly headers: Record<string, string>
    readonly redirect: 'error'
    readonly signal: AbortSignal
    /** Left out: GET. */
    readonly method?: 'POST'
    readonly body?: string
  },
) => Promise<Response>

/** What any `Fetch` is, and what needs no `Response`. */
export type Source = (url: string, init: Parameters<Fetch>[1]) => Promise<Fetched>
export interface Fetched {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array> | null
}

/** The part of a request that is not always the same. */
export interface Posted {
  readonly headers: Record<string, string>
  readonly body: string
}

/** Another status than 200. */
export class StatusError extends Error {
  readonly status: number
  constructor(url: string, status: number) {
    super(`${url} answered ${status}, not 200`)
    this.status = status
  }
}

/**
 * Fetches a JSON document: status 200, no redirect, at most 1 MiB, strict JSON, all before `signal` aborts (even when
 * `fetch` does not heed it). With `posted` it is a POST. Rejects with an Error that says what was wrong; whatever is under way
 * then is given up.
 */
export async function fetchJson(fetch: Source, url: string, signal: AbortSignal, posted?: Posted): Promise<unknown> {
  const over = new AbortController()
  const init = {
    ...(posted && ({ method: 'POST', body: posted.body } as const)),
    headers: { accept: 'application/json', ...posted?.headers },
    redirect: 'error',
    signal: AbortSignal.any([signal, over.signal]),
  } as const
  try {
    const answer = await unlessAborted(fetch(url, init), signal)
    if (answer.status !== 200) throw new StatusError(url, answer.status)
    const parsed = parseJson(await unlessAborted(readBounded(answer, url), signal), { depth: 16 })
    if (isAuthError(parsed)) throw new Error(`${url} is not strict JSON (${parsed.reason})`)
    return parsed.value
  } finally {
    over.abort() // a body that is not read to its end would hold its socket
  }
}

async function readBounded(answer: Fetched, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop early cancels the body: nothing more is read.
  for await (const chunk of answer.body ?? []) {
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
