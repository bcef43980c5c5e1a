import type { Schema, TypeOf } from '@countersign/http'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { defineSchema, type JsonSchema } from './index.ts'

const NewPost = defineSchema({
  type: 'object',
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 200 },
    body: { type: 'string', minLength: 1, maxLength: 20_000 },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 10 },
  },
  required: ['title', 'body'],
  additionalProperties: false,
})

describe('defineSchema infers the type', () => {
  test('of what it lets pass, without `as const`', () => {
    expectTypeOf<TypeOf<typeof NewPost>>().toEqualTypeOf<{ title: string; body: string; tags?: string[] }>()
    const result = NewPost.validate({ title: 'a', body: 'b' })
    if (!result.issues) expectTypeOf(result.value.title).toEqualTypeOf<string>()
    expectTypeOf(NewPost).toExtend<Schema>()
  })

  test('through enum, const, null, nested objects and local $ref', () => {
    const Order = defineSchema({
      type: 'object',
      $defs: { id: { type: 'integer' } },
      properties: {
        id: { $ref: '#/$defs/id' },
        state: { enum: ['open', 'closed'] },
        kind: { const: 'order' },
        note: { type: ['string', 'null'] },
        to: {
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
          additionalProperties: false,
        },
      },
      required: ['id', 'state', 'kind', 'note', 'to'],
      additionalProperties: false,
    })
    type Order = TypeOf<typeof Order>
    expectTypeOf<Order['id']>().toEqualTypeOf<number>()
    expectTypeOf<Order['state']>().toEqualTypeOf<'open' | 'closed'>()
    expectTypeOf<Order['kind']>().toEqualTypeOf<'order'>()
    expectTypeOf<Order['note']>().toEqualTypeOf<string | null>()
    expectTypeOf<Order['to']>().toEqualTypeOf<{ city: string }>()
  })

  test('also where the call stands inside another generic one', () => {
    const typed = validating({ body: defineSchema({ type: 'object', properties: { n: { type: 'integer' } } }) })
    expectTypeOf(typed.n).toEqualTypeOf<number | undefined>()
    function validating<B>(_: { readonly body: Schema<B> }): B {
      return {} as B
    }
  })

  test('or takes the one that is stated', () => {
    interface Tree {
      readonly children: readonly Tree[]
    }
    const Trees = defineSchema<Tree>({
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#' } } },
      required: ['children'],
    })
    expectTypeOf<TypeOf<typeof Trees>>().toEqualTypeOf<Tree>()
    expect(Trees.validate({ children: [{ children: [] }] }).issues).toBeUndefined()
    expect(Trees.validate({ children: [{ children: [{}] }] }).issues).toEqual([
      { pointer: '/children/0/children/0/children', detail: 'is required' },
    ])
  })

  test('or is unknown, for a schema that is only known at run time', () => {
    const loaded: JsonSchema = JSON.parse('{"type":"string"}')
    expectTypeOf<TypeOf<ReturnType<typeof load>>>().toBeUnknown()
    expect(load().validate(1).issues).toHaveLength(1)
    function load() {
      return defineSchema(loaded)
    }
  })

  test('and the compiler refuses a schema that is none', () => {
    // @ts-expect-error: not a type
    expect(() => defineSchema({ type: 'objekt' })).toThrow(TypeError)
    // @ts-expect-error: not a number
    expect(() => defineSchema({ type: 'object', properties: { a: { type: 'string', minLength: '3' } } })).toThrow()
    // @ts-expect-error: not an object
    expect(() => defineSchema('string')).toThrow('schema must be an object')
  })
})

describe('validate', () => {
  test('returns the value itself: nothing converted, removed or added', () => {
    const value = Object.freeze({ title: 'a', body: 'b', tags: Object.freeze(['x']) })
    const result = NewPost.validate(value)
    expect(result).toEqual({ value })
    expect('value' in result && result.value).toBe(value)
    expect(NewPost.validate({ title: 1, body: 'b' }).issues).toEqual([{ pointer: '/title', detail: 'must be text' }])
    const Loose = defineSchema({ type: 'object', properties: { n: { type: 'number', default: 5 } } })
    expect(Loose.validate({ more: 1 })).toEqual({ value: { more: 1 } })
  })

  test('names everything that is wrong with a small value', () => {
    expect(NewPost.validate({ body: '', tags: [1, 'x', 2], extra: 1 }).issues).toEqual(
      [
        { pointer: '/extra', detail: 'is not known here' },
        { pointer: '/title', detail: 'is required' },
        { pointer: '/body', detail: 'must not be empty' },
        { pointer: '/tags/0', detail: 'must be text' },
        { pointer: '/tags/2', detail: 'must be text' },
      ].toSorted((a, b) => order(a.pointer) - order(b.pointer)),
    )
    function order(pointer: string): number {
      return ['/title', '/extra', '/body', '/tags/0', '/tags/2'].indexOf(pointer)
    }
  })

  test('names at most ten things', () => {
    const tags = Array.from({ length: 10 }, () => 1)
    expect(NewPost.validate({ tags, x: 1, y: 1 }).issues).toHaveLength(10)
  })

  test('takes only own members: what a prototype has is not there', () => {
    expect(NewPost.validate(Object.create({ title: 'a', body: 'b' })).issues).toHaveLength(2)
    const Named = defineSchema({
      type: 'object',
      properties: { constructor: { type: 'string' }, toString: { type: 'string' } },
      required: ['constructor', 'toString'],
    })
    expect(Named.validate({}).issues).toHaveLength(2)
    expect(Named.validate({ constructor: 'a', toString: 'b' }).issues).toBeUndefined()
  })

  test('takes objects without a prototype', () => {
    const value = Object.assign(Object.create(null), { title: 'a', body: 'b' })
    expect(NewPost.validate(value).issues).toBeUndefined()
  })
})

describe('a schema', () => {
  test('is a frozen copy: changing the original changes nothing', () => {
    const original = { type: 'object' as const, properties: { a: { type: 'string' as const } }, required: ['a'] }
    const schema = defineSchema(original)
    original.required.push('b')
    ;(original.properties.a as { type: string }).type = 'number'
    expect(schema.validate({ a: 'x' }).issues).toBeUndefined()
    expect(schema.schema).toEqual({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] })
    expect(Object.isFrozen(schema) && Object.isFrozen(schema.schema)).toBe(true)
    expect(() => ((schema.schema.properties as Record<string, object>).a = {})).toThrow(TypeError)
  })

  test('may be used in others, and twice with one $id', () => {
    const id = { $id: 'https://example.com/a', type: 'string', maxLength: 3 } as const
    const [first, second] = [defineSchema(id), defineSchema({ ...id, maxLength: 5 })]
    expect(first.validate('abcd').issues).toHaveLength(1)
    expect(second.validate('abcd').issues).toBeUndefined()
    const Outer = defineSchema<{ a: string }>({
      type: 'object',
      properties: { a: first.schema },
      required: ['a'],
    } as never)
    expect(Outer.validate({ a: 'abcd' }).issues).toHaveLength(1)
  })

  test('is draft 2020-12 unless it says draft-07', () => {
    const next = defineSchema<unknown>({ type: 'array', prefixItems: [{ type: 'string' }], items: false, minItems: 1 })
    expect(next.validate(['a']).issues).toBeUndefined()
    expect(next.validate(['a', 'b']).issues).toEqual([{ pointer: '', detail: 'must have at most 1 item' }])
    for (const $schema of ['http://json-schema.org/draft-07/schema', 'http://json-schema.org/draft-07/schema#']) {
      const old = defineSchema<unknown>({
        $schema,
        type: 'array',
        items: [{ type: 'string' }],
        additionalItems: false,
        minItems: 1,
      })
      expect(old.validate(['a']).issues).toBeUndefined()
      expect(old.validate(['a', 'b']).issues).toEqual([{ pointer: '', detail: 'must have at most 1 item' }])
      expect(() => defineSchema({ $schema, type: 'array', prefixItems: [{}] })).toThrow(
        'unknown keyword: "prefixItems"',
      )
    }
    expect(() => defineSchema({ $schema: 'http://json-schema.org/draft-04/schema#' })).toThrow('$schema must be draft')
  })
})

describe('Standard Schema', () => {
  test('the same check, with paths', () => {
    const standard = NewPost['~standard']
    expect(standard).toMatchObject({ version: 1, vendor: 'countersign' })
    expect(standard.validate({ title: 'a', body: 'b' })).toEqual({ value: { title: 'a', body: 'b' } })
    expect(standard.validate({ title: 'a', body: 'b', tags: [1], 'x/~': 1 })).toEqual({
      issues: [
        { message: 'is not known here', path: ['x/~'] },
        { message: 'must be text', path: ['tags', '0'] },
      ],
    })
    expectTypeOf<NonNullable<(typeof standard)['types']>['output']>().toEqualTypeOf<TypeOf<typeof NewPost>>()
  })
})

test('Fastify hands on what has a prototype of its own: header schemas too', () => {
  expect(Object.getPrototypeOf(NewPost)).not.toBe(Object.prototype)
  expect('content' in NewPost || 'type' in NewPost || 'isFluentSchema' in NewPost).toBe(false)
})
