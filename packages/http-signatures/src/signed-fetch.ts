import { checkOptions } from '@countersign/http'
import { contentDigest, type DigestAlgorithm } from './digest.ts'
import { component, signer } from './make-signature.ts'
import { componentsOf } from './options.ts'
import { SIGNING_OPTIONS, type SigningOptions } from './signing-options.ts'

export interface SignedFetchOptions extends SigningOptions {
  /**
   * What is covered: `@method` and `@target-uri`. With a body `content-digest` too, and `content-type` and `authorization` where the
   * request has them.
   */
  readonly components?: readonly string[]
  /** Of the body: `sha-256`. */
  readonly digest?: DigestAlgorithm
  /** What sends the request. */
  readonly fetch?: typeof fetch
}

const MAKER = 'signedFetch()'

/**
 * A `fetch` that signs what it sends (RFC 9421), with a fresh nonce each time. A body is read whole first, for its digest. Redirects are
 * not followed: `redirect: 'manual'` hands them over, else the promise rejects. A stream as body is sent once it is whole.
 */
export function signedFetch(options: SignedFetchOptions): typeof fetch {
  checkOptions(MAKER, options, [...SIGNING_OPTIONS, 'components', 'digest', 'fetch'])
  const { sign } = signer(MAKER, options ?? {})
  const components = componentsOf(MAKER, options.components ?? ['@method', '@target-uri'])
  const { digest = 'sha-256', fetch: send = fetch } = options
  contentDigest('', digest)
  if (typeof send !== 'function') throw new TypeError(`${MAKER}: fetch must be a function such as fetch`)

  return async (input, init) => {
    const request = new Request(input, init)
    const { method, url, signal } = request
    const headers = new Headers(request.headers)
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
    for (const own of ['signature', 'signature-input', 'content-digest']) headers.delete(own)
    if (body) headers.set('content-digest', contentDigest(body, digest))
    const present = ['content-digest', 'content-type', 'authorization'].filter((name) => headers.has(name))
    const names = [...new Set([...components, ...present])]
    const target = url.replace(/#.*$/s, '')
    const fields = sign(
      { method, url: target, rawHeaders: [...headers].flat() },
      names.map((name) => component(name)),
    )
    for (const [name, value] of Object.entries(fields)) headers.set(name, value)
    const redirect = request.redirect === 'manual' ? 'manual' : 'error'
    return send(target, { ...init, method, headers, signal, redirect, ...(body && { body }) })
  }
}
