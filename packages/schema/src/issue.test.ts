import { describe, expect, test } from 'vitest'
import { defineSchema } from './index.ts'

const CANARY = 'canary-7f3a'

function issues(schema: unknown, value: unknown) {
  return defineSchema<unknown>(schema as never).validate(value).issues
}

describe('an issue says what was expected', () => {
  const cases: readonly (readonly [schema: object, value: unknown, pointer: string, detail: string])[] = [
    [{ type: 'string' }, 1, '', 'must be text'],
    [{ type: 'integer' }, 1.5, '', 'must be a whole number'],
    [{ type: ['number', 'null'] }, CANARY, '', 'must be a number or null'],
    [{ type: 'boolean' }, CANARY, '', 'must be true or false'],
    [{ type: 'object' }, [CANARY], '', 'must be an object'],
    [{ type: 'array' }, {}, '', 'must be an array'],
    [{ type: 'string', maxLength: 1 }, CANARY, '', 'must have at most 1 character'],
    [{ type: 'string', maxLength: 5 }, CANARY, '', 'must have at most 5 characters'],
    [{ type: 'string', minLength: 1 }, '', '', 'must not be empty'],
    [{ type: 'string', minLength: 50 }, CANARY, '', 'must have at least 50 characters'],
    [{ type: 'string', pattern: '^a+$' }, CANARY, '', 'must match "^a+$"'],
    [{ type: 'string', format: 'email' }, CANARY, '', 'must have the format "email"'],
    [{ type: 'number', minimum: 3 }, 2, '', 'must be at least 3'],
    [{ type: 'number', maximum: 3 }, 4, '', 'must be at most 3'],
    [{ type: 'number', exclusiveMinimum: 3 }, 3, '', 'must be more than 3'],
    [{ type: 'number', exclusiveMaximum: 3 }, 3, '', 'must be less than 3'],
    [{ type: 'number', multipleOf: 3 }, 4, '', 'must be a multiple of 3'],
    [{ enum: ['a', 1, null] }, CANARY, '', 'must be "a" or 1 or null'],
    [{ enum: 'abcdefghijkl'.split('') }, CANARY, '', 'must be one of the values that are allowed here'],
    [{ const: 'a' }, CANARY, '', 'must be "a"'],
    [{ type: 'array', minItems: 2 }, [1], '', 'must have at least 2 items'],
    [{ type: 'array', minItems: 1 }, [], '', 'must not be empty'],
    [{ type: 'array', uniqueItems: true, maxItems: 3 }, [1, 1], '', 'must not have an item twice'],
    [{ type: 'array', contains: { const: 1 } }, [2], '', 'must have at least 1 item of a certain form'],
    [{ type: 'object', minProperties: 1 }, {}, '', 'must not be empty'],
    [{ type: 'object', maxProperties: 1 }, { a: 1, b: 2 }, '', 'must have at most 1 member'],
    [{ type: 'object', properties: { a: {} }, required: ['a'] }, {}, '/a', 'is required'],
    [{ type: 'object', properties: { a: false } }, { a: CANARY }, '/a', 'is not allowed here'],
    [{ type: 'object', additionalProperties: false }, { a: CANARY }, '/a', 'is not known here'],
    [{ type: 'object', unevaluatedProperties: false }, { a: CANARY }, '/a', 'is not known here'],
    [{ type: 'object', propertyNames: { maxLength: 1 } }, { ab: 1 }, '/ab', 'is not a name that is allowed here'],
    [{ type: 'object', dependentRequired: { a: ['b'] } }, { a: 1 }, '/b', 'is required beside "a"'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, '', 'must have one of the forms that are allowed here'],
    [
      { oneOf: [{ type: 'integer' }, { type: 'number' }] },
      1,
      '',
      'must have exactly one of the forms that are allowed here',
    ],
    [{ not: { const: CANARY } }, CANARY, '', 'must not have the form that is excluded here'],
  ]
  for (const [schema, value, pointer, detail] of cases) {
    test(`${JSON.stringify(schema)}: ${detail}`, () => {
      const found = issues(schema, value)
      expect(found).toEqual([{ pointer, detail }])
      expect(JSON.stringify(found)).not.toContain(CANARY)
    })
  }
})

describe('a pointer', () => {
  const Closed = { type: 'object', additionalProperties: false }

  test('escapes ~ and / (RFC 6901 §3)', () => {
    expect(issues(Closed, { 'a/b~c': 1 })?.[0]?.pointer).toBe('/a~1b~0c')
    const Open = { type: 'object', additionalProperties: { type: 'object', additionalProperties: { type: 'string' } } }
    expect(issues(Open, { 'a/b': { '~': 1 } })?.[0]?.pointer).toBe('/a~1b/~0')
  })

  test('cuts long names that the client sent, and is well-formed text', () => {
    const [issue] = issues(Closed, { ['x'.repeat(5_000)]: 1 })!
    expect(issue?.pointer).toBe(`/${'x'.repeat(99)}…`)
    expect(issues(Closed, { ['😀'.repeat(200)]: 1 })?.[0]?.pointer.isWellFormed()).toBe(true)
    const Open = { type: 'object', additionalProperties: { type: 'string' } }
    expect(issues(Open, { ['x'.repeat(5_000)]: 1 })?.[0]?.pointer.length).toBeLessThanOrEqual(400)
    expect(issues(Open, { [`x${'😀'.repeat(300)}`]: 1 })?.[0]?.pointer.isWellFormed()).toBe(true)
  })
})

test('issues are frozen values', () => {
  const found = issues({ type: 'string' }, 1)
  expect(Object.isFrozen(found) && Object.isFrozen(found?.[0])).toBe(true)
})
