import {
  type Answer,
  type AuthError,
  checkOptions,
  empty,
  type Headers,
  isAuthError,
  type Maybe,
  messageOf,
  pathOf,
  problem,
  type RequestView,
  targetOf,
} from '@countersign/http'
import {
  type AnyPolicy,
  type Endpoint,
  provenOf,
  publishRefusal,
  type RequirementDescription,
  type Verdict,
} from '@countersign/policy'
import { type FindRoute, type GatewayRoute, gatewayRoutes } from './gateway-routes.ts'
import { headerValue } from './header-value.ts'
import { originalRequest } from './original-request.ts'
import { trustedPeers } from './trusted-peers.ts'

export interface AuthCheckOptions {
  /** Addresses and ranges from which gateways ask, by socket: only they may say which request they ask about. `[]`: none. */
  readonly trustedPeers: readonly string[]
  /** `/auth/check`. With `/*` behind it: Envoy's way, whose method is the original one and whose path goes on with the original target. */
  readonly path?: string
}

const MAKER = 'authCheck()'

/**
 * `GET /auth/check` for gateways that ask before they pass a request on (nginx `auth_request`, Caddy `forward_auth`): 204 with
 * `X-Auth-Subject`, `X-Auth-Scheme` and `X-Auth-Scopes` (always all three; empty for nobody), or the refusal as it is. With
 * `?nginx=1` in statuses that nginx lets through: 400 is 401, whatever else is 403, and `X-Auth-Status` has the true one. Of a list
 * of routes the one of the original method and path is asked; a path that is not listed is 404. Throws a TypeError for wrong options.
 */
export function authCheck(guard: AnyPolicy | readonly GatewayRoute[], options: AuthCheckOptions): Endpoint {
  checkOptions(MAKER, options, ['trustedPeers', 'path'])
  const isTrusted = trustedPeers(MAKER, options?.trustedPeers)
  const { path = '/auth/check' } = options
  const prefix = typeof path === 'string' && path.endsWith('/*') ? path.slice(0, -2) : undefined
  if (typeof path !== 'string' || !/^\/[\x21-\x7e]*$/.test(path) || /[?#*]/.test(prefix ?? path))
    throw new TypeError(`${MAKER}: path must be literal, such as "/auth/check", or "/auth/check/*" for Envoy`)
  const choose = chooser(guard)
  const decides = Array.isArray(guard) || hasCookie((guard as AnyPolicy).describe().accept)

  function handle(request: RequestView): Maybe<Answer> {
    const asNginx = prefix === undefined && new URLSearchParams(targetOf(request).split('?')[1]).get('nginx') === '1'
    const say = (answer: Answer) => (asNginx ? forNginx(answer) : answer)
    const original = originalRequest(request, isTrusted, prefix, decides)
    if (isAuthError(original)) return say(refused(original, request))
    const policy = choose(original)
    if (isAuthError(policy)) return say(refused(policy, original))
    const verdict = policy.check(original)
    return verdict instanceof Promise
      ? verdict.then((later) => say(answerOf(later, original)))
      : say(answerOf(verdict, original))
  }
  return Object.freeze({ method: prefix === undefined ? 'GET' : '*', path, handle })
}

function chooser(guard: AnyPolicy | readonly GatewayRoute[]): (request: RequestView) => AnyPolicy | AuthError {
  if (!Array.isArray(guard)) {
    const policy = guard as AnyPolicy
    if (typeof policy?.check !== 'function')
      throw new TypeError(`${MAKER} takes a policy, or a list of routes: { methods, path, policy }`)
    return () => policy
  }
  const find: FindRoute<GatewayRoute> = gatewayRoutes(guard)
  return (request) => {
    const route = find(messageOf(request).method, pathOf(request))
    return isAuthError(route) ? route : route.policy
  }
}

/** Nobody was asked, so nobody told of it yet: without that a gateway that is set up wrong would be a riddle. */
function refused(error: AuthError, request: RequestView): Answer {
  publishRefusal(error, request)
  return problem(error)
}

/** What a cookie may do hangs on the method: it matters whose word that is. */
function hasCookie(accept: RequirementDescription | undefined): boolean {
  if (!accept) return false
  if ('sources' in accept) return accept.sources.some((source) => source.startsWith('cookie:'))
  return ('anyOf' in accept ? accept.anyOf : accept.allOf).some(hasCookie)
}

function answerOf(verdict: Verdict, request: RequestView): Answer {
  if (verdict?.status !== undefined) return verdict
  const caller = provenOf(request)
  return empty(204, {
    ...verdict?.headers,
    'x-auth-subject': headerValue(caller?.principal.subject ?? ''),
    'x-auth-scheme': headerValue(caller?.scheme ?? ''),
    'x-auth-scopes': (caller?.principal.scopes ?? []).map(headerValue).join(' '),
    'cache-control': 'no-store',
  })
}

/** nginx makes a 500 of whatever is not 2xx, 401 or 403 (ngx_http_auth_request_module); `error_page` turns it back. */
function forNginx(answer: Answer): Answer {
  const { status } = answer
  if (status < 300 || status === 401 || status === 403) return inOneLine(answer)
  const headers: Headers = { ...answer.headers, 'x-auth-status': `${status}` }
  return inOneLine({ ...answer, status: status === 400 ? 401 : 403, headers })
}

/** Challenges as one list (RFC 9110 section 11.6.1): nginx before 1.23 hands on one line of several. */
function inOneLine(answer: Answer): Answer {
  const challenges = answer.headers['www-authenticate']
  if (!Array.isArray(challenges)) return answer
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': challenges.join(', ') } }
}
