import type { Answer, Maybe, Principal } from '@countersign/http'
import type { JwkSet } from './key.ts'
import type { SigningAlgorithm } from './signing-keys.ts'
import type { TokenVerifier } from './verifier.ts'

/** The answer of a token endpoint (RFC 6749 section 5.1). `expires_in` is in seconds; `scope` may be empty. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly refresh_token?: string
  readonly scope: string
}

/** What to put into the tokens beside the principal. */
export interface IssueOptions {
  /** `client_id` of the tokens: who asked for them. `self` unless told otherwise. */
  readonly client?: string
  /** What the tokens allow: the principal's scopes unless told otherwise. */
  readonly scopes?: readonly string[]
  /** Further claims. None that the issuer sets itself. Kept with the refresh family. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Epoch seconds of the authentication: now, unless the principal or this says otherwise. */
  readonly authTime?: number
}

export interface RefreshOptions {
  /** Refuses a refresh token that belongs to another client. */
  readonly client?: string
  /** Fewer scopes for this access token (RFC 6749 section 6). */
  readonly scopes?: readonly string[]
}

/** What to revoke, by name; `expiresAt` in epoch seconds, where it is known. */
export interface RevokeNames {
  readonly jti?: string
  readonly sid?: string
  readonly expiresAt?: number
}

/** A route as plain data, for `mount`. No policy: it is public. */
export interface Endpoint {
  readonly method: 'GET'
  readonly path: string
  handle(): Maybe<Answer>
}

/** What may be told of the key that signs. */
export interface SigningKeyInfo {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  /** Epoch seconds; left out for a key that was given with `keys`. */
  readonly createdAt?: number
}

/** Issues and judges the tokens of one `iss`. */
export interface LocalIssuer extends TokenVerifier {
  /**
   * An access token (RFC 9068) and a refresh token for someone who has just proved who they are. Throws a TypeError for
   * an empty subject, a scope that RFC 6749 section 3.3 does not allow, a claim that the issuer sets itself, or one
   * by which verifiers would know that it is no access token (`type: 'refresh'`).
   */
  issue(principal: Principal, options?: IssueOptions): Promise<TokenResponse>
  /**
   * The next pair for a refresh token, which is good once (RFC 9700 section 4.14.2); within the grace the one just used
   * gets the same successor again. Throws `Refused` with `invalid_grant` (400) for one that is malformed, unknown,
   * expired, revoked, of another client, or used before: that last ends the session.
   */
  refresh(refreshToken: string, options?: RefreshOptions): Promise<TokenResponse>
  /**
   * Refuses an access token from now on (`jti`), and its session with every token of it (`sid`). Holds in this process
   * when it resolves, in others on the store within 2 s. Throws a TypeError for a principal whose token another issuer
   * made, such as a legacy one: this issuer cannot end it.
   */
  revoke(what: Principal | RevokeNames): Promise<void>
  /** The public keys (RFC 7517); none for HS256. A promise until they are loaded. */
  jwks(): Maybe<JwkSet>
  /** The key that signs: its public name, and its age where the store made it. */
  signingKey(): Promise<SigningKeyInfo>
  /** `GET /.well-known/jwks.json`, cacheable for 300 s. */
  readonly endpoints: readonly Endpoint[]
}
