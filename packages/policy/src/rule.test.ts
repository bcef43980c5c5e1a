import { describe, expect, test } from 'vitest'
import { bearerLine, challengesOf, request, verdictOf } from '../test/request.ts'
import { bearer, policy } from './index.ts'
import { checkRule, heldText, judge, type Rule, ruleText, scopesOf } from './rule.ts'

const holder = { principal: { subject: 'ada' }, scopes: ['a', 'b'], roles: ['author'] }
const yes = { name: 'yes', test: () => true }
const no = { name: 'no', test: () => false }
const A = { scope: 'a' }
const X = { scope: 'x' }

test('in words: what it asks, and what somebody holds, without what moves a terminal', () => {
  expect(ruleText({ anyOf: [{ role: 'admin' }, { allOf: [A, X] }, no] })).toBe(
    'role admin or (scope a and scope x) or no',
  )
  expect(heldText(holder)).toBe('scope a b, role author')
  expect(heldText({ ...holder, scopes: ['\u001b[2J'], roles: undefined })).toBe('scope ?[2J, no roles')
  expect(heldText({ ...holder, roles: ['x'.repeat(9999)] })).toHaveLength(200)
})

test('several roles in one rule: what to write', () => {
  expect(() => checkRule({ role: ['a', 'b'] })).toThrow(/several roles are \{ anyOf:/)
})

test.each<[string, Rule, 'yes' | 'scope' | 'no']>([
  ['a scope that is held', A, 'yes'],
  ['a scope that is not', X, 'scope'],
  ['part of a scope is none', { scope: 'a b' }, 'scope'],
  ['a role that is held', { role: 'author' }, 'yes'],
  ['a role that is not', { role: 'admin' }, 'no'],
  ['a scope is no role', { role: 'a' }, 'no'],
  ['a test', yes, 'yes'],
  ['a test that fails', no, 'no'],
  ['all hold', { allOf: [A, yes, { role: 'author' }] }, 'yes'],
  ['one of all is missing: a scope', { allOf: [A, X] }, 'scope'],
  ['one of all is missing: another thing', { allOf: [A, no] }, 'no'],
  ['the first that fails settles it', { allOf: [no, X] }, 'no'],
  ['any holds', { anyOf: [X, no, A] }, 'yes'],
  ['none of any, and a scope would have helped', { anyOf: [no, X, no] }, 'scope'],
  ['none of any, and no scope would have', { anyOf: [no, { role: 'admin' }] }, 'no'],
  ['nested', { allOf: [{ anyOf: [X, A] }, { anyOf: [no, { allOf: [yes, X] }] }] }, 'scope'],
])('%s: %s', (_what, rule, expected) => {
  expect(judge(rule as Rule<never, never>, holder, undefined)).toBe(expected)
  const later = { allOf: [{ name: 'later', test: async () => true }, rule] }
  expect(judge(later as Rule<never, never>, holder, undefined)).toBeInstanceOf(Promise)
  return expect(judge(later as Rule<never, never>, holder, undefined)).resolves.toBe(expected)
})

test('a credential that says nothing of scopes or roles holds none', () => {
  const silent = { principal: {}, scopes: undefined, roles: undefined }
  expect([judge(A, silent, undefined), judge({ role: 'author' }, silent, undefined)]).toEqual(['scope', 'no'])
})

test.each([undefined, null, 0, 1, 'yes', {}, [], 'true'])(
  'a test that gives %j refuses: only true is yes',
  async (given) => {
    expect(judge({ name: 't', test: () => given } as never, holder, undefined)).toBe('no')
    expect(await judge({ name: 't', test: async () => given } as never, holder, undefined)).toBe('no')
  },
)

test('no more is asked than settles it', () => {
  let asked = 0
  const counted = { name: 'counted', test: () => ++asked > 0 }
  judge({ anyOf: [A, counted] } as never, holder, undefined)
  judge({ allOf: [X, counted] } as never, holder, undefined)
  expect(asked).toBe(0)
})

test('scopesOf: all of an allOf, the first alternative of an anyOf that names any', () => {
  expect(scopesOf({ allOf: [A, { scope: 'b' }, A] })).toEqual(['a', 'b'])
  expect(scopesOf({ anyOf: [{ role: 'r' }, { allOf: [A, { scope: 'b' }] }, X] })).toEqual(['a', 'b'])
  expect([scopesOf({ role: 'r' }), scopesOf(yes as never), scopesOf({ anyOf: [no] } as never)]).toEqual([[], [], []])
})

describe('on the wire (RFC 6750 section 3.1)', () => {
  const with_ = (allow: Rule<{ subject: string }>) =>
    policy({ accept: bearer(() => ({ subject: 'x', scopes: ['a'] })), allow })
  test('a missing scope is insufficient_scope with every scope that would have been enough', async () => {
    const needs = with_({ allOf: [A, X] })
    expect(await verdictOf(needs, request(bearerLine('t')))).toBe('403 insufficient_scope scope.missing')
    expect(await challengesOf(needs, request(bearerLine('t')))).toEqual([
      'Bearer realm="api", error="insufficient_scope", scope="a x"',
    ])
  })
  test('anything else is access_denied, with a challenge that names no error', async () => {
    const needs = with_({ role: 'admin' })
    expect(await verdictOf(needs, request(bearerLine('t')))).toBe('403 access_denied rule.refused')
    expect(await challengesOf(needs, request(bearerLine('t')))).toEqual(['Bearer realm="api"'])
  })
  test('scopes is short for allow, and both together must hold', async () => {
    const both = policy({
      accept: bearer(() => ({ subject: 'x', scopes: ['a'] })),
      scopes: ['a'],
      allow: { role: 'admin' },
    })
    expect(await verdictOf(both, request(bearerLine('t')))).toBe('403 access_denied rule.refused')
    expect(both.describe().allow).toEqual({ allOf: [{ scope: 'a' }, { role: 'admin' }] })
  })
})

test.each<[unknown, RegExp]>([
  [undefined, /exactly one of "scope", "role", "anyOf", "allOf", or "name" with "test"/],
  ['posts:read', /exactly one/],
  [{}, /exactly one/],
  [{ scop: 'a' }, /exactly one/],
  [{ scope: 'a', role: 'b' }, /exactly one/],
  [{ scope: 'a b' }, /"scope" must be one scope.*RFC 6749 section 3.3/],
  [{ scope: '' }, /"scope" must be one scope/],
  [{ scope: 'a"' }, /"scope" must be one scope/],
  [{ scope: ['a'] }, /"scope" must be one scope/],
  [{ role: '' }, /"role" must be a non-empty string/],
  [{ role: 7 }, /"role"/],
  [{ anyOf: [] }, /"anyOf" must be a list of at least one rule/],
  [{ allOf: [] }, /"allOf" must be a list of at least one rule/],
  [{ allOf: A }, /"allOf" must be a list/],
  [{ anyOf: [A, { scop: 'a' }] }, /exactly one/],
  [{ test: () => true }, /needs a "name"/],
  [{ name: 'x', test: true }, /"test" function/],
  [{ name: 'x' }, /exactly one/],
  ['posts:read', /exactly one.*: text is none, write \{ scope: "posts:read" \} or \{ role: "editor" \}/],
  [['a'], /: a list is none, \{ allOf: \[…\] \} where all must hold, \{ anyOf/],
  [() => true, /: a function needs a name that can be shown, \{ name: "the author", test/],
  [null, /, got null/],
  [7, /, got number/],
  [{}, /"name" with "test"$/],
  [{ scopes: ['a'] }, /; "scopes" is none: several scopes are the option scopes of policy\(\)/],
  [{ roles: ['a'] }, /; "roles" is none: several roles are \{ anyOf:/],
  [{ any: [A] }, /; "any" is none: it is \{ anyOf/],
  [{ scop: 'a' }, /; "scop" is none$/],
  [{ constructor: 'a' }, /; "constructor" is none$/],
  [{ scope: 'a', roles: ['admin'] }, /; "roles" is none/], // would otherwise be ignored, and let more people in
])('%j is no rule, and the message says so', (rule, message) => {
  expect(() => checkRule(rule)).toThrow(message)
  expect(() => policy({ accept: bearer(() => undefined), allow: { allOf: [rule as never] } })).toThrow(message)
})
