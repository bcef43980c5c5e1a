import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { readCookie } from '@countersign/credentials'
import {
  type AuthError,
  authError,
  checkOptions,
  headerLines,
  isAuthError,
  messageOf,
  type Principal,
  problem,
  Refused,
  type RequestView,
} from '@countersign/http'
import { stringifySetCookie } from 'cookie'

export interface BrowserCookiesOptions {
  /** Where your pages come from, exactly: `https://app.acme.com`. Of several, a list. */
  readonly origin: string | readonly string[]
  /** 32 random bytes that all processes share: signs what pages must send back. */
  readonly secret: Uint8Array
  /** Seconds that the browser keeps the refresh token: 1,209,600 (14 days), as `localIssuer` does. */
  readonly keep?: number
}

/** What an issuer answers: `TokenResponse` of `@countersign/tokens` fits. */
export interface CookieTokens {
  readonly access_token: string
  readonly expires_in: number
  readonly refresh_token?: string
}

/** Tokens in cookies. `bearer(issuer, { cookie })` takes it as it is. */
export interface BrowserCookies {
  /** Of the cookie with the access token. */
  readonly name: string
  /** For `bearer`: refuses, with 403, an unsafe request that a page of yours did not send. */
  check(request: RequestView, principal: Principal): AuthError | undefined
  /**
   * The `Set-Cookie` lines for the answer of a login or a refresh. `session`: the `sid`, for tokens in which it cannot be read
   * (encrypted ones). Throws when a browser would drop one: over 4096 bytes.
   */
  set(tokens: CookieTokens, options?: { readonly session?: string }): readonly string[]
  /** The `Set-Cookie` lines for the answer of a logout. Never of a refused refresh: another tab may have won meanwhile. */
  clear(): readonly string[]
  /**
   * The refresh token of a request that a page of yours sent. Throws `Refused`: 403 for another's, 400 `invalid_grant` where
   * there is none.
   */
  refreshToken(request: RequestView): string
}

const TOKEN = '__Host-token'
const REFRESH = '__Host-refresh'
const CSRF = '__Host-csrf'
const HEADER = 'x-csrf-token'
/** Bytes of name and value that every browser keeps. */
const MAX = 4096

const refused = (reason: string, expected: string) =>
  authError('access_denied', `csrf.${reason}`, {
    detail: 'The request did not come from a page that may send it.',
    expected,
  })
const SITE = refused('site', 'Sec-Fetch-Site: same-origin')
const ORIGIN = refused('origin', 'an Origin that is listed')
const PROOF = refused('token', 'X-CSRF-Token as in the cookie __Host-csrf, of this session')
const NO_GRANT = authError('invalid_grant', 'refresh.absent')

/**
 * Tokens in cookies for browsers: `__Host-`, `Secure`, `SameSite=Lax`, out of reach of scripts, and guarded against requests
 * that other sites make a browser send: by `Sec-Fetch-Site` and `Origin`, and by a signed token of the session that the page
 * reads from the cookie `__Host-csrf` and sends back as `X-CSRF-Token`. Throws a TypeError for wrong options.
 */
export function browserCookies(options: BrowserCookiesOptions): BrowserCookies {
  checkOptions('browserCookies', options, ['origin', 'secret', 'keep'])
  const { secret, keep = 1_209_600 } = options
  const origins = originsOf(options.origin)
  if (!(secret instanceof Uint8Array) || secret.length < 32)
    throw new TypeError('browserCookies: secret must be at least 32 random bytes that all processes share')
  if (!Number.isInteger(keep) || keep < 1) throw new TypeError('browserCookies: keep must be whole seconds')

  const key = createSecretKey(secret)

  /** The same for as long as the session lives: a refresh in another tab must not invalidate what this page has just read. */
  function csrfFor(session: string): string {
    const signature = createHmac('sha256', key).update(`countersign csrf ${session}`).digest('base64url')
    return `${signature}.${Buffer.from(session).toString('base64url')}`
  }

  /** Ties a refresh token to its session: the page's word for another one does not open it. */
  function macOf(token: string, session: string): string {
    return createHmac('sha256', key).update(`countersign refresh ${session}:${token}`).digest('base64url')
  }

  /** The session that a page proves to belong to: what it read from its cookie, sent back; signed here. */
  function provenSession(request: RequestView): string | undefined {
    const cookie = readCookie(request, CSRF)
    const lines = headerLines(messageOf(request), HEADER)
    const [sent = ''] = lines
    if (typeof cookie !== 'string' || lines.length !== 1 || !isSame(sent, cookie)) return undefined
    const session = Buffer.from(sent.split('.')[1] ?? '', 'base64url').toString()
    return isSame(sent, csrfFor(session)) ? session : undefined
  }

  function foreign(request: RequestView): AuthError | undefined {
    const message = messageOf(request)
    const sites = headerLines(message, 'sec-fetch-site')
    if (sites.some((site) => site !== 'same-origin')) return SITE
    return headerLines(message, 'origin').some((origin) => !origins.includes(origin)) ? ORIGIN : undefined
  }

  return Object.freeze({
    name: TOKEN,
    check(request: RequestView, { credential }: Principal) {
      const session = provenSession(request)
      const isOwn = session !== undefined && session === (credential?.session ?? '')
      return foreign(request) ?? (isOwn ? undefined : PROOF)
    },
    set(tokens: CookieTokens, { session: named }: { readonly session?: string } = {}) {
      const { access_token, expires_in, refresh_token } = tokens ?? {}
      if (typeof access_token !== 'string' || !Number.isInteger(expires_in))
        throw new TypeError('browserCookies: set takes what issue and refresh resolve to; await them')
      const session = named ?? sessionIn(access_token)
      return [
        line(TOKEN, access_token, expires_in, true),
        ...(refresh_token === undefined
          ? []
          : [line(REFRESH, `${refresh_token}.${macOf(refresh_token, session)}`, keep, true)]),
        line(CSRF, csrfFor(session), keep, false),
      ]
    },
    clear: () => [line(TOKEN, '', 0, true), line(REFRESH, '', 0, true), line(CSRF, '', 0, false)],
    refreshToken(request: RequestView) {
      const session = provenSession(request)
      const wrong = foreign(request) ?? (session === undefined ? PROOF : undefined)
      if (wrong || session === undefined) throw new Refused(problem(wrong ?? PROOF))
      const found = readCookie(request, REFRESH)
      if (isAuthError(found)) throw new Refused(problem(found))
      if (found === undefined) throw new Refused(problem(NO_GRANT))
      const end = found.lastIndexOf('.')
      const token = found.slice(0, end)
      if (!isSame(found.slice(end + 1), macOf(token, session))) throw new Refused(problem(PROOF))
      return token
    },
  })
}

function originsOf(origin: string | readonly string[]): readonly string[] {
  const list = typeof origin === 'string' ? [origin] : origin
  if (!Array.isArray(list) || list.length === 0 || list.some((one) => !isOrigin(one)))
    throw new TypeError(
      "browserCookies: origin must be exactly where your pages come from, such as 'https://app.acme.com' (http: this machine only)",
    )
  return [...list]
}

/** Over HTTPS, or on this machine: elsewhere browsers drop `__Host-` cookies without a word. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  if (url?.origin !== text) return false
  return (
    url.protocol === 'https:' || (url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname))
  )
}

/** `__Host-`: only over HTTPS, for this host alone, for every path (RFC 6265bis section 4.1.3.2). */
function line(name: string, value: string, maxAge: number, httpOnly: boolean): string {
  if (name.length + value.length > MAX)
    throw new Error(
      `browserCookies: ${name} would have ${name.length + value.length} bytes, and browsers drop what has over ${MAX}: put fewer claims into the token`,
    )
  return stringifySetCookie({ name, value, maxAge, path: '/', secure: true, httpOnly, sameSite: 'lax' })
}

/** Of a token that this server has just made. */
function sessionIn(token: string): string {
  try {
    const { sid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    if (typeof sid === 'string') return sid
  } catch {}
  throw new TypeError(
    'browserCookies: the token names no session (sid) that can be read here: set(tokens, { session })',
  )
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
