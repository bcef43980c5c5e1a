import type { Description, RuleDescription } from '@countersign/policy'
import type { DraftBattery } from './battery.ts'
import { FORBIDDEN } from './fault.ts'
import type { TestIssuer, TokenRequest } from './test-issuer.ts'

interface Lesser {
  readonly id: string
  readonly name: string
  readonly request: TokenRequest
}

/** Good tokens of callers who may less. */
export async function lesserTokens(
  battery: DraftBattery,
  { allow, maxAge }: Pick<Description, 'allow' | 'maxAge'>,
  issuer: TestIssuer | undefined,
  good: TokenRequest | undefined,
): Promise<void> {
  const lesser = lesserThan(rightsOf(allow))
  if (lesser.length === 0) battery.leave('no scope is asked for', 'scope.*')
  if (!issuer) {
    const ids = [...lesser.map(({ id }) => id), ...(maxAge === undefined ? [] : ['age'])]
    battery.leave('the issuer would have to sign it', ...ids)
    return
  }
  for (const { id, name, request } of lesser)
    battery.add({
      id,
      name,
      section: 'RFC 6750 section 3.1',
      sender: 'a caller who may less',
      headers: await issuer.headers({ ...good, ...request }),
      expected: FORBIDDEN,
    })
  if (maxAge === undefined) return
  const { scopes, roles } = rightsOf(allow)
  const authTime = Math.floor(issuer.clock() / 1000) - maxAge - 3600
  battery.add({
    id: 'age',
    name: 'a caller who authenticated too long ago',
    section: 'RFC 9470 section 3',
    sender: 'the holder of a token for something else',
    headers: await issuer.headers({ ...good, scopes, roles, authTime }),
  })
}

function lesserThan({ scopes, roles, needed }: Rights): Lesser[] {
  if (scopes.length + roles.length === 0) return []
  const none = { id: 'scope.none', name: 'a token with no scopes and no roles', request: { scopes: [], roles: [] } }
  return [none, ...needed.flatMap((scope) => without(scope, scopes, roles))]
}

function without(scope: string, scopes: readonly string[], roles: readonly string[]): Lesser[] {
  const rest = scopes.filter((one) => one !== scope)
  const near = [...rest, `${scope}x`, `x${scope}`, scope.toUpperCase()].filter((one) => one !== scope)
  return [
    { id: `scope.${scope}`, name: `a token without the scope ${scope}`, request: { roles, scopes: rest } },
    {
      id: `scope.${scope}.near`,
      name: `a token with scopes that look like ${scope}`,
      request: { roles, scopes: near },
    },
  ]
}

interface Rights {
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  /** The scopes without which the rule never holds. */
  readonly needed: readonly string[]
}

/** Every scope and role that a rule names. */
export function rightsOf(rule: RuleDescription | undefined): Rights {
  if (!rule || 'test' in rule) return { scopes: [], roles: [], needed: [] }
  if ('scope' in rule) return { scopes: [rule.scope], roles: [], needed: [rule.scope] }
  if ('role' in rule) return { scopes: [], roles: [rule.role], needed: [] }
  const parts = ('anyOf' in rule ? rule.anyOf : rule.allOf).map(rightsOf)
  const all = (name: keyof Rights) => [...new Set(parts.flatMap((part) => part[name]))]
  return { scopes: all('scopes'), roles: all('roles'), needed: 'allOf' in rule ? all('needed') : [] }
}
