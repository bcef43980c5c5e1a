import { type AuthError, checkOptions, isLoopback, isSafeUrl, type Maybe } from '@countersign/http'
import type { Claims } from './claims.ts'

/** What is asked of a provider beside the usual, so that it gives a refresh token. */
export interface Offline {
  readonly scopes?: readonly string[]
  readonly parameters?: Readonly<Record<string, string>>
}

/** Where people sign in, and what is special about it. `entraId` and the like make them; `{ issuer }` is one too. */
export interface Provider {
  /** The issuer's URL: `/.well-known/openid-configuration` is below it. */
  readonly issuer: string
  /** Parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>
  /** What makes it give a refresh token: the scope `offline_access` and `prompt=consent` unless told otherwise. */
  readonly offline?: Offline
  /** Parameters of a token request of a service. */
  readonly service?: Readonly<Record<string, string>>
  /** Looks at the claims of a verified ID token: an error refuses the sign-in. */
  check?(claims: Claims): Maybe<AuthError | undefined>
  /** The stable id of whom the claims are about: `sub` unless told otherwise. */
  subjectOf?(claims: Claims): string | undefined
  /** Their roles: `(claims) => claims.roles`. What is no list of texts counts as none. */
  rolesOf?(claims: Claims): unknown
  /** Where to sign out, for a provider whose metadata does not say. `back` is where people come back to. */
  logoutUrl?(clientId: string, back: string): string
}

/** `prompt`: without it providers leave `offline_access` out (OpenID Connect Core section 11). */
export const OFFLINE: Offline = Object.freeze({
  scopes: ['offline_access'],
  parameters: { prompt: 'consent' },
})

const FUNCTIONS = ['check', 'subjectOf', 'rolesOf', 'logoutUrl'] as const

/** Checks a provider, where a client is made of it. */
export function checkProvider(maker: string, provider: unknown): asserts provider is Provider {
  if (typeof provider !== 'object' || provider === null)
    throw new TypeError(
      `${maker}: provider must be entraId({ tenant }), google() or the like, or { issuer: 'https://…' }`,
    )
  checkOptions(`${maker}, provider`, provider, ['issuer', 'parameters', 'offline', 'service', ...FUNCTIONS])
  const { issuer, ...rest } = provider as Partial<Provider>
  if (isPlain(issuer))
    throw new TypeError(`${maker}: issuer must be https, and is http (which this machine alone may be)`)
  const url = typeof issuer === 'string' ? URL.parse(issuer) : null
  if (!isSafeUrl(issuer) || url?.search !== '' || url.hash !== '' || issuer.includes('/.well-known/'))
    throw new TypeError(
      `${maker}: issuer must be the provider's https URL without query, such as 'https://acme.okta.com': the part before /.well-known/`,
    )
  const wrong = FUNCTIONS.find((name) => rest[name] !== undefined && typeof rest[name] !== 'function')
  if (wrong) throw new TypeError(`${maker}: ${wrong} of the provider must be a function`)
}

/** http to another machine: the one thing that is wrong with most URLs. */
export function isPlain(url: unknown): boolean {
  return typeof url === 'string' && /^http:/i.test(url) && URL.canParse(url) && !isSafeUrl(url) && !isLoopback(url)
}
