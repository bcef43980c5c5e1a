import { readCookie } from '@countersign/credentials'
import {
  type AuthError,
  authError,
  isAuthError,
  isUnavailable,
  type Message,
  messageOf,
  type Principal,
  type RequestView,
  type Unavailable,
} from '@countersign/http'
import { errorParams, type Presented, type Scheme } from '@countersign/policy'
import { type Claims, claimsIn, textsOf } from './claims.ts'
import type { LoginTerms } from './client-options.ts'
import type { Provider } from './provider.ts'
import { crossOrigin } from './same-origin.ts'
import { type Found, isDue, type Renew, type Sessions, type SignIn } from './session.ts'
import { setCookie } from './set-cookie.ts'

/** Who signed in, and what the provider said of them. */
export interface SignedIn extends Principal {
  /** Of the ID token. */
  readonly claims: Claims
}

/** Name of the cookie. */
export const SESSION = '__Host-session'

/** The session that a request was let in with. */
export interface Live {
  readonly value: string
  readonly signIn: SignIn
  /** Why its tokens could not be renewed. */
  readonly down?: Unavailable
}

/** For whoever answers a request whose session has ended. */
const cleared = { headers: { 'set-cookie': setCookie(SESSION, '', 0) } }
const UNKNOWN = authError('invalid_token', 'session.unknown', { ...cleared, expected: 'a session that is not over' })
export const ENDED: AuthError = authError('invalid_token', 'session.ended', {
  ...cleared,
  expected: 'a session whose tokens the provider renews',
})

interface SessionCredential extends Presented {
  readonly value: string
}

/** A scheme for the cookie of a session, and the sessions by message for `tokens`. */
export function sessionScheme(
  terms: LoginTerms,
  sessions: Sessions,
  renew: Renew,
  { realm, load }: { readonly realm: string; readonly load: Pick<Scheme, 'load'> },
): { readonly scheme: Scheme; readonly live: WeakMap<Message, Live> } {
  const live = new WeakMap<Message, Live>()
  const cookies = new WeakMap<Principal, string>()

  /** Tokens in a cookie are renewed where the answer can still carry the new cookie. A provider that is down ends no session. */
  async function renewed(value: string, found: Found): Promise<(Found & { readonly down?: Unavailable }) | undefined> {
    const { tokens } = found.signIn
    if (sessions.marks || !tokens?.refresh || !isDue(tokens, terms.now())) return found
    try {
      return await sessions.renew(value, renew)
    } catch (down) {
      if (!isUnavailable(down)) throw down
      return { ...found, down }
    }
  }

  const scheme: Scheme = {
    kind: 'scheme',
    of: [],
    name: 'session',
    sources: [`cookie:${SESSION}`],
    openapi: { type: 'apiKey', in: 'cookie', name: SESSION },
    read(request): SessionCredential | AuthError | undefined {
      const value = readCookie(request, SESSION)
      return value === undefined || isAuthError(value) ? value : { from: 'cookie', value }
    },
    async verify(credential: Presented, request: RequestView) {
      const foreign = crossOrigin(request, terms.origins)
      if (foreign) return foreign
      const { value } = credential as SessionCredential
      const found = await sessions.find(value)
      if (!found) return UNKNOWN
      const now = await renewed(value, found)
      if (!now) return ENDED
      const principal = principalFor(terms.provider, now.signIn, sessions.lifetime)
      if (isAuthError(principal)) return principal
      live.set(messageOf(request), {
        value: now.value ?? value,
        signIn: now.signIn,
        ...(now.down && { down: now.down }),
      })
      if (now.value !== undefined) {
        const left = Math.ceil(now.signIn.at + sessions.lifetime - terms.now())
        cookies.set(principal, setCookie(SESSION, now.value, left))
      }
      return principal
    },
    ...load,
    answerHeaders(verified) {
      const cookie = cookies.get(verified)
      return cookie === undefined ? undefined : { 'set-cookie': cookie }
    },
    challenge: (error) => ({
      scheme: 'Cookie',
      params: {
        realm,
        'form-action': `${terms.prefix}${terms.paths.login}`,
        'cookie-name': SESSION,
        ...errorParams(error),
      },
    }),
  }
  return { scheme: Object.freeze(scheme), live }
}

/** Whom a sign-in makes somebody, or why they cannot be anybody. */
export function principalFor(provider: Provider, signIn: SignIn, lifetime: number): SignedIn | AuthError {
  const claims = claimsIn(signIn.idToken)
  const { sub, auth_time, sid } = claims
  const subject = provider.subjectOf ? provider.subjectOf(claims) : sub
  if (typeof subject !== 'string' || subject === '') return UNKNOWN
  const roles = textsOf(provider.rolesOf?.(claims))
  return Object.freeze({
    subject,
    claims,
    ...(roles && { roles }),
    expiresAt: Math.floor(signIn.at + lifetime),
    ...(typeof auth_time === 'number' && { authTime: auth_time }),
    credential: Object.freeze({ id: signIn.id, ...(typeof sid === 'string' && { session: sid }) }),
  })
}

/** Makes `load` of the `principal` option. */
export function loadOption(principal: unknown): Pick<Scheme, 'load'> {
  if (principal === undefined) return {}
  if (typeof principal !== 'function')
    throw new TypeError('oauthClient: principal must be a function (signedIn) => user')
  return { load: (verified, request) => principal(verified, request) }
}
