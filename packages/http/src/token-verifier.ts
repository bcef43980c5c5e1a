import type { AuthError } from './error.ts'
import type { Principal } from './principal.ts'
import type { Maybe, RequestView } from './request.ts'

/**
 * Judges a token; `bearer` of `@countersign/policy` takes one, or a list. `undefined` means "not one of mine": the next of a
 * list is asked; an error is final. Rejects only with `Unavailable`, or for a bug.
 */
export interface TokenVerifier<P extends Principal = Principal> {
  verify(token: string): Maybe<P | AuthError | undefined>
  /** Whose tokens it judges, where that is one: for `explain` and NODE_DEBUG. */
  readonly issuer?: string
  /** Where it judges those of several. */
  readonly issuers?: readonly string[]
  /** What its challenges carry beside the realm: `resource_metadata` (RFC 9728 section 5.1). */
  readonly challenge?: Readonly<Record<string, string>>
  /** Refuses a request before its token is read, whether it has one or not: an MCP server's look at `Host` and `Origin`. */
  admit?(request: RequestView): AuthError | undefined
}

/** An issuer that has no audience yet, so it judges nothing by itself: any of its tokens would do. */
export interface UnboundIssuer<P extends Principal = Principal> {
  readonly issuer: string
  /** A verifier of its tokens for this audience. */
  forAudience(audience: string | readonly string[]): TokenVerifier<P>
}
