import type { Maybe, Principal, PublicEndpoint } from '@countersign/http'
import type { JwkSet } from './key.ts'
import type { KeyState, RingStep } from './key-ring.ts'
import type { SigningAlgorithm } from './signing-keys.ts'
import type { JwtVerifier } from './verifier.ts'

/** The answer of a token endpoint (RFC 6749 section 5.1). `expires_in` is in seconds; `scope` may be empty. */
export interface TokenResponse {
  readonly access_token: string
  /** `DPoP` where the token is bound to a key. */
  readonly token_type: 'Bearer' | 'DPoP'
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
  /** A label for lists of sessions, such as "Firefox on Linux" or a `User-Agent`: 200 characters of it are kept. */
  readonly device?: string | undefined
  /** Binds the tokens to the key with this thumbprint (RFC 9449 section 6): whoever shows them must prove to hold it. */
  readonly jkt?: string
  /** Epoch seconds of the authentication: now, unless the principal or this says otherwise. */
  readonly authTime?: number
}

export interface RefreshOptions {
  /** Refuses a refresh token that belongs to another client. */
  readonly client?: string
  /** Fewer scopes for this access token (RFC 6749 section 6). */
  readonly scopes?: readonly string[]
  /** The thumbprint of the key that the client has just proved to hold: that of the session, where it has one. */
  readonly jkt?: string
}

/** What to revoke, by name; `expiresAt` in epoch seconds, where it is known. */
export interface RevokeNames {
  readonly jti?: string
  readonly sid?: string
  readonly expiresAt?: number
}

/** What may be told of a key that signs. Times are epoch seconds. */
export interface KeyInfo {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  /** Published and not signing yet; signing; verifying only; of no use any more. */
  readonly state: KeyState
  readonly publishedAt: number
  readonly signsFrom: number
  readonly signsUntil?: number
  /** When it leaves the JWK Set: the last token that it signed has ended. */
  readonly goneAt?: number
}

/** The keys after a change, and what is to come. */
export interface KeyPlan {
  readonly keys: readonly KeyInfo[]
  readonly timeline: readonly RingStep[]
}

/** The signing keys that live in the store. Where `keys` were given to the issuer there are none, and nothing to change: a TypeError. */
export interface IssuerKeys {
  list(): Promise<readonly KeyInfo[]>
  /** Publishes a next key, or lets the one that is published sign as soon as every verifier can know it. */
  rotate(options?: { readonly dryRun?: boolean }): Promise<KeyPlan>
  /**
   * For a key that someone else may have: its tokens are refused from now on, everywhere; where it signed, the next key
   * (or a new one) takes over at once. Throws a TypeError for a name that there is not.
   */
  retire(kid: string, options?: { readonly dryRun?: boolean }): Promise<KeyPlan>
}

/** A live session of a subject. Times are epoch seconds. */
export interface Session {
  /** Its public name: `sid` of its tokens. */
  readonly id: string
  readonly client: string
  readonly device?: string
  readonly createdAt: number
  /** When its refresh token was used last. */
  readonly lastUsedAt: number
  readonly expiresAt: number
}

/** The sessions behind the refresh tokens of this issuer. */
export interface Sessions {
  /** Those of a subject that live, the newest first. */
  list(subject: string): Promise<readonly Session[]>
  /** Ends one of the subject's: its refresh token and its access tokens. False when the subject has none of that name. */
  end(subject: string, id: string): Promise<boolean>
  /** "Log out everywhere": refuses every token and ends every session that the subject was given up to now. */
  endAll(subject: string): Promise<void>
}

/** How an issuer is doing, for a readiness check or a gauge. */
export interface IssuerHealth {
  /** Revocations held in memory. */
  readonly revocations: number
  /** Milliseconds since everything in the store was known; `Infinity` before the first time. */
  readonly age: number
  /** Requests that passed unchecked, in the mode `best-effort`. */
  readonly unchecked: number
}

/** Issues and judges the tokens of one `iss`. */
export interface LocalIssuer extends JwtVerifier {
  readonly issuer: string
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
  /**
   * A verifier of its tokens for another audience alone, by the same keys and revocations: for a second resource, such as an
   * MCP server beside the API. `protectedResource` of `@countersign/mcp` asks for one.
   */
  forAudience(audience: string | readonly string[]): JwtVerifier & { readonly issuer: string }
  /** The public keys (RFC 7517); none for HS256. A promise until they are loaded. */
  jwks(): Maybe<JwkSet>
  readonly keys: IssuerKeys
  readonly sessions: Sessions
  health(): IssuerHealth
  /** For a readiness probe: resolves when the keys are there and what is known is fresh; else rejects, with why. */
  ready(): Promise<void>
  /** `GET /.well-known/jwks.json`, cacheable for 300 s. */
  readonly endpoints: readonly PublicEndpoint[]
}
