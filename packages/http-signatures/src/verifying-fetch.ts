import { checkOptions, isAuthError } from '@countersign/http'
import { coveredDigests } from './covered-digests.ts'
import { component } from './make-signature.ts'
import { clockOf, labelOf, secondsOf, textOf } from './options.ts'
import { identifierOf } from './signature-base.ts'
import { signaturesIn } from './signature-fields.ts'
import type { KeySource, VerificationKey } from './verification-key.ts'
import { type Course, checkKeys, chosen, verifySignature } from './verify-signature.ts'

export interface VerifyingFetchOptions {
  /** By `keyid`: a record, or a function that looks one up. */
  readonly keys: KeySource<VerificationKey>
  /** Judges the signature with this `tag` alone. */
  readonly tag?: string
  /** Judges the signature under this label alone. */
  readonly label?: string
  /** Seconds that a signature is good for: 300. */
  readonly maxAge?: number
  /** Seconds that clocks may differ: 30. */
  readonly leeway?: number
  /** Bytes that a body may have: 10 MiB. It is held whole before you see it. */
  readonly limit?: number
  /** Epoch milliseconds. */
  readonly clock?: () => number
  /** What sends the request. */
  readonly fetch?: typeof fetch
}

const MAKER = 'verifyingFetch()'
const OPTIONS = ['keys', 'tag', 'label', 'maxAge', 'leeway', 'limit', 'clock', 'fetch']
const REQ = [['req', true]] as const
const DIGEST = '"content-digest"'

/**
 * A `fetch` that hands on no answer but what one of your keys signed (RFC 9421): its status, its body, and the method, the target and the
 * signature of the request that it answers. Else it rejects. Give it to `signedFetch` as its `fetch`. Redirects are not followed.
 */
export function verifyingFetch(options: VerifyingFetchOptions): typeof fetch {
  checkOptions(MAKER, options, OPTIONS)
  const { limit = 10_485_760, fetch: send = fetch } = options ?? {}
  checkKeys(MAKER, options?.keys)
  if (!Number.isSafeInteger(limit) || limit < 1) throw new TypeError(`${MAKER}: limit must be bytes, 1 or more`)
  if (typeof send !== 'function') throw new TypeError(`${MAKER}: fetch must be a function such as fetch`)
  const course: Course<VerificationKey> = {
    maker: MAKER,
    keys: options.keys,
    tag: textOf(MAKER, 'tag', options.tag),
    label: labelOf(MAKER, options.label),
    maxAge: secondsOf(MAKER, 'maxAge', options.maxAge ?? 300, 1, 86_400),
    leeway: secondsOf(MAKER, 'leeway', options.leeway ?? 30, 0, 300),
    clock: clockOf(MAKER, options.clock),
  }

  return async (input, init) => {
    const asked = new Request(input, init)
    const redirect = asked.redirect === 'manual' ? 'manual' : 'error'
    const request = new Request(asked, { redirect })
    // `fetch` would hand on what it unpacked, and the digest is of what was sent.
    request.headers.set('accept-encoding', 'identity')
    const { method, headers } = request
    const url = request.url.replace(/#.*$/s, '')
    const sent = { method, url, rawHeaders: [...headers].flat() }
    const response = await send(request)
    const refuse = (why: string): never => {
      throw Object.assign(new Error(`the answer of ${new URL(url).origin} is not what its server signed: ${why}`), {
        reason: why,
      })
    }
    const rawHeaders = [...response.headers].flat()
    if (response.headers.has('content-encoding')) return refuse('content-encoding')
    const received = chosen(signaturesIn(rawHeaders) ?? [], course)
    if (received === undefined) return refuse('signature.absent')
    if (isAuthError(received)) return refuse(received.reason)
    const bytes = await bytesOf(response, limit)
    if (!bytes) return refuse('body.length')
    const required = [
      component('@status'),
      component('@method', REQ),
      component('@target-uri', REQ),
      ...signaturesOf(sent),
    ]
    const wanted = [...required.map(identifierOf), ...(bytes.length > 0 ? [DIGEST] : [])]
    const judged = await verifySignature(
      received,
      { status: response.status, rawHeaders, request: sent },
      wanted,
      course,
    )
    if (isAuthError(judged)) return refuse(judged.reason)
    const isBodiless = method === 'HEAD' || response.status === 304
    const check = isBodiless ? undefined : coveredDigests(received.components, rawHeaders)
    if (isAuthError(check)) return refuse(check.reason)
    check?.update(bytes)
    if (check?.isRight() === false) return refuse('digest.wrong')
    const { status, statusText } = response
    const checked = new Response(bytes.length > 0 ? bytes : null, { status, statusText, headers: response.headers })
    return Object.defineProperty(checked, 'url', { value: response.url })
  }
}

/** The signatures of the request, which the answer must name: it has a nonce, so no answer to another request fits. */
function signaturesOf({ rawHeaders }: { readonly rawHeaders: readonly string[] }) {
  return (signaturesIn(rawHeaders) ?? []).map(({ label }) => component('signature', [...REQ, ['key', label]]))
}

/** `undefined` for more than `limit`. */
async function bytesOf(response: Response, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}
