import type { Message, RequestView } from '@countersign/http'

/** A request as a host gives it: `ip` where there is a framework. */
export function requestFrom(
  peer: string | undefined,
  { ip, headers = [] }: { readonly ip?: string; readonly headers?: readonly string[] } = {},
): RequestView & Message {
  const socket = peer === undefined ? {} : { remoteAddress: peer }
  const named = Object.fromEntries(
    headers.flatMap((name, at) => (at % 2 ? [] : [[name.toLowerCase(), headers[at + 1]]])),
  )
  return { ...(ip !== undefined && { ip }), rawHeaders: headers, headers: named, method: 'GET', url: '/', socket }
}
