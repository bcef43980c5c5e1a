import { messageOf, type RequestView, targetOf } from '@countersign/http'
import type { Covered } from './component.ts'

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/** A request as a server got it, called by its own origin: `Host` and `X-Forwarded-Host` are the client's words. */
export function coveredRequest(request: RequestView, origin: string): Covered {
  const { rawHeaders, method } = messageOf(request)
  const target = targetOf(request).replace(ORIGIN, '')
  const path = target === '' || target.startsWith('?') ? `/${target}` : target
  return {
    rawHeaders,
    ...(method !== undefined && { method }),
    ...(path.startsWith('/') && { url: origin + path }),
  }
}
