import type { WireResponse } from './wire.ts'

/** All that may differ between two hosts' answers to one request; everything else is compared to the byte. */
export const NORMALISED: readonly string[] = [
  'header names: in lower case, headers in order of name',
  'headers: date, connection, keep-alive left out',
  'body members: access_token, refresh_token, key replaced; id where it is that of an API key or a session; created_at, last_used_at and expires_at replaced',
  'JWKS: nothing (the hosts are started with the same KEYS)',
]

const LEFT_OUT = new Set(['date', 'connection', 'keep-alive'])

/** An answer as it is compared between hosts. */
export function normalise({ status, headers, body }: WireResponse): string {
  const lines = headers.filter(([name]) => !LEFT_OUT.has(name)).map(([name, value]) => `${name}: ${value}`)
  const order = lines.map((line, at) => [line.slice(0, line.indexOf(':')), at, line] as const)
  order.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j))
  const text = body
    .toString('latin1')
    .replace(/"(access_token|refresh_token|key)":"[^"]*"/g, '"$1":"…"')
    .replace(/"id":"[^"]*"/g, '"id":"…"')
    .replace(/"(created_at|last_used_at|expires_at)":\d+/g, '"$1":0')
  return [`${status}`, ...order.map(([, , line]) => line), '', text].join('\n')
}
