import { isLoopback, isSafeUrl } from '@countersign/http'
import { mayName, type Reach } from './address.ts'
import { fetchJson, type Source } from './fetch-json.ts'
import type { Jwk, VerificationKey } from './key.ts'
import { readKeySet } from './key-set.ts'

export interface JwksPlace {
  readonly issuer: string
  /** `undefined`: the issuer's discovery document says. */
  readonly jwksUri: string | undefined
  readonly fetch: Source
  readonly reach: Reach
  /** Milliseconds. */
  readonly timeout: number
}

/** A key that was let in, and its public members as they were published. */
export interface PublishedKey {
  readonly jwk: Jwk
  readonly key: VerificationKey
}

/** Fetches a JWK Set (RFC 7517 section 5): the keys that the key policy lets in, at least one. Rejects with an Error. */
export async function fetchJwks({ issuer, jwksUri, fetch, reach, timeout }: JwksPlace): Promise<PublishedKey[]> {
  const signal = AbortSignal.timeout(timeout)
  const uri = jwksUri ?? (await discover(fetch, reach, issuer, signal))
  return publishedKeys(await fetchJson(fetch, uri, signal), `the JWK Set at ${uri}`)
}

/** Reads a JWK Set: the keys that the key policy lets in. Throws an Error that names `what` when there are none. */
export function publishedKeys(set: unknown, what: string): PublishedKey[] {
  const read = readKeySet(set)
  if (typeof read === 'string') throw new Error(`${what} is refused: ${read}`)
  const why = read.refused.map(({ kid, index, reason }) => `${kid ?? index}: ${reason}`).join('; ')
  if (read.keys.length === 0) throw new Error(`${what} has no key to use${why && ` (${why.slice(0, 500)})`}`)
  const refused = new Set(read.refused.map(({ index }) => index))
  const listed = (set as { readonly keys: readonly Jwk[] }).keys.filter((_, index) => !refused.has(index))
  return listed.map((jwk, at) => ({ jwk: publicMembers(jwk), key: read.keys[at] as VerificationKey }))
}

/** In one order, so that equal keys are equal text. Not `x5c` and the like: nothing here reads them. Never a private member. */
const MEMBERS = ['kty', 'kid', 'alg', 'crv', 'n', 'e', 'x', 'y', 'issuer'] as const

function publicMembers(jwk: Jwk): Jwk {
  return Object.fromEntries(MEMBERS.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]))
}

/** `jwks_uri` of the issuer's metadata (OpenID Connect Discovery 1.0 section 4; RFC 8414 section 3.3: exact `issuer`). */
async function discover(fetch: Source, reach: Reach, issuer: string, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const metadata = (await fetchJson(fetch, url, signal)) as { issuer?: unknown; jwks_uri?: unknown } | null
  if (metadata?.issuer !== issuer)
    throw new Error(`${url} is about another issuer; a slash at the end counts: expected ${issuer}`)
  const { jwks_uri } = metadata
  if (typeof jwks_uri !== 'string' || !isSafeUrl(jwks_uri, isLoopback(issuer)))
    throw new Error(`${url} has no jwks_uri with https`)
  if (!mayName(jwks_uri, reach)) throw new Error(`${url} has a jwks_uri at a private address`)
  return jwks_uri
}
