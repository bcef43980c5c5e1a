import type { Maybe } from '@countersign/http'

/**
 * What an issuer asks of a store: any `Store` of `@countersign/store` fits. By shape, so that whoever only verifies
 * installs no store.
 */
export interface StoreLike {
  get(key: string): Maybe<{ readonly value: string; readonly version: string } | undefined>
  commit(
    writes: readonly {
      readonly key: string
      readonly value: string | undefined
      readonly expected?: string | null
      readonly expiresAt?: number
    }[],
  ): Maybe<boolean>
  scan(
    prefix: string,
    after?: string,
    limit?: number,
  ): Maybe<readonly (readonly [key: string, entry: { readonly value: string }])[]>
  watch(
    prefix: string,
    changed: (key: string, entry: { readonly value: string; readonly expiresAt?: number } | undefined) => void,
    options?: { readonly deletions?: boolean },
  ): Maybe<{ readonly freshAt: number; catchUp(): Maybe<void>; close(): void }>
}
