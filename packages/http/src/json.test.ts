import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAuthError, parseJson } from './index.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const parse = (text: string, depth?: number) => parseJson(bytes(text), depth === undefined ? undefined : { depth })
const reason = (text: string, depth?: number) => {
  const parsed = parse(text, depth)
  return isAuthError(parsed) ? parsed.reason : 'accepted'
}

const vectors = new URL('../../../../shared/vectors/json-accept/', import.meta.url)
const files = existsSync(vectors) ? readdirSync(vectors).filter((name) => name.endsWith('.json')) : []
if (files.length === 0) console.warn(`json: 0 of 95 published vectors run: there is no ${vectors.pathname}`)

describe('JSONTestSuite, what every parser must accept', () => {
  test.skipIf(files.length === 0)('all 95 files are here', () => expect(files).toHaveLength(95))
  test.each(files)('%s', (name) => {
    const content = readFileSync(new URL(name, vectors))
    const parsed = parseJson(content)
    // RFC 7493 section 2.3 (I-JSON) and we are stricter here than RFC 8259, on purpose.
    if (/duplicated_key/.test(name)) expect(parsed).toMatchObject({ code: 'invalid_request', reason: 'json.duplicate' })
    else expect(parsed).toEqual({ value: JSON.parse(content.toString()) })
  })
})

describe('properties', () => {
  test('whatever the bytes: never throws, and what it accepts is what JSON.parse makes of them', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 100 }).map(bytes),
      fc.json({ maxDepth: 5 }).map(bytes),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"a"', '\\u0061', '1', ' '))
        .map((parts) => bytes(parts.join(''))),
    )
    fc.assert(
      fc.property(anything, (input) => {
        const parsed = parseJson(input)
        if (isAuthError(parsed)) expect(parsed.code).toBe('invalid_request')
        else expect(parsed.value).toStrictEqual(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(input)))
      }),
      { numRuns: 2000 },
    )
  })

  test('whatever JSON.stringify writes without poisonous names is accepted and comes back', () => {
    const value = fc.jsonValue({ maxDepth: 6 }).filter((made) => !/"(__proto__|prototype)"/.test(JSON.stringify(made)))
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (made, space) => {
        const text = JSON.stringify(made, undefined, space)
        expect(parse(text)).toEqual({ value: JSON.parse(text) })
      }),
      { numRuns: 1000 },
    )
  })

  test('a member that comes twice is refused at any depth, however it is spelled', () => {
    const escaped = (name: string) =>
      `"${[...Array(name.length).keys()].map((at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
    const path = fc.array(fc.boolean(), { maxLength: 20 })
    const name = fc.string().filter((text) => text !== '__proto__')
    fc.assert(
      fc.property(path, name, fc.boolean(), (inArrays, member, again) => {
        const second = again ? escaped(member) : JSON.stringify(member)
        const twice = `{${JSON.stringify(member)}:{"x":[1]}, "${'other'.repeat(9)}":"}", ${second}:2}`
        const text = inArrays.reduce((inner, inArray) => (inArray ? `[0,${inner}]` : `{"a":"{","b":${inner}}`), twice)
        expect(reason(text)).toBe('json.duplicate')
      }),
    )
  })
})

test.each([
  ['{"a":1,"a":1}', 'json.duplicate'],
  ['{"a":1,"\\u0061":2}', 'json.duplicate'],
  ['[{"a":{"b":1,"c":[],"b":1}}]', 'json.duplicate'],
  ['{"a":{"b":1},"b":{"b":1}}', 'accepted'],
  ['[{"a":1},{"a":1}]', 'accepted'],
  ['{"a":"a","b":"a"}', 'accepted'],
  ['{"a":"\\"a\\":","b":",\\"a\\""}', 'accepted'],
  ['{"":1,"":2}', 'json.duplicate'],
  ['{"\\\\":1,"\\u005c":2}', 'json.duplicate'],
  ['{"__proto__":1}', 'json.prototype'],
  ['{"\\u005f_proto__":1}', 'json.prototype'],
  ['[{"x":{"__proto__":{"admin":true}}}]', 'json.prototype'],
  ['{"constructor":{"prototype":{}}}', 'json.prototype'],
  ['{"constructor":{"a":1},"prototype":1}', 'accepted'],
  ['{"a":{"prototype":1}}', 'accepted'],
  ['"__proto__"', 'accepted'],
  ['{"a":"__proto__"}', 'accepted'],
  ['\ufeff{}', 'json.bom'],
  ['', 'json.syntax'],
  ['{"a":1', 'json.syntax'],
  ['"a', 'json.syntax'],
  ['"a\\"', 'json.syntax'],
  ['{"a\\x":1}', 'json.syntax'],
  ['[1,]', 'json.syntax'],
  ['[}', 'json.syntax'],
  ['NaN', 'json.syntax'],
])('%j: %s', (text, expected) => expect(reason(text)).toBe(expected))

test('depth: 64 levels unless told otherwise, counted where they nest', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  expect([reason(nested(64)), reason(nested(65)), reason(nested(10_000))]).toEqual([
    'accepted',
    'json.depth',
    'json.depth',
  ])
  expect(reason(`[${'[],'.repeat(500)}[]]`, 2)).toBe('accepted')
  expect([reason('[{}]', 2), reason('[{"a":[]}]', 2)]).toEqual(['accepted', 'json.depth'])
  expect(reason('["[[[[", "{{{{"]', 1)).toBe('accepted')
})

test('bytes that are not UTF-8 are refused, not replaced', () => {
  for (const wrong of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc3],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0x22, 0xc0, 0xaf, 0x22],
  ])
    expect(parseJson(Uint8Array.from(wrong))).toMatchObject({ reason: 'json.utf8' })
})

test('hostile texts of a mebibyte take milliseconds', () => {
  const size = 1 << 20
  const hostile = [
    `"${'\\'.repeat(size)}"`,
    `"${'\\"'.repeat(size / 2)}`,
    `[${'"\\\\",'.repeat(size / 5)}1]`,
    `{${'"a":{'.repeat(size / 5)}`,
    '"'.repeat(size),
  ]
  const start = performance.now()
  for (const text of hostile) parse(text)
  expect(performance.now() - start).toBeLessThan(1000)
})

test('prototypes are as they were', () => {
  parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})

/** Another way to the same verdict: a set of names for each object, as the text is read. */
function hasFault(text: string): boolean {
  const stack: (Set<string> | undefined)[] = []
  const owners: string[] = []
  let atName = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') {
      const start = at++
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
      if (!atName) continue
      const name = JSON.parse(text.slice(start, at + 1))
      const names = stack.at(-1) as Set<string>
      if (names.has(name) || name === '__proto__' || (name === 'prototype' && owners.at(-2) === 'constructor'))
        return true
      names.add(name)
      owners[owners.length - 1] = name
      atName = false
    } else if (character === '{' || character === '[') {
      atName = character === '{'
      stack.push(atName ? new Set() : undefined)
      owners.push('')
    } else if (character === '}' || character === ']') {
      stack.pop()
      owners.pop()
      atName = false
    } else if (character === ',') atName = stack.at(-1) !== undefined
  }
  return false
}

/** Whether this Node misreads a text that says nothing wrong (nodejs/node issue 63785): then it must be refused. */
function isMisread(text: string): boolean {
  return isAuthError(parseJson(Buffer.from(text))) && namesIn(JSON.parse(text)) !== namesWritten(text)
}
const namesIn = (value: unknown): string =>
  [
    ...(function* walk(one: unknown): Generator<string> {
      if (typeof one !== 'object' || one === null) return
      for (const [name, inner] of Object.entries(one)) {
        if (!Array.isArray(one)) yield name
        yield* walk(inner)
      }
    })(value),
  ]
    .sort()
    .join('\0')
const namesWritten = (text: string): string =>
  [...text.matchAll(/("(?:[^"\\]|\\.)*") : /g)]
    .map(([, literal = '""']) => JSON.parse(literal))
    .sort()
    .join('\0')

test('a name that V8 takes for another, met before, is refused or read right', () => {
  for (let round = 0; round < 3; round++) parseJson(Buffer.from('{"a":[],"\\\\":{}}'))
  const parsed = parseJson(Buffer.from('{"a":[],"\\u0062":{}}'))
  if (isAuthError(parsed)) expect(parsed.reason).toBe('json.syntax')
  else expect(parsed.value).toEqual({ a: [], b: {} })
  expect(reason('{"a":[],"\\u0061":{}}')).toBe('json.duplicate')
})

test('two names that V8 exchanges are found too', () => {
  for (let round = 0; round < 3; round++)
    for (const primed of ['{"h":1,"\\\\":2}', '{"k":1,"\\\\u":3}']) parseJson(Buffer.from(primed))
  const text = '{"x":{"h":1,"\\u005c\\u005c":2},"y":{"k":1,"\\\\u":3}}'
  const parsed = parseJson(Buffer.from(text))
  if (isAuthError(parsed)) expect(parsed.reason).toBe('json.syntax')
  else expect(parsed.value).toEqual({ x: { h: 1, '\\\\': 2 }, y: { k: 1, '\\u': 3 } })
})

test('whatever JSON comes: refused when a name stands twice in an object or names a prototype, and only then', () => {
  const name = fc.constantFrom('a', 'b', '\\u0061', '__proto__', 'constructor', 'prototype', 'a:b', 'x\\"y', '\\\\')
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('1', 'null', '"a"', '":"', '"{\\"a\\":1}"', '"\\\\"', '[]', '{}', '-1.5e3'),
      fc.array(tie('json'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
      fc
        .array(fc.tuple(name, tie('json')), { maxLength: 4 })
        .map((members) => `{${members.map(([key, value]) => `"${key}" : ${value}`).join(',')}}`),
    ),
  }))
  let refused = 0
  fc.assert(
    fc.property(json, (text) => {
      JSON.parse(text)
      const isRefused = isAuthError(parseJson(Buffer.from(text)))
      if (isRefused) refused++
      return isRefused === hasFault(text) || isMisread(text)
    }),
    { numRuns: 5000 },
  )
  expect(refused).toBeGreaterThan(200)
})

test('bytes of any kind: a Buffer and a Uint8Array are judged alike, U+FFFD itself included', () => {
  const judge = (given: Uint8Array) => {
    const parsed = parseJson(given)
    return isAuthError(parsed) ? parsed.reason : parsed.value
  }
  const quoted = (inner: Uint8Array) => Buffer.concat([Buffer.from('"'), inner, Buffer.from('"')])
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      ),
      (inner) => {
        const given = quoted(inner)
        expect(judge(given)).toEqual(judge(Uint8Array.from(given)))
      },
    ),
    { numRuns: 3000 },
  )
  expect(judge(quoted(Buffer.from('\ufffd')))).toBe('\ufffd')
  expect(judge(quoted(Buffer.from([0xff])))).toBe('json.utf8')
  expect(judge(Buffer.from([0xef, 0xbb, 0xbf, 0x31]))).toBe('json.bom')
})
