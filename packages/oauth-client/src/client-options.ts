import { type AuthError, checkOptions, isSafeUrl, type RequestView } from '@countersign/http'
import type { ClientAuth } from 'openid-client'
import { CLIENT_OPTIONS, type ClientCredentials, clientAuthentication } from './client-authentication.ts'
import { checkProvider, isPlain, OFFLINE, type Provider } from './provider.ts'
import type { Fetch } from './provider-fetch.ts'
import { ownPath } from './return-to.ts'
import type { SessionKind } from './session.ts'
import type { SignedIn } from './session-scheme.ts'

/** Paths of the endpoints, as `mount` sees them. */
export interface LoginPaths {
  /** `/login` */
  readonly login?: string
  /** The path of `redirectUri`. Behind a proxy that takes a prefix off, or mounted below one: the rest of it. */
  readonly callback?: string
  /** `/logout` */
  readonly logout?: string
  /** `/backchannel-logout`, with sessions in a store; `false`: none. */
  readonly backchannelLogout?: string | false
}

export interface OAuthClientOptions<U = SignedIn> extends ClientCredentials {
  /** Where people sign in: `entraId({ tenant })`, `google()`, `auth0({ domain })`, `okta({ domain })`, `keycloak({ url, realm })`, or `{ issuer }`. */
  readonly provider: Provider
  /** Where the provider sends people back to, exactly as registered there. Its origin is where your pages come from. */
  readonly redirectUri: string
  /** `cookieSession({ secret })` or `storeSession({ store, secret })`. */
  readonly session: SessionKind
  /** What is asked for: `openid profile email`. */
  readonly scopes?: readonly string[]
  /** Asks for a refresh token, so that `tokens(request)` gives access tokens for as long as the session lasts: false. */
  readonly offline?: boolean
  /** Further parameters of the authorization request, such as `{ prompt: 'select_account' }`. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Seconds since people last proved who they are: asked of the provider, and checked. */
  readonly maxAge?: number
  readonly paths?: LoginPaths
  /** Path that people come to after a sign-in that names no place to return to: `/`. */
  readonly afterLogin?: string
  /** Path that people come to after a sign-out: `/`. Register its URL at the provider. */
  readonly afterLogout?: string
  /** Path that people come to when a sign-in fails, with `?error=` and the code. Left out: problem details. */
  readonly afterFailure?: string
  /** Further origins whose pages may send requests that change something. */
  readonly origins?: readonly string[]
  /** The application's own principal for whoever signed in; `undefined` refuses them. Called on every request. */
  readonly principal?: (
    signedIn: SignedIn,
    request: RequestView,
  ) => U | undefined | null | AuthError | PromiseLike<U | undefined | null | AuthError>
  /** The protection space named in the challenge: `api`. */
  readonly realm?: string
  /** The global `fetch`, unless told otherwise. */
  readonly fetch?: Fetch
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

/** The options as they are used. */
export interface LoginTerms {
  readonly provider: Provider
  readonly clientId: string
  readonly authentication: ClientAuth
  readonly redirectUri: string
  readonly origin: string
  readonly origins: readonly string[]
  readonly parameters: Readonly<Record<string, string>>
  readonly maxAge: number | undefined
  /** What stands before the paths where a browser sees them, and not where this server does: ''. */
  readonly prefix: string
  readonly paths: { readonly login: string; readonly callback: string; readonly logout: string }
  /** `undefined`: none. */
  readonly backchannelLogout: string | undefined
  readonly afterLogin: string
  readonly afterLogout: string
  readonly afterFailure: string | undefined
  readonly fetch: Fetch
  readonly now: () => number
}

const MAKER = 'oauthClient'
const OPTIONS = [
  'provider',
  ...CLIENT_OPTIONS,
  'redirectUri',
  'session',
  'scopes',
  'offline',
  'parameters',
  'maxAge',
  'paths',
  'afterLogin',
  'afterLogout',
  'afterFailure',
  'origins',
  'principal',
  'realm',
  'fetch',
  'clock',
]
/** What the sign-in stands on: nobody sets these by hand. */
const OWN: readonly string[] = [
  'response_type',
  'response_mode',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'max_age',
  'request',
  'request_uri',
]
const PATH = /^\/(?![/\\])[^\s?#*\\]*$/

/** Checks the options of `oauthClient`. Throws a TypeError that names the option and what to write. */
export function loginTerms(options: OAuthClientOptions<never>): LoginTerms {
  checkOptions(MAKER, options, OPTIONS)
  const { provider, clientId, session, maxAge, clock = () => Date.now() } = options ?? {}
  checkProvider(MAKER, provider)
  const authentication = clientAuthentication(MAKER, options)
  const { kind, open } = (session ?? {}) as Partial<SessionKind>
  if (typeof open !== 'function' || (kind !== 'cookie' && kind !== 'store'))
    throw wrong('session', 'cookieSession({ secret }) or storeSession({ store, secret })')
  if (maxAge !== undefined && (!Number.isInteger(maxAge) || maxAge < 0)) throw wrong('maxAge', 'whole seconds')
  if (typeof clock !== 'function') throw wrong('clock', 'a function to epoch milliseconds')
  const url = redirectOption(options.redirectUri)
  const path = pathOption(url.origin)

  return {
    provider,
    clientId,
    authentication,
    redirectUri: url.href,
    origin: url.origin,
    origins: [url.origin, ...originsOption(options.origins)],
    parameters: parametersOf(options),
    maxAge,
    ...pathsOption(options.paths, url, kind),
    afterLogin: path('afterLogin', options.afterLogin ?? '/'),
    afterLogout: path('afterLogout', options.afterLogout ?? '/'),
    afterFailure: options.afterFailure === undefined ? undefined : path('afterFailure', options.afterFailure),
    fetch: fetchOption(MAKER, options.fetch),
    now: () => clock() / 1000,
  }
}

export function fetchOption(maker: string, fetch: unknown): Fetch {
  // Looked up each time, so that whoever replaces the global one is heard.
  if (fetch === undefined) return (url, init) => globalThis.fetch(url, init)
  if (typeof fetch !== 'function') throw new TypeError(`${maker}: fetch must be a function like the global one`)
  return fetch as Fetch
}

function wrong(option: string, what: string): TypeError {
  return new TypeError(`${MAKER}: ${option} must be ${what}`)
}

function redirectOption(redirectUri: unknown): URL {
  const url = typeof redirectUri === 'string' ? URL.parse(redirectUri) : null
  if (!url || !isSafeUrl(redirectUri) || url.href !== redirectUri || url.search !== '' || url.hash !== '')
    throw wrong(
      'redirectUri',
      `an https URL without query, exactly as registered, such as 'https://app.acme.com/callback' (http: this machine only)`,
    )
  return url
}

function originsOption(origins: unknown = []): readonly string[] {
  if (!Array.isArray(origins)) throw wrong('origins', "a list of origins, such as ['https://admin.acme.com']")
  const fault = origins.map(originFault).find(Boolean)
  if (fault) throw wrong('origins', fault)
  return [...(origins as string[])]
}

/** What is wrong with an origin, as what the option must be. */
export function originFault(one: unknown): string | undefined {
  const url = typeof one === 'string' ? URL.parse(one) : null
  if (isPlain(one)) return `https, and ${url?.origin} is http (which this machine alone may be)`
  if (!url || !isSafeUrl(one)) return "a list of origins, such as ['https://api.acme.com']"
  return url.origin === one ? undefined : `origins alone, without path or slash at the end: '${url.origin}'`
}

function pathOption(origin: string) {
  return (option: string, value: unknown): string => {
    const path = ownPath(value, origin)
    if (path === undefined) throw wrong(option, 'a path of this server')
    return path
  }
}

function pathsOption(paths: LoginPaths | undefined, url: URL, kind: SessionKind['kind']) {
  checkOptions(`${MAKER}, paths`, paths, ['login', 'callback', 'logout', 'backchannelLogout'])
  const { login = '/login', callback = url.pathname, logout = '/logout' } = paths ?? {}
  const wanted = paths?.backchannelLogout ?? (kind === 'store' ? '/backchannel-logout' : false)
  if (wanted !== false && kind === 'cookie')
    throw new TypeError(
      `${MAKER}: backchannelLogout needs sessions in a store, storeSession({ store, secret }): nobody but its browser can end a session that is in a cookie`,
    )
  const all = { login, callback, logout, ...(wanted !== false && { backchannelLogout: wanted }) }
  for (const [name, path] of Object.entries(all))
    if (typeof path !== 'string' || !PATH.test(path)) throw wrong(`paths.${name}`, 'a path such as /login')
  if (new Set(Object.values(all)).size < Object.keys(all).length) throw wrong('paths', 'different from each other')
  const prefix = url.pathname.endsWith(callback) ? url.pathname.slice(0, -callback.length) : ''
  return { prefix, paths: { login, callback, logout }, backchannelLogout: wanted === false ? undefined : wanted }
}

function parametersOf(options: OAuthClientOptions<never>): Readonly<Record<string, string>> {
  const { provider, scopes = ['openid', 'profile', 'email'], offline = false, parameters = {}, maxAge } = options
  if (
    !Array.isArray(scopes) ||
    !scopes.every((one) => typeof one === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(one))
  )
    throw wrong('scopes', "a list such as ['openid', 'email']")
  if (!scopes.includes('openid')) throw wrong('scopes', "a list with 'openid': without it nobody says who signed in")
  if (typeof offline !== 'boolean') throw wrong('offline', 'true or false')
  const asked = offline ? (provider.offline ?? OFFLINE) : {}
  const all = { ...provider.parameters, ...asked.parameters, ...parameters }
  const own = Object.keys(all).find((name) => OWN.includes(name))
  if (own !== undefined) throw new TypeError(`${MAKER}: parameters must not have ${own}: the sign-in itself sets it`)
  if (!Object.values(all).every((one) => typeof one === 'string')) throw wrong('parameters', 'names with texts')
  return Object.freeze({
    ...all,
    scope: [...new Set([...scopes, ...(asked.scopes ?? [])])].join(' '),
    ...(maxAge !== undefined && { max_age: `${maxAge}` }),
  })
}
