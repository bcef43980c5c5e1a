import {
  authError,
  checkOptions,
  isUnavailable,
  messageOf,
  problem,
  Refused,
  type RequestView,
  targetOf,
} from '@countersign/http'
import type { Endpoint, Scheme } from '@countersign/policy'
import { backchannelLogout } from './backchannel-logout.ts'
import { configured } from './client-authentication.ts'
import { loginTerms, type OAuthClientOptions } from './client-options.ts'
import { connect } from './connection.ts'
import { loginFlow } from './login.ts'
import { logout } from './logout.ts'
import { renewal } from './renewal.ts'
import { isDue, type KeptTokens, type Sessions } from './session.ts'
import { ENDED, loadOption, type SignedIn, sessionScheme } from './session-scheme.ts'

/** For calling APIs in the name of whoever signed in. */
export interface UserTokens {
  readonly accessToken: string
  /** Whole epoch seconds; left out where the provider does not say. */
  readonly expiresAt?: number
  /** What was granted, where the provider says. */
  readonly scopes?: readonly string[]
}

export interface OAuthClient<U = SignedIn> {
  /** For `policy({ accept })`: whoever has a session. */
  readonly session: Scheme<'session', U>
  /** For `mount`: sign-in, its callback, sign-out, and with sessions in a store the provider's sign-out. */
  readonly endpoints: readonly Endpoint[]
  /**
   * The access token of whoever signed in, renewed when it has run out. Ask behind a policy that accepts `session`. Throws
   * `Refused` with 401 when the provider gives no more, and `Unavailable` (503) while it does not answer: the session stays.
   * `instead`: an access token that an API answered 401 to; another is fetched, once whoever asks (sessions in a store).
   */
  tokens(request: RequestView, options?: { readonly instead: string }): Promise<UserTokens>
  /** The path that signs somebody in and brings them back to where this request was going. */
  loginPath(request: RequestView): string
}

const MAKER = 'oauthClient'
const KEEPING = 'storeSession(), or cookieSession({ tokens: true })'
const NO_TOKENS = authError('invalid_token', 'session.tokens', {
  detail: 'The access token has run out. Sign in again.',
  expected: 'a refresh token: oauthClient({ offline: true })',
})

/**
 * Signs people in at an OpenID provider: code flow with PKCE, state and nonce, sessions, renewal, sign-out. Asks the provider
 * nothing until the first request. Throws a TypeError for wrong options.
 */
export function oauthClient<U = SignedIn>(options: OAuthClientOptions<U>): OAuthClient<U> {
  const terms = loginTerms(options as OAuthClientOptions<never>)
  const { provider, clientId, authentication, paths } = terms
  const connection = connect(configured(MAKER, options), authentication, terms.fetch)
  const sessions = options.session.open({ client: `${clientId} at ${provider.issuer}`, now: terms.now })
  if (options.offline === true && !sessions.keepsTokens)
    throw new TypeError(`${MAKER}: offline: true needs a session that keeps tokens: ${KEEPING}`)
  const renew = renewal(terms, connection)
  const realm = realmOption(options.realm)
  const { scheme, live } = sessionScheme(terms, sessions, renew, { realm, load: loadOption(options.principal) })
  const login = loginFlow(terms, connection, sessions)

  const endpoints: Endpoint[] = [
    { method: 'GET', path: paths.login, handle: login.begin },
    { method: 'GET', path: paths.callback, handle: login.complete },
    { method: 'POST', path: paths.logout, handle: logout(terms, connection, sessions) },
  ]
  if (terms.backchannelLogout !== undefined && sessions.marks)
    endpoints.push({
      method: 'POST',
      path: terms.backchannelLogout,
      handle: backchannelLogout(terms, connection, sessions.marks),
    })

  async function tokens(request: RequestView, options?: { readonly instead: string }): Promise<UserTokens> {
    const instead = insteadOption(options, sessions)
    const message = messageOf(request)
    const session = live.get(message)
    if (!session)
      throw new Error('oauthClient: tokens(request) is for requests that passed a policy which accepts `session`')
    if (!sessions.keepsTokens) throw new Error(`${MAKER}: this session keeps no tokens: ${KEEPING}`)
    const { signIn, value, down } = session
    const { tokens: kept } = signIn
    const isRefused = kept !== undefined && kept.access === instead
    if (!kept || !(isRefused || isDue(kept, terms.now()))) return shown(kept)
    const isGood = () => !isRefused && terms.now() < (kept.expiresAt ?? Number.POSITIVE_INFINITY)
    if (kept.refresh === undefined && !isGood()) throw new Refused(problem(NO_TOKENS))
    if (kept.refresh === undefined || (down && isGood())) return shown(kept)
    if (down) throw down
    const found = await sessions.renew(value, renew, instead).catch((error: unknown) => {
      // They are renewed ahead of their end: until then a provider that is down harms nobody.
      if (isUnavailable(error) && isGood()) return { signIn }
      throw error
    })
    if (!found) throw new Refused(problem(ENDED))
    live.set(message, { ...session, signIn: found.signIn })
    return shown(found.signIn.tokens)
  }

  function loginPath(request: RequestView): string {
    return `${terms.prefix}${paths.login}?${new URLSearchParams({ returnTo: targetOf(request) })}`
  }

  return Object.freeze({
    session: scheme as Scheme<'session', U>,
    endpoints: Object.freeze(endpoints),
    tokens,
    loginPath,
  })
}

function shown(kept: KeptTokens | undefined): UserTokens {
  if (!kept) throw new Refused(problem(NO_TOKENS))
  const { access, expiresAt, scope } = kept
  return {
    accessToken: access,
    ...(expiresAt !== undefined && { expiresAt: Math.floor(expiresAt) }),
    ...(scope !== undefined && { scopes: scope.split(' ').filter(Boolean) }),
  }
}

/** The token that an API refused. A cookie could not be replaced in the middle of a request, so there it is an error at once. */
function insteadOption(options: unknown, { marks }: Sessions): string | undefined {
  if (options === undefined) return undefined
  checkOptions(`${MAKER}, tokens`, options, ['instead'])
  const { instead } = options as { readonly instead?: unknown }
  if (typeof instead !== 'string' || instead === '')
    throw new TypeError(`${MAKER}, tokens: instead must be the access token that the API refused`)
  if (!marks) throw new Error(`${MAKER}: tokens(request, { instead }) needs sessions in a store: storeSession()`)
  return instead
}

function realmOption(realm: unknown = 'api'): string {
  if (typeof realm !== 'string' || !/^[\x20-\x7e]+$/.test(realm))
    throw new TypeError('oauthClient: realm must be printable ASCII, such as "api"')
  return realm
}
