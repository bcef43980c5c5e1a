import { describe, expect, expectTypeOf, test } from 'vitest'
import { roleHierarchy } from './role-hierarchy.ts'

const roles = roleHierarchy({ admin: ['editor', 'auditor'], editor: ['reader'] })

describe('a hierarchy of roles', () => {
  test('makes a rule of the role and all that stand above it', () => {
    expect(roles.atLeast('reader')).toEqual({ anyOf: [{ role: 'reader' }, { role: 'admin' }, { role: 'editor' }] })
    expect(roles.atLeast('auditor')).toEqual({ anyOf: [{ role: 'auditor' }, { role: 'admin' }] })
  })
  test('makes the plain rule of the highest', () => {
    expect(roles.atLeast('admin')).toEqual({ role: 'admin' })
  })
  test('knows its roles: in the editor and when it is asked', () => {
    expectTypeOf(roles.atLeast).parameter(0).toEqualTypeOf<'admin' | 'editor' | 'auditor' | 'reader'>()
    expect(() => roles.atLeast('owner' as never)).toThrow('there is no role "owner": there are admin, editor')
  })
  test.each([
    { below: { a: ['b'], b: ['c'], c: ['a'] }, says: '"a" over "b" over "c" over "a"' },
    { below: { a: ['a'] }, says: '"a" over "a"' },
    { below: { a: 'b' }, says: 'must be a list of roles' },
    { below: {}, says: 'takes roles with those below' },
  ])('refuses $below', ({ below, says }) => {
    expect(() => roleHierarchy(below as never)).toThrow(says)
  })
})
