import type { AuthError, Maybe, Principal } from '@countersign/http'

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
