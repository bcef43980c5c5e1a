import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { hostOf, type Reach, reachFor } from './address.ts'
import type { Fetched, Source } from './fetch-json.ts'

/** `dns.lookup` that gives every address. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface DirectFetchOptions {
  readonly lookup?: Lookup
  /** Keeps connections for the next request: where many follow each other. At most 64 at once, the others wait. */
  readonly keepAlive?: boolean
}

interface Direct extends Fetched {
  readonly headers: IncomingHttpHeaders
  readonly body: IncomingMessage
}

const POOL = { keepAlive: true, maxSockets: 64, maxFreeSockets: 8 }

/**
 * Fetches without a redirect or a proxy, and only from addresses that may be reached. The name is resolved once for a connection,
 * and the socket goes to what was judged: a name that resolves elsewhere a moment later gains nothing. One address of several that
 * may not be reached refuses them all.
 */
export function directFetch(
  reach: Reach,
  options: DirectFetchOptions = {},
): (...asked: Parameters<Source>) => Promise<Direct> {
  const { lookup = systemLookup, keepAlive = false } = options
  const checked = checkedLookup(reach, lookup)
  const pool = keepAlive ? { 'https:': new HttpsAgent(POOL), 'http:': new HttpAgent(POOL) } : undefined

  return function fetch(url, init): Promise<Direct> {
    return new Promise((resolve, reject) => {
      const { method = 'GET', headers, body, signal } = init
      const host = hostOf(url)
      // An address in place of a name is never looked up.
      if (isIP(host) !== 0 && !reach(host)) return reject(refusal(host, host))
      const protocol = url.startsWith('https:') ? 'https:' : 'http:'
      const send = protocol === 'https:' ? httpsRequest : httpRequest
      const request = send(url, { method, headers, signal, agent: pool?.[protocol] ?? false, lookup: checked })
      request.once('error', (error: NodeJS.ErrnoException) => {
        // The other side closed a kept connection just as it was used: nothing was heard there, so it is asked on another.
        if (request.reusedSocket && error.code === 'ECONNRESET') fetch(url, init).then(resolve, reject)
        else reject(error)
      })
      // Whatever resolved it: nothing is said to an address that may not be reached.
      request.once('socket', (socket) => {
        if (!socket.connecting) return // a kept one, which was judged
        socket.once('connect', () => {
          const { remoteAddress = '' } = socket
          if (!reach(remoteAddress)) request.destroy(refusal(host, remoteAddress))
        })
      })
      request.once('response', (response) => {
        const encoding = response.headers['content-encoding'] ?? 'identity'
        if (encoding !== 'identity') return request.destroy(new Error(`${url} is encoded, which nobody asked for`))
        resolve({ status: response.statusCode as number, headers: response.headers, body: response })
      })
      request.end(body)
    })
  }
}

/**
 * A `fetch` for URLs that strangers name: it connects to public addresses alone, never to a private, loopback or link-local one,
 * and follows no redirect, whatever it is told. Rejects with an Error that names the address. Bodies are text.
 */
export function publicFetch(): typeof globalThis.fetch {
  return fetchWithin(reachFor('', false))
}

/** The same for addresses that may be reached otherwise. */
export function fetchWithin(reach: Reach, options?: DirectFetchOptions): typeof globalThis.fetch {
  const direct = directFetch(reach, options)
  return async (target, { method = 'GET', headers, body, signal } = {}) => {
    const posted = method === 'POST' ? ({ method, body: `${body ?? ''}` } as const) : {}
    const given = Object.fromEntries(new Headers(headers))
    const never = new AbortController().signal
    const answer = await direct(`${target}`, { ...posted, headers: given, redirect: 'error', signal: signal ?? never })
    const { status } = answer
    const isEmpty = status === 204 || status === 205 || status === 304
    if (isEmpty) answer.body.resume()
    const lines = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, `${value}`])
    return new Response(isEmpty ? null : (Readable.toWeb(answer.body) as ReadableStream), { status, headers: lines })
  }
}

function checkedLookup(reach: Reach, lookup: Lookup): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0)
      const outside = addresses.find(({ address }) => !reach(address))
      if (outside) return callback(refusal(hostname, outside.address), '', 0)
      const [first] = addresses
      if (options.all) return callback(null, addresses)
      callback(null, first?.address ?? '', first?.family ?? 0)
    })
}

function refusal(host: string, address: string): Error {
  return new Error(
    `${host} is at ${address}, where nothing is fetched from; allowPrivate: true allows private addresses`,
  )
}
