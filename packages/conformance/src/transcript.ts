import type { WireResponse } from './wire.ts'

/** All that may differ between two hosts' answers to one request; everything else is compared to the byte. */
export const NORMALISED: readonly string[] = [
  'header names: in lower case, headers in order of name',
  'headers: date, connection, keep-alive left out',
  'body members: access_token, refresh_token, key replaced; id where it is that of an API key or a session; created_at, last_used_at and expires_at replaced',
  'OAuth: names that are made anew in Location, Set-Cookie and pages; id_token, jti, sid, iat, exp, auth_time replaced',
  'signatures: signature, created and nonce replaced; a JWE replaced',
  'limits: what is left of them replaced',
  'JWKS: nothing (the hosts are started with the same KEYS)',
]

/** Headers that hold ids, codes and dates of a flow. */
const MADE_ANEW = new Set(['location', 'set-cookie'])
const withoutNames = (text: string) =>
  text.replace(/(?<![\w-])[\w-]{40,}(?![\w-])/g, '…').replace(/expires=[^;]*/g, 'expires=…')
const withoutSignature = (name: string, value: string) =>
  name === 'ratelimit' || name === 'retry-after'
    ? value.replace(/\d+/g, '…')
    : name === 'signature' || name === 'signature-input'
      ? value.replace(/=:[^:]+:/g, '=:…:').replace(/;(created|nonce)=("[^"]*"|\d+)/g, ';$1=…')
      : value
const LEFT_OUT = new Set(['date', 'connection', 'keep-alive'])

/** An answer as it is compared between hosts. */
export function normalise({ status, headers, body }: WireResponse): string {
  const lines = headers
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}: ${MADE_ANEW.has(name) ? withoutNames(value) : withoutSignature(name, value)}`)
  const order = lines.map((line, at) => [line.slice(0, line.indexOf(':')), at, line] as const)
  order.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j))
  const text = body
    .toString('latin1')
    .replace(/"(access_token|refresh_token|key)":"[^"]*"/g, '"$1":"…"')
    .replace(/^eyJ[\w-]+(\.[\w-]*){4}$/, 'JWE …')
    .replace(/"id":"[^"]*"/g, '"id":"…"')
    .replace(/"(id_token|jti|sid)":"[^"]*"/g, '"$1":"…"')
    .replace(/"(iat|exp|auth_time)":\d+/g, '"$1":0')
    .replace(/(name="(?:csrf|xsrf)" value="|\/interaction\/)[\w-]+/g, '$1…')
    .replace(/"(created_at|last_used_at|expires_at)(\\?)":\d+/g, '"$1$2":0') // also where JSON stands in text
  return [`${status}`, ...order.map(([, , line]) => line), '', text].join('\n')
}
