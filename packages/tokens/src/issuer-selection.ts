import { hash } from 'node:crypto'
import { type AuthError, isAuthError, type Maybe } from '@countersign/http'
import type { TokenPrincipal } from './claims.ts'
import { MAX_TOKEN } from './parse.ts'
import type { RemoteVerifier } from './remote-course.ts'
import { unverifiedIssuer } from './unverified-issuer.ts'
import type { VerifiedTokens } from './verifier.ts'

/** Which verifier judges the tokens of which issuer. */
export interface IssuerSelection<T> {
  /** What there is to know of an issuer that is allowed; `undefined` for any other. `iss` is not verified. */
  allowed(iss: string): Maybe<T | undefined>
  verifierOf(iss: string, place: T): RemoteVerifier
  /** How many issuers are remembered: the one that was asked for least recently goes. */
  readonly issuers: number
  /** Milliseconds after which `allowed` is asked again. */
  readonly recheck: number
  /** What all of the verifiers share: a token that is remembered need not be taken apart to know whose it is. */
  readonly remembered: VerifiedTokens | undefined
}

interface Held {
  readonly verifier: RemoteVerifier
  /** What was allowed, as text: another answer makes another verifier. */
  readonly place: string
  readonly until: number
}

/**
 * Picks a verifier by the `iss` of a token, from what is allowed and from nothing else. An issuer that is not allowed costs no
 * fetch and is not remembered.
 */
export function selectIssuer<T>(selection: IssuerSelection<T>) {
  const held = new Map<string, Held>()

  function verify(token: string): Maybe<TokenPrincipal | AuthError | undefined> {
    try {
      return select(token)
    } catch (error) {
      return Promise.reject(error) // a bug of whoever says what is allowed, told as one of an async function is
    }
  }

  function select(token: string): Maybe<TokenPrincipal | AuthError | undefined> {
    const iss = rememberedIssuer(token) ?? unverifiedIssuer(token)
    if (iss === undefined || isAuthError(iss)) return iss
    const known = held.get(iss)
    if (known && performance.now() < known.until) {
      held.delete(iss)
      held.set(iss, known) // the latest is the last to go
      return known.verifier.verify(token)
    }
    const place = selection.allowed(iss)
    return place instanceof Promise ? place.then((told) => judge(iss, told, token)) : judge(iss, place, token)
  }

  function rememberedIssuer(token: string): string | undefined {
    if (!selection.remembered || typeof token !== 'string' || token.length > MAX_TOKEN) return undefined
    return selection.remembered.get(hash('sha256', token, 'binary'))?.principal.claims.iss
  }

  function judge(iss: string, place: T | undefined, token: string): Maybe<TokenPrincipal | AuthError | undefined> {
    if (place !== undefined) return hold(iss, place).verify(token)
    held.delete(iss)
    return undefined
  }

  function hold(iss: string, place: T): RemoteVerifier {
    const text = JSON.stringify(place)
    const known = held.get(iss)
    const verifier = known?.place === text ? known.verifier : selection.verifierOf(iss, place)
    held.delete(iss)
    for (const eldest of held.keys()) {
      if (held.size < selection.issuers) break
      held.delete(eldest)
    }
    held.set(iss, { verifier, place: text, until: performance.now() + selection.recheck })
    return verifier
  }

  /** Resolves when one of these has keys, or when there are none to look at. Rejects with what the first one says. */
  async function ready(listed: Iterable<readonly [iss: string, place: T]> = []): Promise<void> {
    const all = [...listed].map(([iss, place]) => hold(iss, place).ready())
    const told = await Promise.allSettled(all)
    const [first] = told
    if (first?.status === 'rejected' && !told.some(({ status }) => status === 'fulfilled')) throw first.reason
  }

  return { verify, ready, size: () => held.size }
}
