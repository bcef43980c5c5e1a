import type { Algorithm, KeyMaterial } from './algorithm.ts'

/** Whose signatures are made, and how. */
export interface SigningOptions {
  /** What the other side knows the key by. */
  readonly keyid: string
  readonly algorithm: Algorithm
  /** The private key, or the shared secret. */
  readonly key: KeyMaterial
  /** What signatures are called in the message: `sig`. */
  readonly label?: string
  /** What they are made for, where the other side asks for a tag. */
  readonly tag?: string
  /** Seconds after which they say of themselves that they are no longer good. Left out: the other side decides. */
  readonly expiresIn?: number
  /** Epoch milliseconds. */
  readonly clock?: () => number
}

export const SIGNING_OPTIONS = ['keyid', 'algorithm', 'key', 'label', 'tag', 'expiresIn', 'clock'] as const
