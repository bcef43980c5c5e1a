import { pathOf, type RequestView } from '@countersign/http'
import type { LoginTerms } from './client-options.ts'

/**
 * Where a browser sees the paths of this application, told from a request to one of the endpoints. What stands before the
 * endpoint in `redirectUri` and not in the request, a proxy took off. Throws where `redirectUri` cannot be below the mount.
 */
export function outsideOf(terms: LoginTerms, request: RequestView, inside: string): (path: string) => string {
  const path = pathOf(request)
  const mounted = path.endsWith(inside) ? path.slice(0, -inside.length) : ''
  const { prefix, paths, redirectUri } = terms
  if (!prefix.endsWith(mounted))
    throw new Error(
      `oauthClient: the endpoints are mounted below ${mounted}, so the callback is ${mounted}${paths.callback}, and redirectUri is ${redirectUri}: ${adviceFor(redirectUri, mounted)}`,
    )
  const taken = prefix.slice(0, prefix.length - mounted.length)
  // What is below it already was written as browsers see it.
  const isBelow = (own: string) => own.startsWith(taken) && /^([/?#]|$)/.test(own.slice(taken.length))
  return (own) => (taken === '' || isBelow(own) ? own : `${taken}${own}`)
}

function adviceFor(redirectUri: string, mounted: string): string {
  const { pathname } = new URL(redirectUri)
  return pathname.startsWith(`${mounted}/`)
    ? `set paths: { callback: '${pathname.slice(mounted.length)}' }`
    : `make its path ${mounted}/callback, there and at the provider, and set paths: { callback: '/callback' }`
}
