import type { Description, RequirementDescription, RuleDescription } from '@countersign/policy'

/** OpenAPI's Security Requirement Object: all of these schemes, each with its scopes. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>

export interface Security {
  /** Any one of them will do; `{}` is nobody in particular. Empty: anyone. */
  readonly security: readonly SecurityRequirement[]
  /** The Security Scheme Objects that it names. */
  readonly securitySchemes: Readonly<Record<string, object>>
}

/** Which name a scheme has in a document: one, wherever it is the same scheme. */
export interface SchemeNames {
  nameOf(scheme: SchemeDescription): string
  readonly securitySchemes: Readonly<Record<string, object>>
}
export type SchemeDescription = Extract<RequirementDescription, { readonly scheme: string }>
type Alternative = ReadonlyMap<string, ReadonlySet<string>>

/** More alternatives of scopes than this are told as those that all of them need. */
const MOST = 16
const NOBODY: Alternative = new Map()
const EMPTY: ReadonlySet<string> = new Set()

const union = (one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> => new Set([...one, ...other])
const isWithin = (one: ReadonlySet<string>, other: ReadonlySet<string>) => [...one].every((scope) => other.has(scope))

/**
 * What a policy, or several that must all pass, come to in OpenAPI: `anyOf` is alternatives, `allOf` one object with several
 * schemes, `optional` and `attempt` have `{}` beside them. Scopes are those that no caller can do without; the rest of a rule
 * has no place there. Give the `names` of one document to each call for it.
 */
export function securityOf(
  policies: Description | readonly Description[],
  names: SchemeNames = schemeNames(),
): Security {
  const list = 'mode' in policies ? [policies] : policies
  const alternatives = list.map((one) => alternativesOf(one, names)).reduce(both, [NOBODY])
  const security = alternatives.map((one) =>
    Object.fromEntries([...one].map(([name, scopes]) => [name, [...scopes].sort()])),
  )
  const isPublic = security.length === 1 && Object.keys(security[0] ?? {}).length === 0
  return { security: isPublic ? [] : security, securitySchemes: names.securitySchemes }
}

/** A new set of names. Two schemes of one name that are not the same get names of their own. */
export function schemeNames(): SchemeNames {
  const securitySchemes: Record<string, object> = {}
  const known = new Map<string, string>()
  return {
    securitySchemes,
    nameOf(scheme) {
      const made = schemeObject(scheme)
      const key = JSON.stringify([scheme.scheme, made])
      const before = known.get(key)
      if (before !== undefined) return before
      // What a component may be called (OpenAPI 3.1, section 4.8.7).
      const plain = scheme.scheme.replace(/[^a-zA-Z0-9._-]/g, '_')
      let name = plain
      for (let count = 2; Object.hasOwn(securitySchemes, name); count++) name = `${plain}_${count}`
      known.set(key, name)
      securitySchemes[name] = made
      return name
    },
  }
}

function schemeObject({ sources, openapi }: SchemeDescription): object {
  if (sources.length < 2 || 'description' in openapi) return openapi
  return { ...openapi, description: `Read from ${sources.join(' or ')}.` }
}

function alternativesOf({ mode, accept, allow }: Description, names: SchemeNames): readonly Alternative[] {
  if (!accept) return [NOBODY]
  const scopes = allow ? scopesOf(allow) : [EMPTY]
  const known = shortest(
    proofsOf(accept, names).flatMap((proof) =>
      scopes.map((wanted): Alternative => new Map(proof.map((name) => [name, wanted]))),
    ),
  )
  return mode === 'required' ? known : [NOBODY, ...known]
}

function proofsOf(accept: RequirementDescription, names: SchemeNames): readonly (readonly string[])[] {
  if ('scheme' in accept) return [[names.nameOf(accept)]]
  if ('anyOf' in accept) return accept.anyOf.flatMap((part) => proofsOf(part, names))
  return accept.allOf
    .map((part) => proofsOf(part, names))
    .reduce((all, some) => all.flatMap((one) => some.map((other) => one.concat(other))), [[]])
}

/** Sets of scopes, of which one must be held. A role or a test needs none. */
function scopesOf(rule: RuleDescription): readonly ReadonlySet<string>[] {
  if ('scope' in rule) return [new Set([rule.scope])]
  if ('anyOf' in rule) return fewest(rule.anyOf.flatMap(scopesOf))
  if ('allOf' in rule)
    return rule.allOf
      .map(scopesOf)
      .reduce((all, some) => fewest(all.flatMap((one) => some.map((other) => union(one, other)))), [EMPTY])
  return [EMPTY]
}

/** Without the sets that hold another one whole: who has that one needs no more. */
function fewest(sets: readonly ReadonlySet<string>[]): readonly ReadonlySet<string>[] {
  const left = sets.filter(
    (one, at) =>
      !sets.some((other, place) => isWithin(other, one) && (other.size < one.size || (place < at && place !== at))),
  )
  return left.length <= MOST
    ? left
    : [new Set([...(left[0] ?? EMPTY)].filter((scope) => left.every((one) => one.has(scope))))]
}

/** Both lists must be met: each way of the one with each of the other. */
function both(one: readonly Alternative[], other: readonly Alternative[]): readonly Alternative[] {
  return shortest(
    one.flatMap((first) =>
      other.map((second) => {
        const all = new Map(first)
        for (const [name, scopes] of second) all.set(name, union(scopes, all.get(name) ?? EMPTY))
        return all
      }),
    ),
  )
}

/** Without the ways that ask all that another asks, and more. Nobody stays beside the others: it says that they may be left out. */
function shortest(ways: readonly Alternative[]): readonly Alternative[] {
  const asksAllOf = (one: Alternative, other: Alternative) =>
    [...other].every(([name, scopes]) => isWithin(scopes, one.get(name) ?? EMPTY) && one.has(name))
  return ways.filter((one, at) => {
    if (one.size === 0) return ways.findIndex(({ size }) => size === 0) === at
    return !ways.some(
      (other, place) =>
        other.size > 0 && place !== at && asksAllOf(one, other) && (!asksAllOf(other, one) || place < at),
    )
  })
}
