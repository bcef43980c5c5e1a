import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { defineSchema } from './index.ts'

const Everything = defineSchema<Record<string, unknown>>({
  type: 'object',
  $defs: { tree: { type: 'object', properties: { child: { $ref: '#/$defs/tree' } } } },
  properties: {
    text: { type: 'string', maxLength: 20, pattern: '^[a-z ]*$' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    on: { type: 'boolean' },
    list: { type: 'array', items: { type: ['string', 'integer'] }, maxItems: 5, uniqueItems: true },
    tree: { $ref: '#/$defs/tree' },
    pick: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'boolean' } }] },
  },
  propertyNames: { maxLength: 30 },
})
const Closed = defineSchema({ type: 'object', properties: { a: {} }, additionalProperties: false })
const Open = defineSchema({ type: 'object' })

afterEach(() => {
  expect(Object.getOwnPropertyNames({})).toEqual([])
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(PRISTINE)
})
const PRISTINE = Object.getOwnPropertyNames(Object.prototype).toSorted()

describe('V01', () => {
  test('an own __proto__ is refused at any level, also where unknown members are not', () => {
    for (const body of [
      '{"__proto__":{"polluted":1}}',
      '{"a":{"__proto__":{"polluted":1}}}',
      '{"a":[[{"__proto__":null}]]}',
      '{"constructor":{"prototype":{"polluted":1}}}',
    ]) {
      for (const schema of [Closed, Open]) {
        expect(schema.validate(JSON.parse(body)).issues).toEqual([{ pointer: '', detail: 'names a prototype' }])
      }
    }
  })

  test('constructor is a name like any other', () => {
    expect(Closed.validate({ constructor: 'x' }).issues).toEqual([
      { pointer: '/constructor', detail: 'is not known here' },
    ])
    expect(Open.validate({ constructor: 'x' }).issues).toBeUndefined()
  })

  test('10,000 levels, and a cycle, are refused', () => {
    const deep = JSON.parse(`${'{"child":'.repeat(10_000)}1${'}'.repeat(10_000)}`)
    const cycle: Record<string, unknown> = {}
    cycle.child = cycle
    for (const tree of [deep, cycle]) {
      expect(Everything.validate({ tree }).issues).toEqual([
        { pointer: '', detail: 'is nested more than 64 levels deep' },
      ])
      expect(Everything.validateText({ tree }).issues).toHaveLength(1)
    }
    const just = JSON.parse(`${'['.repeat(64)}${']'.repeat(64)}`)
    expect(defineSchema({ type: 'array' }).validate(just).issues).toBeUndefined()
    expect(defineSchema({ type: 'array' }).validate([just]).issues).toHaveLength(1)
  })

  test('an array of 100,000 costs milliseconds: maxItems comes before uniqueItems', () => {
    const list = Array.from({ length: 100_000 }, (_, index) => ({ index }))
    const since = performance.now()
    expect(Everything.validate({ list }).issues).toEqual([{ pointer: '/list', detail: 'must have at most 5 items' }])
    expect(performance.now() - since).toBeLessThan(500)
  })

  test('a text that is too long never meets a slow pattern', () => {
    const Slow = defineSchema({ type: 'string', maxLength: 20, pattern: '^(a+)+$' })
    const since = performance.now()
    for (const length of [40, 50_000]) {
      expect(Slow.validate(`${'a'.repeat(length)}!`).issues).toEqual([
        { pointer: '', detail: 'must have at most 20 characters' },
      ])
    }
    expect(performance.now() - since).toBeLessThan(500)
  })

  test('100,000 unknown members make one issue, and cost milliseconds', () => {
    const body = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`x${index}`, 1]))
    const since = performance.now()
    expect(Closed.validate(body).issues).toHaveLength(1)
    expect(performance.now() - since).toBeLessThan(500)
  })
})

describe('formats', () => {
  const names = ['email', 'uri', 'uri-reference', 'uri-template', 'url', 'hostname', 'ipv4', 'ipv6', 'uuid', 'regex']
  const more = ['date', 'time', 'date-time', 'duration', 'json-pointer', 'relative-json-pointer', 'byte']

  for (const format of [...names, ...more]) {
    test(`${format} answers a text of 100,000 characters within milliseconds`, () => {
      const schema = defineSchema({ type: 'string', format })
      for (const unit of ['a', 'a.', '-', '1:', '%41', '/', '{a', 'A', '9', '0.', 'a@', '(a']) {
        for (const prefix of ['', 'http://', 'a@', 'P', '/']) {
          const since = performance.now()
          schema.validate(`${prefix}${unit.repeat(100_000 / unit.length)}\u0000`)
          expect(performance.now() - since).toBeLessThan(200)
        }
      }
    })
  }

  test('byte is base64 from the first character to the last', () => {
    const Bytes = defineSchema({ type: 'string', format: 'byte' })
    expect(Bytes.validate('AAAA').issues).toBeUndefined()
    expect(Bytes.validate('A'.repeat(40_000)).issues).toBeUndefined()
    for (const text of ['<b>\nAAAA', 'AAAA\n', '\n', 'AAA', '!']) expect(Bytes.validate(text).issues).toHaveLength(1)
  })

  test('dates exist', () => {
    const Day = defineSchema({ type: 'string', format: 'date' })
    expect(Day.validate('2028-02-29').issues).toBeUndefined()
    expect(Day.validate('2026-02-29').issues).toHaveLength(1)
  })
})

describe('for any value', () => {
  const isResult = (result: object) =>
    'value' in result !== 'issues' in result && (!('issues' in result) || (result.issues as unknown[]).length > 0)

  test('of JSON, validate never throws, and a valid one is valid after a round trip', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue({ maxDepth: 6 }), valueNear()), (value) => {
        const result = Everything.validate(value)
        expect(isResult(result)).toBe(true)
        const again = Everything.validate(JSON.parse(JSON.stringify(value)))
        expect(again.issues).toEqual(result.issues)
        expect(result.issues?.length ?? 1).toBeLessThanOrEqual(10)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of JavaScript, validate never throws', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }), (value) => {
        expect(isResult(Everything.validate(value))).toBe(true)
      }),
    )
  })

  test('of a query, validateText never throws or changes it, and what it yields is valid', () => {
    const name = fc.oneof(fc.constantFrom('text', 'count', 'ratio', 'on', 'list', 'pick', '__proto__'), fc.string())
    const given = fc.oneof(fc.constantFrom('1', 'true', '1e3', '', '-0', 'NaN'), fc.string(), fc.array(fc.string()))
    fc.assert(
      fc.property(fc.dictionary(name, given), (query) => {
        const before = JSON.stringify(query)
        const result = Everything.validateText(query)
        expect(isResult(result)).toBe(true)
        expect(JSON.stringify(query)).toBe(before)
        if (!result.issues) expect(Everything.validate(result.value).issues).toBeUndefined()
      }),
      { numRuns: 1_000 },
    )
  })

  test('all errors name NaN and Infinity too', () => {
    for (const count of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(Everything.validate({ count, pick: false }).issues).toContainEqual({
        pointer: '/count',
        detail: 'must be a whole number',
      })
    }
  })

  test('all errors and the first error agree on what is valid', () => {
    // a small value gets the thorough check, a large one only the first error: both must find something
    fc.assert(
      fc.property(valueNear(), (value) => {
        const small = Everything.validate(value)
        const large = Everything.validate({ ...value, filler: Array.from({ length: 1_001 }, () => 0) })
        expect(small.issues === undefined).toBe(large.issues === undefined)
        if (large.issues) expect(small.issues).toContainEqual(large.issues[0])
      }),
      { numRuns: 1_000 },
    )
  })

  function valueNear() {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null))
    return fc.record(
      {
        text: fc.oneof(fc.string(), leaf),
        count: fc.oneof(fc.integer(), leaf),
        on: leaf,
        list: fc.oneof(fc.array(fc.oneof(fc.string(), fc.integer())), leaf),
        pick: fc.oneof(fc.array(fc.boolean()), leaf),
        tree: fc.oneof(fc.constant({ child: { child: {} } }), fc.constant({ child: 1 }), leaf),
      },
      { requiredKeys: [] },
    )
  }
})
