import type { KeyObject } from 'node:crypto'
import type { AuthError, Maybe } from '@countersign/http'
import type { TokenPrincipal } from './claims.ts'
import type { LocalIssuer } from './issuer.ts'
import type { VerifiedJws } from './jws.ts'
import type { SigningAlgorithm } from './signing-keys.ts'

/** What an authorization server needs of a local issuer to issue in its name: `@countersign/oauth-server` takes it. */
export interface Authority {
  readonly issuer: string
  /** What new keys sign with. The one that signs now may be older. */
  readonly algorithm: SigningAlgorithm
  /** Seconds that an access token lives. */
  readonly lifetime: number
  /** The key that signs now. Rejects with `Unavailable` when the store does not answer. */
  signing(): Promise<{ readonly kid: string; readonly algorithm: SigningAlgorithm; readonly key: KeyObject }>
  /** As `verify` of the issuer, for whatever audience, and for tokens that are bound to a key. */
  verify(token: string): Maybe<TokenPrincipal | AuthError | undefined>
  /** The signature half, for its own JWTs that are no access tokens: ID tokens that come back as a hint. */
  verifyJws(compact: string): Promise<VerifiedJws | AuthError>
  /** Epoch seconds up to which `sessions.endAll` ended everything of the subject; -1: never. */
  endedUntil(subject: string): Promise<number>
  /** Whether a session (`sid` of access tokens) was revoked, as far as its verifiers know. */
  isSessionRevoked(sid: string): Promise<boolean>
  /** Tells of each session that is revoked, here or in another process, when this one hears of it. Must not throw. */
  onSessionRevoked(listener: (sid: string) => void): void
}

/** Not enumerable, and a function: nothing that prints an issuer prints a key. */
export const AUTHORITY: unique symbol = Symbol.for('countersign.authority') as never

/** Throws a TypeError for what is no `localIssuer`. */
export function authorityOf(issuer: LocalIssuer): Authority {
  const given = (issuer as Partial<Record<typeof AUTHORITY, () => Authority>> | null | undefined)?.[AUTHORITY]
  if (typeof given !== 'function') throw new TypeError('the issuer must be one that localIssuer() of this version made')
  return given()
}
