import type { Maybe, Principal } from '@countersign/http'
import { open, type Trace } from './explain.ts'
import { andThen, isThenable } from './maybe.ts'

/** What a caller must be allowed, as data, so that it documents and explains itself. A test has a name. */
export type Rule<P = Principal, R = undefined> =
  | { readonly scope: string }
  | { readonly role: string }
  | { readonly anyOf: readonly Rule<P, R>[] }
  | { readonly allOf: readonly Rule<P, R>[] }
  | { readonly name: string; readonly test: (principal: P, resource: R) => boolean | PromiseLike<boolean> }

/** What a rule is judged by: the caller's principal, and the scopes and roles in force. */
export interface Holder {
  readonly principal: unknown
  readonly scopes: readonly string[] | undefined
  readonly roles: readonly string[] | undefined
}

/** `scope`: it fails, and the scopes that the rule names would have been enough. */
export type Ruling = 'yes' | 'scope' | 'no'

/** Judges a rule; stops at the first part that settles it. */
export function judge(rule: Rule<never, never>, holder: Holder, resource: unknown, trace?: Trace): Maybe<Ruling> {
  if ('scope' in rule) return holds(trace, 'scope', rule.scope, holder.scopes, 'scope')
  if ('role' in rule) return holds(trace, 'role', rule.role, holder.roles, 'no')
  if ('allOf' in rule) return judgeAll(rule.allOf, holder, resource, trace)
  if ('anyOf' in rule) return judgeAny(rule.anyOf, holder, resource, trace)
  const test = rule.test as (principal: unknown, resource: unknown) => unknown
  const held: unknown = test(holder.principal, resource)
  // Only `true` is yes: a test that forgets to return anything else refuses.
  return isThenable(held)
    ? Promise.resolve(held).then((value) => tell(trace, rule.name, value === true, 'no'))
    : tell(trace, rule.name, held === true, 'no')
}

function judgeAll(rules: readonly Rule<never, never>[], holder: Holder, resource: unknown, trace?: Trace) {
  return inside('all of', trace, (inner) =>
    series(rules, 0, 'yes', (ruling) => ruling !== 'yes', holder, resource, inner),
  )
}

function judgeAny(rules: readonly Rule<never, never>[], holder: Holder, resource: unknown, trace?: Trace) {
  return inside('any of', trace, (inner) =>
    series(rules, 0, 'no', (ruling) => ruling === 'yes', holder, resource, inner),
  )
}

function inside(what: string, trace: Trace | undefined, judged: (inner?: Trace) => Maybe<Ruling>): Maybe<Ruling> {
  const step = open(trace, what)
  if (!step) return judged()
  return andThen(judged(step.steps), (ruling) => {
    step.held = ruling === 'yes'
    return ruling
  })
}

function series(
  rules: readonly Rule<never, never>[],
  at: number,
  sofar: Ruling,
  settles: (ruling: Ruling) => boolean,
  holder: Holder,
  resource: unknown,
  trace: Trace | undefined,
): Maybe<Ruling> {
  const rule = rules[at]
  if (!rule) return sofar
  return andThen(judge(rule, holder, resource, trace), (ruling) => {
    if (settles(ruling)) return ruling
    return series(rules, at + 1, ruling === 'scope' ? 'scope' : sofar, settles, holder, resource, trace)
  })
}

function holds(
  trace: Trace | undefined,
  kind: 'scope' | 'role',
  wanted: string,
  held: readonly string[] | undefined,
  otherwise: Ruling,
): Ruling {
  const has = held?.includes(wanted) === true
  trace?.push({
    what: `${kind} ${wanted}`,
    held: has,
    ...(!has && { expected: wanted, got: held?.join(' ') || `no ${kind}s` }),
  })
  return has ? 'yes' : otherwise
}

function tell(trace: Trace | undefined, what: string, held: boolean, otherwise: Ruling): Ruling {
  trace?.push({ what, held })
  return held ? 'yes' : otherwise
}

/** A rule in words, for the developer's log: `scope posts:write and role admin`. */
export function ruleText(rule: Rule<never, never>): string {
  if ('scope' in rule) return `scope ${rule.scope}`
  if ('role' in rule) return `role ${rule.role}`
  if ('test' in rule) return rule.name
  const [parts, word] = 'allOf' in rule ? [rule.allOf, ' and '] : [rule.anyOf, ' or ']
  const texts = parts.map((part) => ('allOf' in part || 'anyOf' in part ? `(${ruleText(part)})` : ruleText(part)))
  return texts.join(word)
}

/** What somebody holds, in words. Of a token that is right, and still anybody's text: nothing of it may move a terminal. */
export function heldText({ scopes, roles }: Holder): string {
  const list = (kind: string, names: readonly string[] = []) =>
    names.length === 0 ? `no ${kind}s` : `${kind} ${names.join(' ')}`
  return `${list('scope', scopes)}, ${list('role', roles)}`.slice(0, 200).replace(/[^\x20-\x7e]/g, '?')
}

/** The scopes that would have been enough, whole: all of an `allOf`, the first alternative of an `anyOf` that names any. */
export function scopesOf(rule: Rule<never, never>): readonly string[] {
  if ('scope' in rule) return [rule.scope]
  if ('allOf' in rule) return [...new Set(rule.allOf.flatMap(scopesOf))]
  if ('anyOf' in rule) return rule.anyOf.map(scopesOf).find((scopes) => scopes.length > 0) ?? []
  return []
}

/** Throws a TypeError for what is no rule: a mistyped member would otherwise allow or refuse everybody. */
export function checkRule(rule: unknown): void {
  const shape = typeof rule === 'object' && rule !== null ? (rule as Record<string, unknown>) : {}
  const kinds = ['scope', 'role', 'anyOf', 'allOf', 'test'].filter((kind) => shape[kind] !== undefined)
  const [kind] = kinds
  const other = Object.keys(shape).find((name) => !MEMBERS.has(name))
  if (kinds.length !== 1 || kind === undefined || other !== undefined)
    throw new TypeError(`${RULE}${hintFor(rule, other)}`)
  const value = shape[kind]
  if (kind === 'scope') {
    if (typeof value !== 'string' || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) {
      throw new TypeError(
        'a rule\'s "scope" must be one scope: visible ASCII without quotes or spaces (RFC 6749 section 3.3)',
      )
    }
  } else if (kind === 'role') {
    if (typeof value !== 'string' || value === '')
      throw new TypeError(`a rule's "role" must be a non-empty string${Array.isArray(value) ? `: ${MEANT.roles}` : ''}`)
  } else if (kind === 'test') {
    if (typeof value !== 'function' || typeof shape.name !== 'string')
      throw new TypeError('a rule with a "test" function needs a "name" that can be shown')
  } else {
    if (!Array.isArray(value) || value.length === 0)
      throw new TypeError(`a rule's "${kind}" must be a list of at least one rule`)
    for (const part of value) checkRule(part)
  }
}

const MEMBERS: ReadonlySet<string> = new Set(['scope', 'role', 'anyOf', 'allOf', 'name', 'test'])
const RULE = 'a rule has exactly one of "scope", "role", "anyOf", "allOf", or "name" with "test"'
/** Members that people write, and what there is in their place. */
const MEANT: Readonly<Record<string, string>> = {
  scopes: 'several scopes are the option scopes of policy(), or { allOf: [{ scope: "a" }, { scope: "b" }] }',
  roles: 'several roles are { anyOf: [{ role: "a" }, { role: "b" }] }',
  any: 'it is { anyOf: […] }',
  all: 'it is { allOf: […] }',
  or: 'it is { anyOf: […] }',
  and: 'it is { allOf: […] }',
  permission: 'it is { scope: "a" } or { role: "a" }',
}

/** What to write in place of what is no rule; `other` is a member that there is not. */
function hintFor(rule: unknown, other: string | undefined): string {
  if (typeof rule === 'string') return ': text is none, write { scope: "posts:read" } or { role: "editor" }'
  if (typeof rule === 'function')
    return ': a function needs a name that can be shown, { name: "the author", test: (who) => … }'
  if (Array.isArray(rule))
    return ': a list is none, { allOf: […] } where all must hold, { anyOf: […] } where one will do'
  if (typeof rule !== 'object' || rule === null) return `, got ${rule === null ? 'null' : typeof rule}`
  if (other === undefined) return ''
  return Object.hasOwn(MEANT, other) ? `; "${other}" is none: ${MEANT[other]}` : `; "${other}" is none`
}
