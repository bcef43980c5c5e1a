import { messageOf, type RequestView } from '@countersign/http'

/**
 * Whether the request came over TLS: the framework's own opinion, which trusts the proxies that its `trust proxy` or
 * `trustProxy` names and no other; on `node:http` the socket's. No header is read here.
 */
export function isOverTls(request: RequestView): boolean {
  if (request.protocol !== undefined) return request.protocol === 'https'
  return (messageOf(request).socket as { readonly encrypted?: unknown }).encrypted === true
}
