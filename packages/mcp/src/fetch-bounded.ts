import { request as askPlain } from 'node:http'
import { request as askTls } from 'node:https'
import { Readable } from 'node:stream'

/** What of `fetch` is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** What came: an answer, or why there is none. */
export type Fetched =
  | { readonly status: number; readonly challenge: string; readonly body: string }
  | { readonly fault: string }

const MOST = 1024 * 1024

/** One request, with no redirect followed and at most 1 MiB read. `timeout` is in milliseconds. Never rejects. */
export async function fetchBounded(ask: Fetch, url: string, timeout: number, init: RequestInit = {}): Promise<Fetched> {
  try {
    const response = await ask(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(timeout) })
    const { status, headers } = response
    if (status >= 300 && status < 400) {
      await response.body?.cancel()
      return { fault: `redirects to ${headers.get('location')}, which clients need not follow` }
    }
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > MOST) return { fault: 'answers with more than 1 MiB' }
      chunks.push(chunk)
    }
    return { status, challenge: headers.get('www-authenticate') ?? '', body: Buffer.concat(chunks).toString() }
  } catch (error) {
    return { fault: `does not answer (${whyOf(error)})` }
  }
}

/** Asks another origin than that of the URL, under the URL's `Host`, which `fetch` does not let one say. */
export function fetchVia(via: string): Fetch {
  const { origin, protocol } = new URL(via)
  return (url, { method = 'GET', headers, body, signal }) => {
    const { host, pathname, search } = new URL(url)
    const options = {
      method,
      headers: { ...Object.fromEntries(new Headers(headers)), host },
      signal: signal ?? undefined,
    }
    return new Promise((resolve, reject) => {
      const send = protocol === 'https:' ? askTls : askPlain
      send(`${origin}${pathname}${search}`, options, (message) => {
        const { statusCode: status = 0, headersDistinct } = message
        const lines = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        )
        const stream = Readable.toWeb(message) as ReadableStream<Uint8Array>
        resolve(new Response([204, 304].includes(status) ? null : stream, { status, headers: lines }))
      })
        .on('error', reject)
        .end(body)
    })
  }
}

function whyOf(error: unknown): string {
  const { name, message, cause } = error as { name?: string; message?: string; cause?: { code?: string } }
  if (name === 'TimeoutError') return 'timed out'
  return cause?.code ?? message ?? 'no reason given'
}
