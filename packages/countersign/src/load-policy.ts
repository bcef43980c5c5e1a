import { type AnyPolicy, bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import { loadExport } from './load-export.ts'

export interface PolicyQuestion {
  readonly policy?: string
  readonly issuer?: string
  readonly audience?: string
  readonly scope?: readonly string[]
}

/** The policy that was meant: an export of a module of the user's, or one for tokens of an issuer. Throws in words. */
export async function loadPolicy(question: PolicyQuestion): Promise<AnyPolicy> {
  const { policy: where, issuer, audience, scope } = question
  if (where && issuer) throw new Error('give --policy or --issuer, not both')
  const ignored = issuer ? undefined : audience !== undefined ? '--audience' : scope && '--scope'
  if (ignored) throw new Error(`${ignored} goes with --issuer alone: a policy says its own`)
  if (where) return exported(where)
  if (issuer && audience)
    return policy({ accept: bearer(remoteIssuer(issuer, { audience })), ...(scope && { scopes: scope }) })
  throw new Error(
    issuer
      ? '--issuer needs --audience: a token is for someone'
      : 'which policy? --policy ./policies.ts#readPosts, or --issuer URL --audience NAME',
  )
}

const exported = (where: string) =>
  loadExport(where, { what: 'policy', several: 'policies', maker: 'policy()', is: isPolicy })

/** By shape: the module may hold another copy of the package. */
function isPolicy(value: unknown): value is AnyPolicy {
  const shape = value as Partial<AnyPolicy> | null | undefined
  return typeof shape === 'object' && typeof shape?.explain === 'function' && typeof shape.describe === 'function'
}
