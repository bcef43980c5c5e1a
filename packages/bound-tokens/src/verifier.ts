import { type AuthError, authError, type Maybe, type Principal } from '@countersign/http'

/** What judges the tokens: `localIssuer`, `remoteIssuer` and their like. `bound`: the caller sees to the key. */
export interface BoundVerifier<P extends Principal = Principal> {
  verify(token: string, options: { readonly bound: boolean }): Maybe<P | AuthError | undefined>
}

/** The principal that a verifier gives. */
export type VerifiedBy<V> = V extends { verify(...args: never[]): infer R }
  ? Exclude<Awaited<R>, AuthError | undefined>
  : never

export function checkVerifier(maker: string, verifier: unknown): void {
  if (typeof (verifier as Partial<BoundVerifier> | null | undefined)?.verify !== 'function')
    throw new TypeError(`${maker} takes a verifier of tokens, such as localIssuer() or remoteIssuer()`)
}

/** A token that is bound twice needs both proofs, and nothing here asks for both. */
export const MORE = authError('invalid_token', 'token.bound', {
  expected: 'one confirmation',
  got: 'several members of cnf',
})

/** The claim `cnf` (RFC 7800). */
export function confirmationOf(principal: object): Readonly<Record<string, unknown>> | undefined {
  const cnf = (principal as { readonly claims?: { readonly cnf?: unknown } }).claims?.cnf
  return typeof cnf === 'object' && cnf !== null ? (cnf as Readonly<Record<string, unknown>>) : undefined
}
