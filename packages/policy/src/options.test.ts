import { isAuthError } from '@countersign/http'
import { describe, expect, test } from 'vitest'
import { allOf, anyOf, anyone, apiKey, basic, bearer, findEndpoint, policy, type Requirement } from './index.ts'

const token = bearer(() => undefined)
const key = apiKey(() => undefined)
const user = basic(() => undefined)
const loose = policy as unknown as (options: unknown) => object

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /^"accept" of policy\(\) takes a scheme.*a public route uses the policy `anyone`/],
  ['no accept', {}, /takes a scheme such as bearer\(…\), anyOf\(…\) or allOf\(…\)/],
  [
    'accept is a verifier',
    { accept: { issuer: 'https://a.test', verify() {} } },
    /got a verifier\. Wrap it: bearer\(verifier\) for tokens, apiKey\(verifier\) for keys, basic\(verifier\)/,
  ],
  ['accept is a function', { accept: () => undefined }, /got a function\. Wrap it: bearer\(verify\) for tokens/],
  ['accept is an issuer without an audience', { accept: { issuer: 'a', forAudience() {} } }, /\{ audience \}\)/],
  ['accept is a policy', { accept: anyone }, /got a policy: give what that one accepts, policy\.accept/],
  ['accept is null', { accept: null }, /got null/],
  ['accept is text', { accept: 'bearer' }, /got string/],
  ['accept is a list', { accept: [token] }, /got a list: anyOf\(a, b\), where any one will do/],
  ['allow is empty text', { accept: token, allow: '' }, /text is none/], // would otherwise allow everybody
  ['allow is null', { accept: token, allow: null }, /got null/],
  ['allow is false', { accept: token, allow: false }, /got boolean/],
  ['a mistyped option', { accept: token, scope: ['a'] }, /has no option "scope"/],
  ['a mode that is none', { accept: token, mode: 'maybe' }, /"mode" must be "required", "optional" or "attempt"/],
  ['maxAge as text', { accept: token, maxAge: '300' }, /"maxAge" must be a number of seconds/],
  ['maxAge negative', { accept: token, maxAge: -1 }, /"maxAge"/],
  ['maxAge NaN', { accept: token, maxAge: Number.NaN }, /"maxAge"/],
  [
    'scopes as text',
    { accept: token, scopes: 'posts:read' },
    /"scopes" must be a list of scopes, such as \["posts:read"\]/,
  ],
  ['two scopes in one', { accept: token, scopes: ['a b'] }, /"scope" must be one scope/],
  ['a clock that is a date', { accept: token, clock: new Date() }, /"clock" must be a function to epoch milliseconds/],
  ['a name that is none', { accept: token, name: 7 }, /"name" must be a string/],
  [
    'two of a kind',
    {
      accept: anyOf(
        bearer(() => undefined),
        token,
      ),
    },
    /two schemes named "bearer": give one a \{ name \}/,
  ],
  [
    'two that read one place',
    {
      accept: anyOf(
        token,
        bearer(() => undefined, { name: 'b' }),
      ),
    },
    /"bearer" and "b" both read authorization:bearer/,
  ],
  [
    'one header for two',
    { accept: allOf(token, user) },
    /allOf\(bearer, basic\) can never be met: a request has one Authorization header/,
  ],
])('policy with %s is refused at creation', (_what, options, message) => expect(() => loose(options)).toThrow(message))

describe('schemes and combinators are checked at creation', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'two verifiers of one issuer',
      () =>
        bearer(
          ['https://a.test', 'https://b.test', 'https://a.test'].map((issuer) => ({ issuer, verify: () => undefined })),
        ),
      /two verifiers for tokens of https:\/\/a\.test: the first one's no is final/,
    ],
    [
      'bearer of nothing',
      () => bearer(undefined as never),
      /bearer\(\) needs a token verifier such as localIssuer\(\), or a function of the credential; got undefined/,
    ],
    ['bearer of null', () => bearer(null as never), /got null/],
    ['bearer of an empty list', () => bearer([]), /at least one verifier/],
    ['bearer of a list with a hole', () => bearer([() => undefined, {} as never]), /got object/],
    ['bearer of a promise', () => bearer(Promise.resolve({}) as never), /^bearer\(\) got a promise: await it first$/],
    ['basic of a string', () => basic('secret' as never), /basic\(\) needs passwordLogin\(\).*got string/],
    ['apiKey of an object without verify', () => apiKey({} as never), /apiKey\(\) needs apiKeys\(\)/],
    [
      'a realm that no header can hold',
      () => basic(() => undefined, { realm: 'a\r\nb' }),
      /"realm" must be printable ASCII/,
    ],
    ['an empty realm', () => bearer(() => undefined, { realm: '' }), /"realm"/],
    [
      'a header that is none',
      () => apiKey(() => undefined, { header: ['X API'] }),
      /"header" must list header names such as "X-API-Key", got "X API"/,
    ],
    [
      'principal that is no function',
      () => bearer(() => undefined, { principal: {} as never }),
      /"principal" must be a function \(verified\) => user/,
    ],
    ['anyOf of nothing', () => anyOf(), /at least one scheme/],
    ['allOf of one', () => (allOf as (one: unknown) => unknown)(token), /at least two schemes/],
    ['allOf in allOf', () => allOf(user, allOf(key, token)), /holds no allOf\(\): list its parts/],
  ])('%s', (_what, make, message) => expect(make).toThrow(message))

  test('a message never shows what was given', () => {
    expect(() => basic('SECRET' as never)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('SECRET') }),
    )
  })
})

test('options are not mutated, and what is made is frozen', () => {
  const options = Object.freeze({ accept: token, scopes: Object.freeze(['a']) })
  const made = policy(options)
  for (const value of [made, token, key, user, anyOf(token, key), anyone]) expect(Object.isFrozen(value)).toBe(true)
})

const owns = { name: 'owns it', test: () => true }
test.each<[string, Omit<Parameters<typeof policy>[0], 'accept'> & { accept?: Requirement }]>([
  ['read', { name: 'read', scopes: ['a'] }],
  ['a b', { scopes: ['a', 'b'] }],
  ['a b (optional)', { scopes: ['a', 'b'], mode: 'optional' }],
  ['role admin', { allow: { role: 'admin' } }],
  ['a and role admin', { scopes: ['a'], allow: { role: 'admin' } }],
  ['role admin or owns it', { allow: { anyOf: [{ role: 'admin' }, owns] } }],
  ['a and (role admin or owns it)', { scopes: ['a'], allow: { anyOf: [{ role: 'admin' }, owns] } }],
  ['bearer', {}],
  ['bearer (attempt)', { mode: 'attempt' }],
  ['partner', { accept: bearer(() => undefined, { name: 'partner' }) }],
  ['bearer or apiKey or basic', { accept: anyOf(token, key, user) }],
  ['apiKey and bearer or basic', { accept: anyOf(allOf(key, token), user) }],
  ['apiKey and (bearer or basic)', { accept: allOf(key, anyOf(token, user)) }],
])('a policy without a name is called by what it asks for: %s', (name, options) => {
  expect(policy({ accept: token, ...options } as Parameters<typeof policy>[0]).name).toBe(name)
})

test('describe is plain JSON', () => {
  const described = policy({
    name: 'write posts',
    accept: anyOf(allOf(key, token), user),
    scopes: ['posts:write'],
    allow: { anyOf: [{ role: 'author' }, { name: 'is ours', test: () => true }] },
    mode: 'optional',
    maxAge: 60,
  }).describe()
  expect(JSON.parse(JSON.stringify(described))).toEqual(described)
  expect(described).toEqual({
    name: 'write posts',
    mode: 'optional',
    accept: {
      anyOf: [
        {
          allOf: [
            {
              scheme: 'apiKey',
              sources: ['header:x-api-key'],
              openapi: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
            },
            {
              scheme: 'bearer',
              sources: ['authorization:bearer'],
              openapi: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
            },
          ],
        },
        { scheme: 'basic', sources: ['authorization:basic'], openapi: { type: 'http', scheme: 'basic' } },
      ],
    },
    allow: { allOf: [{ scope: 'posts:write' }, { anyOf: [{ role: 'author' }, { test: 'is ours' }] }] },
    maxAge: 60,
    conditions: [],
  })
})

test('anyone is a policy that says so', async () => {
  const message = { headers: {}, rawHeaders: [], socket: {} }
  expect(anyone.check(message)).toBeUndefined()
  expect(anyone.describe()).toMatchObject({ name: 'anyone', mode: 'anyone' })
  expect(await anyone.explain(message)).toMatchObject({ passed: true, status: undefined })
  expect(isAuthError(anyone)).toBe(false)
})

test('findEndpoint: exact path and method, HEAD as GET', () => {
  const endpoint = {
    method: 'GET',
    path: '/jwks',
    handle: () => ({ status: 200, headers: {}, body: new Uint8Array() }),
  } as const
  expect(findEndpoint([endpoint], 'GET', '/jwks')).toBe(endpoint)
  expect(findEndpoint([endpoint], 'HEAD', '/jwks')).toBe(endpoint)
  for (const [method, path] of [
    ['POST', '/jwks'],
    ['GET', '/jwks/'],
    ['GET', '/JWKS'],
    [undefined, '/jwks'],
  ] as const)
    expect(findEndpoint([endpoint], method, path)).toBeUndefined()
})

test('anyOf and allOf say the same of a part', () => {
  const verifier = { verify: () => undefined } as never
  expect(() => anyOf(token, verifier)).toThrow(
    /^anyOf\(\) takes a scheme.*got a verifier\. Wrap it: bearer\(verifier\)/,
  )
  expect(() => allOf(token, verifier)).toThrow(/^allOf\(\) takes a scheme.*got a verifier/)
  expect(() => anyOf([token] as never)).toThrow('got a list')
})

test('a verifier that judges every token is the last of its list, or is refused', () => {
  const greedy = { verify: () => undefined, waivers: ['issuer', 'type'] } // as legacyTokens({ issuer: false }) says
  const other = { verify: () => undefined, waivers: ['type'], issuer: 'https://a.test' }
  for (const list of [
    [greedy, other],
    [greedy, greedy],
    [other, greedy, () => undefined],
  ])
    expect(() => bearer(list)).toThrow(/issuer: false that is not the last.*would never be asked\. Put it last/)
  expect(bearer([other, greedy]).name).toBe('bearer')
  expect(bearer([greedy]).name).toBe('bearer')
  expect(bearer([() => undefined, other]).name).toBe('bearer')
})
