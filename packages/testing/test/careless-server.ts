// A strict little server by hand, and what it is without one thing or another: for every attack there is a mistake that
// lets it in. It stands on node:crypto alone, so that the kit is not judged by what it was made from.
import { createHmac, createPublicKey, type JsonWebKey, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'

export interface Known {
  readonly issuer: string
  readonly audience: string
  readonly key: KeyObject
  readonly scopes: readonly string[]
  readonly maxAge: number
}
export interface Token {
  readonly text: string
  readonly parts: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: what an attacker sends
  readonly header: any
  // biome-ignore lint/suspicious/noExplicitAny: what an attacker sends
  readonly claims: any
  readonly known: Known
}

export const POSTS = '/posts'
export const OTHERS = '/others'
export const KEY = 'Good-Key-1'
export const USER = { name: 'ada', password: 'Good-Password-1' }

const now = () => Date.now() / 1000
const json = (segment = '') => JSON.parse(Buffer.from(segment, 'base64url').toString())
const members = (segment = '') =>
  Buffer.from(segment, 'base64url')
    .toString()
    .match(/"\w+":/g) ?? []
const HASH: Readonly<Record<string, string>> = { RS256: 'sha256', ES256: 'sha256' }

export function signs(key: KeyObject, { parts: [header, claims, signature = ''] }: Token, alg: string): boolean {
  const bytes = Buffer.from(`${header}.${claims}`)
  const given = Buffer.from(signature, 'base64url')
  return verify(HASH[alg] ?? null, bytes, { key, dsaEncoding: 'ieee-p1363' }, given)
}
const mac = (secret: string | Buffer, { parts: [header, claims, signature] }: Token) =>
  createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url') === signature

/** What a good token is, each by its name: a server without one of these takes what it would refuse. */
export const CHECKS: Readonly<Record<string, (token: Token) => boolean>> = {
  'three segments': ({ parts }) => parts.length === 3,
  size: ({ text }) => text.length < 8192,
  canonical: ({ parts }) => parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part),
  'no member twice': ({ parts: [, claims] }) => new Set(members(claims)).size === members(claims).length,
  'known algorithm': ({ header, known }) => header.alg === (known.key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256'),
  'known key': ({ header }) => header.kid === 'test',
  'no key in the header': ({ header }) => !['jwk', 'jku', 'x5u', 'x5c'].some((name) => name in header),
  signature: (token) => signs(token.known.key, token, token.header.alg),
  crit: ({ header }) => header.crit === undefined,
  'no logout token': ({ header }) => header.typ !== 'logout+jwt',
  'no proof': ({ header }) => header.typ !== 'dpop+jwt',
  'no ID token': ({ claims }) => claims.nonce === undefined,
  'exp is there': ({ claims }) => claims.exp !== undefined,
  'exp is a number': ({ claims }) => claims.exp === undefined || typeof claims.exp === 'number',
  'exp is near': ({ claims }) => !(claims.exp > now() + 365 * 86400),
  expiry: ({ claims }) => !(claims.exp < now()),
  nbf: ({ claims }) => !(claims.nbf > now()),
  'aud is there': ({ claims }) => claims.aud !== undefined,
  aud: ({ claims, known }) => claims.aud === undefined || claims.aud === known.audience,
  'iss is there': ({ claims }) => claims.iss !== undefined,
  iss: ({ claims, known }) => claims.iss === undefined || `${[claims.iss].flat()[0]}` === known.issuer,
  'iss is text': ({ claims }) => claims.iss === undefined || typeof claims.iss === 'string',
  sub: ({ claims }) => claims.sub !== undefined,
}

/** Where a token is, how the route is found, and what the caller may: what a server does beside. */
export interface Habits {
  token(request: IncomingMessage): string | undefined
  /** Before anything is asked: lets pass who needs not be asked. */
  open(request: IncomingMessage): boolean
  route(path: string): string
  may(token: Token): boolean
  recent(token: Token): boolean
  owns(path: string): boolean
  key(given: string | undefined, lines: readonly string[]): boolean
  password(user: string | undefined, password: string | undefined, lines: readonly string[]): boolean
}

export const linesOf = ({ rawHeaders }: IncomingMessage, name: string) =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
export const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] as string
const only = (lines: readonly string[]) => (lines.length === 1 ? lines[0] : undefined)

export const STRICT: Habits = {
  token: (request) => /^Bearer ([^ ,]+)$/.exec(only(linesOf(request, 'authorization')) ?? '')?.[1],
  open: () => false,
  route: (path) => path,
  may: ({ claims, known }) => {
    const held = `${claims.scope ?? ''}`.split(' ')
    return known.scopes.every((scope) => held.includes(scope))
  },
  recent: ({ claims, known }) => claims.auth_time > now() - known.maxAge,
  owns: (path) => path === POSTS,
  key: (given) => given === KEY,
  password: (user, password, lines) => lines.length === 1 && user === USER.name && password === USER.password,
}

/** A mistake: the checks that are left out, what is believed beside the server's own key, other habits. */
export interface Mistake {
  readonly without?: readonly string[]
  believes?(token: Token): boolean | Promise<boolean>
  readonly habits?: Partial<Habits>
  /** Checks in place of those of that name. */
  readonly instead?: Readonly<Record<string, (token: Token) => boolean>>
  /** Goes on where reading fails. */
  readonly onUnreadable?: 'passes'
}

export async function statusOf(request: IncomingMessage, known: Known, mistake: Mistake): Promise<number> {
  const habits = { ...STRICT, ...mistake.habits }
  const path = habits.route(pathOf(request))
  if (path !== POSTS && path !== OTHERS) return 404
  if (habits.open(request)) return 200
  const credential = await proved(request, known, mistake, habits)
  if (credential === undefined) return 401
  if (credential !== 'other scheme' && !habits.may(credential)) return 403
  if (credential !== 'other scheme' && !habits.recent(credential)) return 401
  return habits.owns(path) ? 200 : 404
}

async function proved(request: IncomingMessage, known: Known, mistake: Mistake, habits: Habits) {
  const keys = linesOf(request, 'x-api-key')
  if (keys.length > 0) return habits.key(only(keys), keys) ? 'other scheme' : undefined
  const lines = linesOf(request, 'authorization')
  if (lines[0]?.startsWith('Basic ')) {
    const text = Buffer.from(lines[0].slice(6), 'base64').toString()
    const colon = text.indexOf(':')
    const user = colon < 0 ? text : text.slice(0, colon)
    return habits.password(user, colon < 0 ? undefined : text.slice(colon + 1), lines) ? 'other scheme' : undefined
  }
  const text = habits.token(request)
  if (text === undefined) return undefined
  const parts = text.split('.')
  try {
    const token: Token = { text, parts, header: json(parts[0]), claims: json(parts[1]), known }
    const { without = [], instead, believes } = mistake
    const checks = { ...CHECKS, ...instead }
    const failed = Object.keys(checks).filter((name) => !without.includes(name) && !checks[name]?.(token))
    const own = ['known algorithm', 'known key', 'no key in the header', 'signature']
    if (failed.length === 0) return token
    return failed.every((name) => own.includes(name)) && (await believes?.(token)) ? token : undefined
  } catch {
    const claims = { scope: known.scopes.join(' '), auth_time: now() }
    return mistake.onUnreadable && { text, parts, header: {}, claims, known }
  }
}

const exported = (key: KeyObject) => `${key.export({ type: 'spki', format: 'pem' })}`
const jwkKey = (key: JsonWebKey) => createPublicKey({ key, format: 'jwk' })

/** How servers came to believe others than their own issuer. */
export const BELIEVED = {
  none: ({ header }: Token) => `${header.alg}`.toLowerCase() === 'none',
  jwk: (token: Token) => token.header.jwk && signs(jwkKey(token.header.jwk), token, token.header.alg),
  x5c: (token: Token) => {
    const [der] = token.header.x5c ?? []
    if (!der) return false
    const { publicKey } = new X509Certificate(Buffer.from(der, 'base64'))
    return signs(publicKey, token, token.header.alg)
  },
  jku: async (token: Token) => {
    if (!token.header.jku) return false
    const { keys } = (await (await fetch(token.header.jku)).json()) as { keys: (JsonWebKey & { kid: string })[] }
    const key = keys.find(({ kid }) => kid === token.header.kid)
    return key !== undefined && signs(jwkKey(key), token, token.header.alg)
  },
  x5u: async (token: Token) => {
    if (!token.header.x5u) return false
    const { publicKey } = new X509Certificate(await (await fetch(token.header.x5u)).text())
    return signs(publicKey, token, token.header.alg)
  },
  'a secret in the file that the kid names': (token: Token) =>
    token.header.alg === 'HS256' && mac(readFileSync(join(import.meta.dirname, `${token.header.kid}`)), token),
  confusion: (token: Token) => {
    const { key } = token.known
    const { n, x } = key.export({ format: 'jwk' })
    const pem = exported(key)
    const der = key.export({ type: 'spki', format: 'der' })
    const forms = [pem, `\n${pem}`, pem.trimEnd(), der, Buffer.from(n ?? x ?? '', 'base64url')]
    return token.header.alg === 'HS256' && forms.some((form) => mac(form, token))
  },
  'ECDSA without a look at zeros': ({ parts: [, , signature = ''], header }: Token) =>
    header.alg === 'ES256' && /^A+$/.test(signature),
} as const satisfies Readonly<Record<string, Mistake['believes']>>
