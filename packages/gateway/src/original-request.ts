import {
  type AuthError,
  authError,
  headerLines,
  type Message,
  messageOf,
  type RequestView,
  targetOf,
} from '@countersign/http'
import type { IsTrusted } from './trusted-peers.ts'

const PEER = authError('invalid_request', 'forward-auth.peer', {
  expected: 'X-Original-* and X-Forwarded-Method, -Uri from a trusted peer alone: add the gateway to trustedPeers',
})
const ORIGINAL = authError('invalid_request', 'forward-auth.original', {
  expected:
    'from a trusted peer: one X-Original-Method and X-Original-URI, or one X-Forwarded-Method and X-Forwarded-Uri',
})
/** nginx, HAProxy and Envoy are told to send the first two; Caddy and Traefik send the others. */
const PAIRS = [
  ['x-original-method', 'x-original-uri'],
  ['x-forwarded-method', 'x-forwarded-uri'],
] as const
const METHOD = /^[A-Z]{1,20}$/
const TARGET = /^\/[\x21-\x7e]*$/

/**
 * The request that a gateway asks about, as a view of the one it asks with: its method and target, its credentials. From any other
 * peer the request itself; `invalid_request` where such a peer speaks of another request and that `decides` which policy is asked,
 * and where a gateway leaves out which.
 * With `prefix` the original is what comes behind it, by the same method: Envoy asks so.
 */
export function originalRequest(
  request: RequestView,
  isTrusted: IsTrusted,
  prefix?: string,
  decides = true,
): RequestView | AuthError {
  const message = messageOf(request)
  if (prefix !== undefined) {
    const [method = '', target] = [message.method, targetOf(request).slice(prefix.length)]
    return isTrusted(request) && METHOD.test(method) && TARGET.test(target)
      ? viewOf(request, message, method, target)
      : PEER
  }
  const said = PAIRS.map((names) => names.map((name) => headerLines(message, name)))
  const spoken = said.filter((pair) => pair.some((lines) => lines.length > 0))
  if (!isTrusted(request)) return spoken.length > 0 && decides ? PEER : request
  const [pair] = spoken
  // A client may have sent the pair that this gateway does not write: then there are two.
  if (!pair || spoken.length > 1 || pair.some((lines) => lines.length !== 1)) return ORIGINAL
  const [[method], [target]] = pair as [[string], [string]]
  if (!METHOD.test(method) || !TARGET.test(target)) return ORIGINAL
  return viewOf(request, message, method, target)
}

/** A message of its own: what policies record on it is about the original request. */
function viewOf(request: RequestView, message: Message, method: string, url: string): RequestView {
  const { headers, rawHeaders, socket } = message
  // `node:http` has no opinion of proxies: the last address is what the trusted peer itself put there.
  const ip = request.ip ?? headerLines(message, 'x-forwarded-for').at(-1)?.split(',').at(-1)?.trim()
  return {
    headers,
    rawHeaders,
    socket,
    method,
    url,
    ...(ip !== undefined && { ip }),
    ...(request.protocol !== undefined && { protocol: request.protocol }),
    ...(request.host !== undefined && { host: request.host }),
  }
}
