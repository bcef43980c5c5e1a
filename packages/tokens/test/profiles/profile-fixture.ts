import type { RemoteVerifier } from '@countersign/tokens'
import type { ProfileOptions } from '@countersign/tokens/profiles'

export interface Page {
  readonly url: string
  /** The day on which it was read, from a stored copy: this machine has no way to the page itself. */
  readonly read: string
  readonly says: string
}

export interface GoodToken {
  readonly name: string
  /** Which of `pages` shows these claims. Ids and times are changed where the test needs it to know them. */
  readonly from: number
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** In place of `make`'s. */
  readonly options?: Readonly<Record<string, unknown>>
  /** What becomes of it. */
  readonly principal: Readonly<Record<string, unknown>>
}

export interface BadToken {
  /** One of `invariants`. */
  readonly breaks: string
  readonly name: string
  /** Name of the accepted token that it is otherwise. */
  readonly of: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly options?: Readonly<Record<string, unknown>>
  /** The private reason; `not mine` where the token is for the next verifier. */
  readonly reason: string
  /** Signed by the key of this name. */
  readonly key?: string
}

/** What a vendor documents of its tokens, and what a verifier of them must hold to. */
export interface ProfileFixture {
  readonly pages: readonly Page[]
  /** The invariants; each needs a refused token. */
  readonly invariants: Readonly<Record<string, string>>
  make(options: ProfileOptions & Readonly<Record<string, unknown>>): RemoteVerifier
  /** Of `make`, beside fetch and clock. */
  readonly options: Readonly<Record<string, unknown>>
  /** Documents by URL; `jwks` stands for the keys. */
  readonly documents: Readonly<Record<string, 'jwks' | Readonly<Record<string, unknown>>>>
  /** Keys by name: members beside the key itself. `main` signs unless told otherwise. */
  readonly keys?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly accepted: readonly GoodToken[]
  readonly refused: readonly BadToken[]
}
