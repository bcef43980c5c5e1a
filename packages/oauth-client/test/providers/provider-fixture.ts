import type { Provider, SignedIn } from '@countersign/oauth-client'

export interface Page {
  readonly url: string
  /** The day on which a stored copy of it, or an excerpt, was looked at; `no`: it was not opened, and what it `says` is known from elsewhere. */
  readonly read: string
  readonly says: string
}

export interface GoodSignIn {
  readonly name: string
  readonly provider: () => Provider
  readonly clientId: string
  /** Of the ID token, beside `nonce` and the times. */
  readonly claims: Readonly<Record<string, unknown>>
  /** What the authorization request must have. */
  readonly asked: Readonly<Record<string, string>>
  /** And must not. */
  readonly notAsked?: readonly string[]
  readonly principal: Partial<SignedIn>
  /** Where a sign-out leads, up to its query; a path where it stays here. */
  readonly logout: string
  readonly logoutHas?: Readonly<Record<string, unknown>>
}

export interface BadSignIn {
  readonly name: string
  /** Name of the good one that it is otherwise. */
  readonly of: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly provider?: () => Provider
  /** What the browser is told. */
  readonly says: string
}

/** What a vendor documents of its metadata and ID tokens, and whom a sign-in must keep out. */
export interface ProviderFixture {
  readonly pages: readonly Page[]
  /** Metadata by the issuer URL that is asked; the members that the sign-in uses, as the vendor's document has them. */
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly accepted: readonly GoodSignIn[]
  readonly refused: readonly BadSignIn[]
}
