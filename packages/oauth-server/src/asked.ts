import { AsyncLocalStorage } from 'node:async_hooks'
import type { TokenPrincipal } from '@countersign/tokens'

/** What one request brought along that oidc-provider must not see as it came. */
export interface Asked {
  /** A JWT that was sent to be introspected or revoked: what stands for it, and what it says where it is good. */
  readonly token?: { readonly alias: string; readonly principal: TokenPrincipal | undefined }
  /** What a link to the device page filled in. */
  readonly userCode?: string
}

export const asked = new AsyncLocalStorage<Asked>()
