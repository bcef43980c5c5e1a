/** The least that is known of a caller who proved who they are. Schemes and users add typed members of their own. */
export interface Principal {
  /** Who: a stable id, never a name that can be reassigned. */
  readonly subject: string
  /** What the credential allows. Left out: the credential says nothing of scopes, so no scope is held. */
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
  /** Epoch seconds after which the credential is no longer good: sockets and caches end then. */
  readonly expiresAt?: number
  /** Epoch seconds of the last active authentication (a password typed, not a token refreshed). */
  readonly authTime?: number
  /** Public names of what was presented, for revocation and audit; never the secret. */
  readonly credential?: { readonly id?: string; readonly session?: string; readonly client?: string }
}
