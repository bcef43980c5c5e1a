import { type AuthError, authError, checkOptions } from '@countersign/http'
import { strings, type TokenPrincipal } from '../claims.ts'
import { wrong } from '../options.ts'
import { quote } from '../quote.ts'
import { REMOTE_OPTIONS, type RemoteOptions, type RemoteTerms, remoteTerms } from '../remote-course.ts'

/** What every profile takes. */
export interface ProfileOptions extends RemoteOptions {
  /** Ids of the clients whose tokens are taken. Left out: of every client of the issuer. */
  readonly clients?: readonly string[]
}

/** Checks options; `own` are the names that this profile adds. The algorithms are the vendor's unless told otherwise. */
export function profileTerms(
  maker: string,
  options: ProfileOptions,
  own: readonly string[],
  algorithms: RemoteOptions['algorithms'],
): RemoteTerms {
  checkOptions(maker, options, [...own, 'clients', ...REMOTE_OPTIONS])
  if (options === undefined) throw new TypeError(`${maker} needs its options: ${own.join(', ')}`)
  return remoteTerms(maker, { ...(algorithms && { algorithms }), ...options })
}

const fault = (reason: string, expected: string, got?: unknown): AuthError =>
  authError('invalid_token', `token.${reason}`, got === undefined ? { expected } : { expected, got: quote(got) })

/** An invariant that does not hold: a 401 like any other; what it was is for the developer. */
export const broken = {
  audience: (expected: string, got?: unknown) => fault('audience', expected, got),
  client: (expected: string, got?: unknown) => fault('client', expected, got),
  domain: (expected: string, got?: unknown) => fault('domain', expected, got),
  permission: (expected: string) => fault('permission', expected),
  purpose: (expected: string, got?: unknown) => fault('purpose', expected, got),
  scope: (expected: string, got?: unknown) => fault('scope', expected, got),
  subject: (expected: string, got?: unknown) => fault('subject', expected, got),
  tenant: (expected: string, got?: unknown) => fault('tenant', expected, got),
  version: (expected: string, got?: unknown) => fault('version', expected, got),
} as const

/** A list of texts, or a TypeError. */
export function textsOption(maker: string, option: string, value: unknown, hint: string): readonly string[] {
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list) || list.length === 0 || !list.every((one) => typeof one === 'string' && one !== ''))
    throw wrong(maker, option, hint)
  return Object.freeze([...(list as string[])])
}

/** The `clients` option, or `undefined` for any. */
export function clientsOption(maker: string, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') throw wrong(maker, 'clients', `a list: ['${value}']`)
  return textsOption(maker, 'clients', value, 'a list of client ids')
}

/** The client that a token was given to: it must be named, and be one of `clients` where there are some. */
export function clientOf(id: unknown, claim: string, clients: readonly string[] | undefined): string | AuthError {
  // ID tokens do not name one: this is what tells them apart where the API is its own client.
  if (typeof id !== 'string' || id === '') return broken.client(`an access token: a claim ${claim}`, id)
  return clients && !clients.includes(id) ? broken.client(clients.join(' or '), id) : id
}

/** A list of texts from a claim; `undefined` for anything else. */
export function listClaim(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? strings(value) : undefined
}

/** What a vendor's claims say otherwise than the usual ones. */
export interface Said {
  readonly subject?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly roles?: readonly string[] | undefined
  readonly id?: string | undefined
  readonly session?: string | undefined
  readonly client?: string | undefined
}

/** The principal with what the vendor calls otherwise. `roles` of the usual claim do not stand beside it. */
export function principalWith({ roles: _, ...principal }: TokenPrincipal, said: Said): TokenPrincipal {
  const { subject = principal.subject, scopes = principal.scopes, roles, id, session, client } = said
  const credential = Object.freeze({
    ...principal.credential,
    ...(id !== undefined && { id }),
    ...(session !== undefined && { session }),
    ...(client !== undefined && { client }),
  })
  return Object.freeze({ ...principal, subject, ...(scopes && { scopes }), ...(roles && { roles }), credential })
}

/** A text, or `undefined`. */
export function textClaim(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
