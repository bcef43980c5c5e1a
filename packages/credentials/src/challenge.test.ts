import { isAuthError } from '@countersign/http'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Challenge, formatChallenge, parseChallenges } from './index.ts'

const one = (scheme: string, params: Record<string, string> = {}, token68?: string): Challenge =>
  token68 === undefined ? { scheme, params } : { scheme, token68, params }

describe('published examples', () => {
  test('RFC 9110 section 11.6.1: two challenges in a line, one with a comma in a quoted string', () => {
    const line = 'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""'
    expect(parseChallenges(line)).toEqual([
      one('Basic', { realm: 'simple' }),
      one('Newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }),
    ])
  })
  test('RFC 6750 section 3: an expired token', () => {
    const line = 'Bearer realm="example", error="invalid_token", error_description="The access token expired"'
    expect(parseChallenges(line)).toEqual([
      one('Bearer', { realm: 'example', error: 'invalid_token', error_description: 'The access token expired' }),
    ])
  })
  test('RFC 7617 section 2: a charset', () => {
    expect(formatChallenge(one('Basic', { realm: 'foo', charset: 'UTF-8' }))).toBe('Basic realm="foo", charset="UTF-8"')
  })
  test('RFC 4559: Negotiate, bare and with a token68', () => {
    expect(parseChallenges('Negotiate')).toEqual([one('Negotiate')])
    expect(parseChallenges('Negotiate a87421000492aa874209af8bc028==')).toEqual([
      one('Negotiate', {}, 'a87421000492aa874209af8bc028=='),
    ])
  })
  test('RFC 9449 section 7.1: a DPoP challenge', () => {
    expect(parseChallenges('DPoP error="invalid_token", algs="ES256 PS256"')).toEqual([
      one('DPoP', { error: 'invalid_token', algs: 'ES256 PS256' }),
    ])
  })
})

test.each<[string | string[], Challenge[]]>([
  ['', []],
  [[], []],
  ['Basic, Bearer', [one('Basic'), one('Bearer')]],
  ['Negotiate abc=, Basic realm="a"', [one('Negotiate', {}, 'abc='), one('Basic', { realm: 'a' })]],
  ['Basic realm="a", Negotiate abc=', [one('Basic', { realm: 'a' }), one('Negotiate', {}, 'abc=')]],
  [
    ['Basic realm="a"', 'Bearer realm="b"'],
    [one('Basic', { realm: 'a' }), one('Bearer', { realm: 'b' })],
  ],
  [',, Basic realm="a",, ,charset=x,, Bearer,', [one('Basic', { realm: 'a', charset: 'x' }), one('Bearer')]],
  ['Basic realm="a, b=\\"c\\", Digest"', [one('Basic', { realm: 'a, b="c", Digest' })]],
  ['Basic realm="\\a\\\\"', [one('Basic', { realm: 'a\\' })]],
  ['Basic REALM = "a" , Charset\t=\tx', [one('Basic', { realm: 'a', charset: 'x' })]],
  ['Basic realm=""', [one('Basic', { realm: '' })]],
  ['Basic   realm="a"', [one('Basic', { realm: 'a' })]],
])('%j', (field, expected) => {
  expect(parseChallenges(field)).toEqual(expected)
})

test.each([
  'Basic realm="a',
  'Basic realm="a" charset=x',
  'Basic realm="a"Bearer',
  'Basic realm="a", x=',
  'a b=c, b="1"',
  'Basic realm="a", realm="b"',
  'Basic realm="a", REALM="b"',
  'Basic realm=a b',
  'Basic realm="\x01"',
  'Basic realm="a\\',
  'realm="a"',
  '"Basic"',
  'Basic=x',
  'Bas/ic realm="a"',
  'Negotiate abc= def=',
  'Negotiate abc=, realm="x"',
  ',',
  'ä',
])('%j is malformed', (line) => {
  expect(parseChallenges(line)).toMatchObject({ code: 'invalid_request', reason: 'challenge.grammar' })
  expect(parseChallenges(['Basic', line])).toMatchObject({ reason: 'challenge.grammar' })
})

test('a parameter may be called as what every object has', () => {
  const [challenge] = parseChallenges('A __proto__="x", constructor="y"') as Challenge[]
  expect(Object.entries(challenge?.params ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  expect(({} as { x?: string }).x).toBeUndefined()
})

test('16 KiB is the limit of a line', () => {
  const line = (size: number) => `A b="${'x'.repeat(size - 6)}"`
  expect(isAuthError(parseChallenges(line(16_384)))).toBe(false)
  expect(isAuthError(parseChallenges(line(16_385)))).toBe(true)
})

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/)
const name = token.map((text) => text.toLowerCase())
const value = fc.stringMatching(/^[\t\x20-\x7e]{0,30}$/)
const challenge = fc.oneof(
  fc
    .record({
      scheme: token,
      params: fc.uniqueArray(fc.tuple(name, value), { maxLength: 4, selector: ([key]) => key }),
    })
    .map(({ scheme, params }) => ({
      scheme,
      // Not an object literal: `__proto__` is a good name.
      params: Object.fromEntries(params),
    })),
  fc.record({ scheme: token, token68: fc.stringMatching(/^[A-Za-z0-9\-._~+/]{1,30}={0,2}$/), params: fc.constant({}) }),
)

test('round trip: what is written is read back, on one line or on several', () => {
  fc.assert(
    fc.property(fc.array(challenge, { minLength: 1, maxLength: 4 }), (challenges) => {
      const lines = challenges.map(formatChallenge)
      const plain = (list: unknown) => JSON.parse(JSON.stringify(list))
      expect(plain(parseChallenges(lines))).toEqual(plain(challenges))
      expect(plain(parseChallenges(lines.join(', ')))).toEqual(plain(challenges))
    }),
    { numRuns: 1000 },
  )
})

test('whatever comes: never throws, never hangs', () => {
  const part = fc.oneof(
    fc.constantFrom('Basic', ' ', ',', '=', '"', '\\', 'realm', 'a68=', '\t', '/', '"a\\""'),
    fc.string({ unit: 'binary', maxLength: 10 }),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const parsed = parseChallenges(parts.join(''))
      if (!isAuthError(parsed)) for (const { scheme } of parsed) expect(scheme).toMatch(/^[^\s",=]+$/)
    }),
    { numRuns: 3000, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true },
  )
  const start = performance.now()
  for (const filler of ['a', '=', 'a=', ', ', 'a ', '"', '\\', 'a b=c,', 'A b,', ' ', 'A "'])
    for (const head of ['', 'A ', 'A b="', 'A b=']) parseChallenges(`${head}${filler.repeat(16_000 / filler.length)}`)
  expect(performance.now() - start).toBeLessThan(1000)
})

test('what no header can hold is a bug where it is written, and the message says which part', () => {
  expect(() => formatChallenge(one('Ba sic'))).toThrow('scheme must be a token')
  expect(() => formatChallenge(one(''))).toThrow('scheme must be a token')
  expect(() => formatChallenge(one('A', { 'b c': 'd' }))).toThrow('parameter name must be a token')
  expect(() => formatChallenge(one('A', { b: 'c\r\nSet-Cookie: x' }))).toThrow('parameter b must be printable ASCII')
  expect(() => formatChallenge(one('A', { b: 'é' }))).toThrow('printable ASCII')
  expect(() => formatChallenge(one('A', {}, 'a b'))).toThrow('token68')
  expect(() => formatChallenge(one('A', {}, 'a, B'))).toThrow('token68')
})
