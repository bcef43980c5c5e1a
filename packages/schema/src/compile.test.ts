import { describe, expect, test } from 'vitest'
import { defineSchema } from './index.ts'

describe('a bad schema is a TypeError that names the place', () => {
  const bad: readonly (readonly [name: string, schema: unknown, message: string])[] = [
    [
      'invalid',
      { type: 'object', properties: { 'a/b': { type: 'text' } } },
      'the schema is invalid: "/properties/a~1b/type"',
    ],
    [
      'unknown keyword',
      { type: 'object', properties: { a: { type: 'string', lenght: 3 } } },
      'unknown keyword: "lenght" at "/properties/a"',
    ],
    [
      'unknown format',
      { type: 'object', properties: { a: { type: 'string', format: 'emial' } } },
      'unknown format "emial" at "#/properties/a"',
    ],
    ['required but not declared', { type: 'object', required: ['a'] }, 'required property "a" is not defined'],
    ['keyword of another type', { type: 'object', properties: { a: { minLength: 3 } } }, '"#/properties/a"'],
    ['remote $ref', { $ref: 'https://example.com/a' }, '$ref "https://example.com/a" leads nowhere; nothing is loaded'],
    ['dangling $ref', { type: 'object', properties: { a: { $ref: '#/$defs/a' } } }, 'leads nowhere'],
    [
      'bad pattern',
      { type: 'object', properties: { a: { type: 'string', pattern: '(' } } },
      'a pattern at "/properties/a"',
    ],
    ['bad name pattern', { type: 'object', patternProperties: { '(': {} } }, 'a pattern at ""'],
    [
      'unbounded uniqueItems',
      { type: 'object', properties: { a: { type: 'array', uniqueItems: true } } },
      'uniqueItems at "/properties/a" needs maxItems',
    ],
    ['asynchronous', { $async: true, type: 'object' }, '$async at ""'],
    [
      '__proto__ from JSON',
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
      'what is at "/properties" is not plain JSON',
    ],
    [
      '__proto__ in a literal',
      { type: 'object', properties: { __proto__: { a: { type: 'string' } } } },
      'what is at "/properties" is not plain JSON',
    ],
    [
      'a date',
      { type: 'object', properties: { a: { const: new Date() } } },
      'what is at "/properties/a/const" is not plain JSON',
    ],
    [
      'a loop',
      { type: 'object', $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } }, properties: { a: { $ref: '#/$defs/a' } } },
      'at "/$defs/a" leads only to itself',
    ],
    ['a loop through not', { not: { $ref: '#' } }, 'at "" leads only to itself'],
    ['a function', { type: 'object', default: () => 1 }, 'what is at "/default"'],
    ['null', null, 'schema must be an object'],
    ['an array', [], 'schema must be an object'],
  ]
  for (const [name, schema, message] of bad) {
    test(name, () => {
      expect(() => defineSchema(schema as never)).toThrow(TypeError)
      expect(() => defineSchema(schema as never)).toThrow(message)
    })
  }

  test('a cycle', () => {
    const cycle: Record<string, unknown> = { type: 'object' }
    cycle.not = cycle
    expect(() => defineSchema<unknown>(cycle as never)).toThrow('is not plain JSON')
  })
})
