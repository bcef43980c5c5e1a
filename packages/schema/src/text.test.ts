import { describe, expect, test } from 'vitest'
import { defineSchema } from './index.ts'

const Query = defineSchema({
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 100 },
    price: { type: 'number' },
    draft: { type: 'boolean' },
    title: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 3 },
    ids: { type: 'array', items: { type: 'integer' } },
    flags: { type: 'array', items: { type: 'boolean' } },
  },
  additionalProperties: false,
})

const text = (values: unknown) => {
  const result = Query.validateText(values)
  return result.issues ?? { ...result.value }
}

describe('validateText converts', () => {
  test('scalars to the type that is declared', () => {
    expect(text({ limit: '20', price: '-1.5', draft: 'true', title: '20' })).toEqual({
      limit: 20,
      price: -1.5,
      draft: true,
      title: '20',
    })
    expect(text({ draft: 'false' })).toEqual({ draft: false })
  })

  test('one text, for a declared array, to its only item', () => {
    expect(text({ tags: 'a', ids: '7', flags: 'true' })).toEqual({ tags: ['a'], ids: [7], flags: [true] })
    expect(text({ tags: ['a', 'b'], ids: ['7', '8'] })).toEqual({ tags: ['a', 'b'], ids: [7, 8] })
    expect(text({ ids: ['7', 'x'] })).toEqual([{ pointer: '/ids/1', detail: 'must be a whole number' }])
  })

  test('behind $ref and allOf, in unions, enums and additionalProperties', () => {
    const schema = defineSchema<Record<string, unknown>>({
      $defs: { page: { type: 'object', properties: { page: { $ref: '#/$defs/n' } } }, n: { type: 'integer' } },
      allOf: [{ $ref: '#/$defs/page' }],
      type: 'object',
      properties: {
        size: { enum: [10, 20] },
        on: { const: true },
        either: { anyOf: [{ type: 'integer' }, { type: 'boolean' }] },
        text: { type: ['integer', 'string'] },
        many: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      },
      additionalProperties: { type: 'integer' },
    })
    const given = { page: '3', size: '10', on: 'true', either: '5', text: '5', many: 'a', other: '9' }
    expect(schema.validateText(given)).toEqual({
      value: { page: 3, size: 10, on: true, either: 5, text: '5', many: 'a', other: 9 },
    })
    expect(schema.validateText({ many: ['a', 'b'], either: 'false' })).toEqual({
      value: { many: ['a', 'b'], either: false },
    })
  })
})

test('recursive schemas convert at their first level', () => {
  const Tree = defineSchema<unknown>({
    type: 'object',
    properties: { n: { type: 'integer' }, all: { $ref: '#/$defs/list' } },
    allOf: [{ $ref: '#/$defs/self' }],
    $defs: {
      list: { type: 'array', items: { anyOf: [{ type: 'integer' }, { $ref: '#/$defs/list' }] } },
      self: { type: 'object', properties: { child: { $ref: '#' } } },
    },
  })
  expect(Tree.validateText({ n: '1', all: ['2', '3'] })).toEqual({ value: { n: 1, all: [2, 3] } })
})

describe('a number is a number of JSON, and nothing else', () => {
  const decided: Readonly<Record<string, number | undefined>> = {
    '0': 0,
    '-1': -1,
    '1.0': 1,
    '1e2': 100,
    '1E+1': 10,
    '': undefined,
    ' ': undefined,
    ' 5': undefined,
    '5 ': undefined,
    '5\n': undefined,
    '+5': undefined,
    '05': undefined,
    '.5': undefined,
    '5.': undefined,
    '0x10': undefined,
    '1_000': undefined,
    '1,5': undefined,
    '٣': undefined,
    '5n': undefined,
    NaN: undefined,
    Infinity: undefined,
    '1e999': undefined,
    null: undefined,
    true: undefined,
  }
  for (const [given, number] of Object.entries(decided)) {
    test(`${JSON.stringify(given)} is ${number === undefined ? 'refused' : number}`, () => {
      const refused = [{ pointer: '/price', detail: 'must be a number' }]
      expect(text({ price: given })).toEqual(number === undefined ? refused : { price: number })
    })
  }

  test('an integer must be one, and one that JavaScript holds exactly', () => {
    for (const given of ['1.5', '12345678901234567890', '9007199254740993']) {
      expect(text({ ids: given })).toEqual([{ pointer: '/ids/0', detail: 'must be a whole number' }])
    }
    expect(text({ ids: '9007199254740991' })).toEqual({ ids: [9007199254740991] })
    expect(text({ limit: '101' })).toEqual([{ pointer: '/limit', detail: 'must be at most 100' }])
  })

  test('true and false are the only booleans', () => {
    for (const given of ['', '1', '0', 'True', 'TRUE', 'yes', 'on', ' true']) {
      expect(text({ draft: given })).toEqual([{ pointer: '/draft', detail: 'must be true or false' }])
    }
  })
})

describe('validateText refuses', () => {
  test('a scalar that was given twice, by name, beside what else is wrong', () => {
    expect(text({ limit: ['1', '2'], title: ['a', 'b'], draft: 'x', more: '1' })).toEqual([
      { pointer: '/limit', detail: 'must be given once' },
      { pointer: '/title', detail: 'must be given once' },
      { pointer: '/more', detail: 'is not known here' },
      { pointer: '/draft', detail: 'must be true or false' },
    ])
    expect(text({ title: ['a'] })).toEqual([{ pointer: '/title', detail: 'must be given once' }])
  })

  test('what additionalProperties: false does not know', () => {
    expect(text({ x: '1' })).toEqual([{ pointer: '/x', detail: 'is not known here' }])
    const Open = defineSchema({ type: 'object', properties: { n: { type: 'integer' } } })
    expect(Open.validateText({ n: '1', x: '1', y: ['1', '2'] })).toEqual({ value: { n: 1, x: '1', y: ['1', '2'] } })
  })

  test('names of prototypes', () => {
    for (const values of [JSON.parse('{"__proto__":"x"}'), { constructor: { prototype: 'x' } }]) {
      expect(text(values)).toEqual([{ pointer: '', detail: 'names a prototype' }])
    }
    expect(text({ constructor: 'x' })).toEqual([{ pointer: '/constructor', detail: 'is not known here' }])
  })

  test('objects made by extended query parsers, where a scalar is declared', () => {
    expect(text({ limit: { gt: '5' } })).toEqual([{ pointer: '/limit', detail: 'must be a whole number' }])
  })

  test('what is no object', () => {
    for (const values of [null, 'a=1', 5, ['a']])
      expect(text(values)).toEqual([{ pointer: '', detail: 'must be an object' }])
  })
})

describe('validateText takes', () => {
  test('objects without a prototype (Express 5, Fastify), returns a copy, and changes nothing', () => {
    const values = Object.freeze(Object.assign(Object.create(null), { limit: '5', tags: Object.freeze(['a']) }))
    const result = Query.validateText(values)
    expect(result).toEqual({ value: { limit: 5, tags: ['a'] } })
    expect('value' in result && Object.getPrototypeOf(result.value)).toBe(null)
    expect(values).toEqual({ limit: '5', tags: ['a'] })
  })

  test('no query at all, and parameters that are undefined, as nothing', () => {
    expect(text(undefined)).toEqual({})
    expect(Object.keys(text({ limit: undefined, x: undefined }))).toEqual([])
    const Needed = defineSchema({ type: 'object', properties: { param: { type: 'string' } }, required: ['param'] })
    expect(Needed.validateText(undefined).issues).toEqual([{ pointer: '/param', detail: 'is required' }])
    expect(Needed.validateText({ param: undefined }).issues).toEqual([{ pointer: '/param', detail: 'is required' }])
  })
})
