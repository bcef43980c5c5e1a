import type { Rule } from './rule.ts'

/** Roles in an order: who holds one counts as holding those below it. */
export interface RoleHierarchy<R extends string = string> {
  /** The rule for a role: this one, or any above it. Plain data, so that documents and `explain` show each. */
  atLeast(role: R): Rule<unknown, unknown>
}

/**
 * A hierarchy from each role to those right below it: `roleHierarchy({ admin: ['editor'], editor: ['reader'] })`. The rules that
 * it makes name every role that will do; nothing is looked up later. Throws a TypeError for a circle.
 */
export function roleHierarchy<const H extends Readonly<Record<string, readonly string[]>>>(
  below: H,
): RoleHierarchy<(keyof H & string) | H[keyof H][number]> {
  if (typeof below !== 'object' || below === null || Object.keys(below).length === 0)
    throw new TypeError("roleHierarchy() takes roles with those below: { admin: ['editor'], editor: ['reader'] }")
  for (const [role, lower] of Object.entries(below))
    if (!Array.isArray(lower) || lower.some((one) => typeof one !== 'string' || one === ''))
      throw new TypeError(`roleHierarchy(): what is below "${role}" must be a list of roles`)
  const under = new Map(Object.entries(below))
  const all = [...new Set([...under.keys(), ...[...under.values()].flat()])]
  const belowOf = (role: string, path: readonly string[]): readonly string[] => {
    if (path.includes(role))
      throw new TypeError(`roleHierarchy(): a circle, ${[...path, role].map((one) => `"${one}"`).join(' over ')}`)
    return (under.get(role) ?? []).flatMap((lower) => [lower, ...belowOf(lower, [...path, role])])
  }
  const reach = new Map(all.map((role) => [role, new Set(belowOf(role, []))]))
  const holders = new Map(all.map((role) => [role, [role, ...all.filter((one) => reach.get(one)?.has(role))]]))
  return Object.freeze({
    atLeast(role: string): Rule<unknown, unknown> {
      const roles = holders.get(role)
      if (!roles) throw new TypeError(`roleHierarchy(): there is no role "${role}": there are ${all.join(', ')}`)
      const [first] = roles
      return roles.length === 1 && first !== undefined
        ? { role: first }
        : { anyOf: roles.map((one) => ({ role: one })) }
    },
  })
}
