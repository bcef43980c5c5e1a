import type { Maybe } from '@countersign/http'
import type { Algorithm, KeyMaterial } from './algorithm.ts'

/** What signatures under a `keyid` are verified with. */
export interface VerificationKey {
  readonly algorithm: Algorithm
  /** The public key, or the shared secret. */
  readonly key: KeyMaterial
}

/** By `keyid`: a record, or a function that looks one up. `undefined` or `null`: there is no such key. */
export type KeySource<K extends VerificationKey> =
  | Readonly<Record<string, K>>
  | ((keyid: string) => Maybe<K | undefined | null>)
