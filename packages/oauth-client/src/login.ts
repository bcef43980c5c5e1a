import { randomBytes } from 'node:crypto'
import { readCookie } from '@countersign/credentials'
import {
  type Answer,
  type AuthError,
  authError,
  empty,
  type Headers,
  isAuthError,
  isUnavailable,
  problem,
  type RequestView,
  targetOf,
  unavailableError,
} from '@countersign/http'
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  type Configuration,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { ATTEMPT_TIME, type Attempt, attemptCookies, attemptName } from './attempt.ts'
import type { Claims } from './claims.ts'
import type { LoginTerms } from './client-options.ts'
import { printable } from './configuration-error.ts'
import { type Connection, refusedAuthorization, refusedGrant, unavailableIn } from './connection.ts'
import { tell } from './event.ts'
import { outsideOf } from './prefix.ts'
import { tokensOf } from './renewal.ts'
import { ownPath } from './return-to.ts'
import type { Sessions, SignIn } from './session.ts'
import { principalFor, SESSION, type SignedIn } from './session-scheme.ts'
import { setCookie } from './set-cookie.ts'

const SIGN_IN_AGAIN = { detail: 'This sign-in cannot be completed. Begin again.' }
const UNKNOWN = authError('invalid_request', 'login.unknown', {
  ...SIGN_IN_AGAIN,
  expected: 'a sign-in that this browser began',
})
const EXPIRED = authError('invalid_request', 'login.expired', { ...SIGN_IN_AGAIN, expected: 'within 10 minutes' })
const REPLAYED = authError('invalid_request', 'login.replayed', { ...SIGN_IN_AGAIN, expected: 'once' })
const wrongResponse = (got: string) =>
  authError('invalid_request', 'login.response', {
    ...SIGN_IN_AGAIN,
    expected: 'an answer of the provider to this sign-in',
    got,
  })
const CODE = authError('invalid_grant', 'login.code', { ...SIGN_IN_AGAIN, expected: 'a code that the provider takes' })
const ENDED = authError('invalid_request', 'login.ended', {
  ...SIGN_IN_AGAIN,
  expected: 'a session that the provider has not ended',
})
const DECLINED = authError('access_denied', 'login.declined', {
  detail: 'The sign-in was not completed at the provider.',
})
const DOWN = authError('temporarily_unavailable', 'login.provider', { headers: { 'retry-after': '5' } })

/** Codes of RFC 6749 section 4.1.2.1 that say more than "something was wrong". */
const PROVIDER_SAID: Readonly<Record<string, AuthError>> = {
  access_denied: DECLINED,
  server_error: DOWN,
  temporarily_unavailable: DOWN,
}

export interface Login {
  /** Sends the browser to the provider. */
  begin(request: RequestView): Promise<Answer>
  /** Takes the provider's answer and begins a session. */
  complete(request: RequestView): Promise<Answer>
}

/** Signing in: code flow with PKCE, state and nonce, all bound to the browser that began it (RFC 9700 section 4.7). */
export function loginFlow(terms: LoginTerms, connection: Connection, sessions: Sessions): Login {
  const attempts = attemptCookies(sessions.seal, terms.now)

  async function begin(request: RequestView): Promise<Answer> {
    const outside = outsideOf(terms, request, terms.paths.login)
    const configuration = await connection.configuration()
    const attempt: Attempt = {
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
      returnTo: returnTo(request, outside),
      at: terms.now(),
    }
    const url = buildAuthorizationUrl(configuration, {
      ...terms.parameters,
      redirect_uri: terms.redirectUri,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    })
    return to(url.href, [...attempts.surplus(request), attempts.cookieFor(attempt)])
  }

  function returnTo(request: RequestView, outside: (path: string) => string): string {
    const [asked, ...more] = queryOf(request).getAll('returnTo')
    const own = more.length === 0 ? ownPath(asked, terms.origin) : undefined
    const path = own === undefined ? undefined : outside(own)
    const isOurs = (one: string) => path?.split(/[?#]/, 1)[0] === `${terms.prefix}${one}`
    return path === undefined || Object.values(terms.paths).some(isOurs) ? outside(terms.afterLogin) : path
  }

  async function complete(request: RequestView): Promise<Answer> {
    const failed = refusing(outsideOf(terms, request, terms.paths.callback))
    const query = queryOf(request)
    const [state, ...more] = query.getAll('state')
    if (state === undefined || more.length > 0) return failed(UNKNOWN, [])
    const name = attemptName(state)
    const cookie = readCookie(request, name)
    if (cookie === undefined || isAuthError(cookie)) return failed(cookie ?? UNKNOWN, [])
    const gone = setCookie(name, '', 0)
    const attempt = attempts.open(name, cookie)
    if (!attempt) return failed(UNKNOWN, [gone])
    if (terms.now() >= attempt.at + ATTEMPT_TIME) return failed(EXPIRED, [gone])
    try {
      if ((await sessions.marks?.once(`login ${attempt.state}`, attempt.at + ATTEMPT_TIME)) === false)
        return failed(REPLAYED, [gone])
      const signIn = await redeem(query, attempt)
      if (isAuthError(signIn)) return failed(signIn, [gone])
      const before = readCookie(request, SESSION)
      const value = await sessions.begin(signIn)
      if (value === undefined) return failed(ENDED, [gone])
      // A new id, and the one of before ends: whoever knew it knows nothing now.
      if (typeof before === 'string') await sessions.end(before)
      const { subject } = principalFor(terms.provider, signIn, sessions.lifetime) as SignedIn
      tell('signed_in', { client: terms.clientId, subject, session: signIn.id })
      return to(attempt.returnTo, [gone, setCookie(SESSION, value, sessions.lifetime)])
    } catch (error) {
      const down = unavailableIn(error)
      if (down) return failed(unavailableError(down), [gone])
      throw error
    }
  }

  async function redeem(query: URLSearchParams, { state, nonce, verifier }: Attempt): Promise<SignIn | AuthError> {
    const configuration = await connection.configuration()
    const answer = await exchange(configuration, query, { state, nonce, verifier })
    if (isAuthError(answer)) return answer
    const claims = answer.claims() as Claims | undefined
    if (!claims || !answer.id_token) return wrongResponse('no ID token')
    const wrong = await terms.provider.check?.(claims)
    if (wrong) return wrong
    const now = terms.now()
    const signIn: SignIn = {
      id: randomBytes(12).toString('base64url'),
      at: now,
      used: now,
      idToken: answer.id_token,
      ...(sessions.keepsTokens && { tokens: tokensOf(answer, now) }),
    }
    const principal = principalFor(terms.provider, signIn, sessions.lifetime)
    return isAuthError(principal) ? wrongResponse('an ID token without a subject') : signIn
  }

  async function exchange(
    configuration: Configuration,
    query: URLSearchParams,
    { state, nonce, verifier }: Pick<Attempt, 'state' | 'nonce' | 'verifier'>,
  ) {
    const url = new URL(terms.redirectUri)
    url.search = `${query}`
    try {
      return await authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        ...(terms.maxAge !== undefined && { maxAge: terms.maxAge }),
      })
    } catch (error) {
      const down = unavailableIn(error)
      if (down) throw down
      const said = refusedAuthorization(error)
      if (said !== undefined)
        return (
          (Object.hasOwn(PROVIDER_SAID, said) && PROVIDER_SAID[said]) || wrongResponse(`the error ${printable(said)}`)
        )
      const grant = refusedGrant(error)
      if (grant === 'invalid_grant') return CODE
      if (grant !== undefined) throw connection.fault(error)
      if (error instanceof ClientError) return wrongResponse(whyOf(error))
      throw error
    }
  }

  function refusing(outside: (path: string) => string) {
    return (error: AuthError, cookies: readonly string[]): Answer => {
      tell('sign_in_failed', { client: terms.clientId, error })
      const { status, headers, body } = problem(error)
      if (terms.afterFailure === undefined) return { status, headers: withCookies(headers, cookies), body }
      const url = new URL(outside(terms.afterFailure), terms.origin)
      url.searchParams.set('error', error.code)
      return to(`${url.pathname}${url.search}${url.hash}`, cookies)
    }
  }

  /** A fault of the configuration is told of too: what is thrown may go to a log that nobody looks at for sign-ins. */
  async function told(work: Promise<Answer>): Promise<Answer> {
    try {
      return await work
    } catch (fault) {
      if (fault instanceof Error) tell('sign_in_failed', { client: terms.clientId, fault: fault.message })
      throw fault
    }
  }

  async function begun(request: RequestView): Promise<Answer> {
    try {
      return await begin(request)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      return refusing(outsideOf(terms, request, terms.paths.login))(unavailableError(error), [])
    }
  }

  return {
    begin: (request) => told(begun(request)),
    complete: (request) => told(complete(request)),
  }
}

/** In openid-client's words, which are the same whatever was sent. */
function whyOf({ code, message, cause }: ClientError): string {
  const why = cause instanceof Error ? cause.message : message
  return `${code ?? 'unknown'}: ${why}`.slice(0, 200)
}

function queryOf(request: RequestView): URLSearchParams {
  const target = targetOf(request)
  const at = target.indexOf('?')
  return new URLSearchParams(at === -1 ? '' : target.slice(at + 1))
}

function to(location: string, cookies: readonly string[]): Answer {
  return empty(303, withCookies({ location, 'cache-control': 'no-store', 'content-length': '0' }, cookies))
}

function withCookies(headers: Headers, cookies: readonly string[]): Headers {
  return cookies.length === 0 ? headers : { ...headers, 'set-cookie': [...cookies] }
}
