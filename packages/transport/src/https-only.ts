import {
  authError,
  type Code,
  checkOptions,
  empty,
  type Headers,
  headerLines,
  isLoopback,
  messageOf,
  proxyHint,
  type Refusal,
  type RequestView,
  targetOf,
} from '@countersign/http'
import type { Condition, Ruled } from '@countersign/policy'
import { bringsCredential, type ExposedOptions, endExposed } from './exposed.ts'
import { isOverTls } from './over-tls.ts'

/** `Strict-Transport-Security` (RFC 6797). */
export interface HstsOptions {
  /** Seconds: two years unless told otherwise; 0 takes it back. */
  readonly maxAge?: number
  /** Also for every host below this one. `false`. */
  readonly includeSubDomains?: boolean
  /** That browsers may ship it. Needs `includeSubDomains` and a year. `false`. */
  readonly preload?: boolean
}

export interface HttpsOnlyOptions {
  /** Where browsers are sent, such as `https://api.acme.com`. Never taken from `Host`. */
  readonly origin: string
  /** Sent on every answer over TLS; then `helmet({ strictTransportSecurity: false })`. `false`: helmet or the proxy sends it. */
  readonly hsts?: HstsOptions | false
  /** Revokes a right credential that came in the clear. Left out: it is refused and told, and stays good. */
  readonly exposed?: ExposedOptions
}

const PLAIN = authError('access_denied', 'transport.plain', { detail: 'This is served over HTTPS only.' })
const EXPOSED = authError('access_denied', 'transport.exposed', {
  detail: 'This is served over HTTPS only. The credential that was sent has been seen by others: replace it.',
})
/** Plain, or over TLS through a proxy that nobody told the framework of: then nobody else has seen the credential. */
const DOUBTED = authError('access_denied', 'transport.plain', {
  detail: 'This is served over HTTPS only.',
  expected: 'TLS, or https from a proxy that the framework was told to trust',
  got: 'https from a peer that it was not told to trust',
})
const MOVED = 308
const REFUSES: readonly Code[] = ['access_denied']
const REFUSES_AND_ENDS: readonly Code[] = [...REFUSES, 'temporarily_unavailable']

/**
 * A condition: requests over plain HTTP are refused with 403, those of a browser that asks for a page are sent to `origin` with
 * 308 (RFC 9110 section 15.4.9). One that brought a credential is always refused, so that its sender notices, and by option the
 * credential is revoked: it has been seen. Whether it came over TLS is the framework's opinion: tell it which proxies to trust.
 * Where a peer that it does not trust says https, a credential is refused and told, and stays good: that may be a proxy that was
 * forgotten, and the process warns once (`COUNTERSIGN_PROXY`).
 * Throws a TypeError for an origin that is not https, and for HSTS that browsers would ignore.
 */
export function httpsOnly(options: HttpsOnlyOptions): Condition {
  checkOptions('httpsOnly()', options, ['origin', 'hsts', 'exposed'])
  const origin = checkOrigin(options?.origin)
  const headers = options.hsts === false ? undefined : hstsHeaders(options.hsts ?? {}, origin)
  const { exposed } = options
  checkExposed(exposed)
  const secure: Ruled = headers && { headers }

  return Object.freeze({
    name: 'https only',
    // To verify and to revoke ask stores, which may be down.
    refuses: exposed ? REFUSES_AND_ENDS : REFUSES,
    before(request: RequestView, { dry }: { readonly dry: boolean }) {
      if (isOverTls(request)) return secure
      const isDoubted = proxyHint(request, 'https') !== undefined
      if (bringsCredential(request, exposed?.accept)) {
        const refusal = isDoubted ? DOUBTED : EXPOSED
        const ended = dry ? undefined : endExposed(request, isDoubted ? undefined : exposed)
        return ended instanceof Promise ? ended.then(() => refusal) : refusal
      }
      return wantsPage(request) ? moved(origin, request) : PLAIN
    },
  })
}

function moved(origin: string, request: RequestView): Refusal {
  const location = new URL(origin)
  const [path = '/', query] = split(targetOf(request))
  location.pathname = path
  location.search = query ?? ''
  return {
    ...empty(MOVED, { location: location.href, 'cache-control': 'no-store', 'content-length': '0' }),
    error: PLAIN,
  }
}

/** Path and query of the target; of an absolute one its host is left where it was. */
function split(target: string): readonly [string?, string?] {
  const relative = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '')
  const at = relative.indexOf('?')
  return at === -1 ? [relative] : [relative.slice(0, at), relative.slice(at)]
}

/** A browser that navigates; a program gets an error, and notices that its address is wrong. */
function wantsPage(request: RequestView): boolean {
  const message = messageOf(request)
  if (message.method !== 'GET' && message.method !== 'HEAD') return false
  const [mode] = headerLines(message, 'sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate'
  return headerLines(message, 'accept').some((line) =>
    /(^|,)\s*(text\/html|application\/xhtml\+xml)\s*(;|,|$)/i.test(line),
  )
}

function hstsHeaders(hsts: HstsOptions, origin: string): Headers | undefined {
  checkOptions('httpsOnly: hsts', hsts, ['maxAge', 'includeSubDomains', 'preload'])
  const { maxAge = 63_072_000, includeSubDomains = false, preload = false } = hsts
  if (!Number.isInteger(maxAge) || maxAge < 0) throw new TypeError('httpsOnly: `hsts.maxAge` must be whole seconds')
  if (preload && !(includeSubDomains && maxAge >= 31_536_000))
    throw new TypeError('httpsOnly: `hsts.preload` needs `includeSubDomains: true` and a `maxAge` of 31536000 at least')
  // A browser that learnt it for localhost would refuse every other server there.
  if (isLoopback(origin)) return undefined
  const value = `max-age=${maxAge}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
  return Object.freeze({ 'strict-transport-security': value })
}

function checkOrigin(origin: unknown): string {
  if (typeof origin === 'string' && URL.canParse(origin)) {
    const url = new URL(origin)
    if (url.protocol === 'https:' && (origin === url.origin || origin === `${url.origin}/`)) return url.origin
  }
  throw new TypeError(
    'httpsOnly: `origin` must be where you are reached, such as "https://api.acme.com", without a path',
  )
}

function checkExposed(exposed: ExposedOptions | undefined): void {
  if (exposed === undefined) return
  checkOptions('httpsOnly: exposed', exposed, ['accept', 'revoke'])
  if (typeof exposed.accept?.kind !== 'string' || typeof exposed.revoke !== 'function')
    throw new TypeError('httpsOnly: `exposed` takes { accept, revoke }: what your policies accept, and what ends it')
}
