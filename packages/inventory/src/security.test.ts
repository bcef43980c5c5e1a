import { allOf, anyOf, anyone, apiKey, basic, bearer, policy, type Rule } from '@countersign/policy'
import { describe, expect, test } from 'vitest'
import { securityOf } from './index.ts'

const verify = () => ({ subject: 'x' })
const token = bearer(verify)
const key = apiKey(verify)
const password = basic(verify)
const security = (options: object) => securityOf(policy(options as never).describe()).security

describe('how a caller may prove who they are', () => {
  test.each([
    ['one scheme', { accept: token }, [{ bearer: [] }]],
    ['any of several', { accept: anyOf(token, key) }, [{ bearer: [] }, { apiKey: [] }]],
    ['all of several', { accept: allOf(token, key) }, [{ bearer: [], apiKey: [] }]],
    [
      'all of any',
      { accept: allOf(anyOf(token, password), key) },
      [
        { bearer: [], apiKey: [] },
        { basic: [], apiKey: [] },
      ],
    ],
    ['optional', { accept: token, mode: 'optional' }, [{}, { bearer: [] }]],
    ['attempt', { accept: token, mode: 'attempt' }, [{}, { bearer: [] }]],
  ])('%s', (_what, options, expected) => {
    expect(security(options)).toEqual(expected)
  })

  test('anyone: an empty list', () => {
    expect(securityOf(anyone.describe()).security).toEqual([])
  })
})

describe('scopes are those that no caller can do without', () => {
  const a = { scope: 'a' }
  const b = { scope: 'b' }
  const rules: readonly [string, Rule, readonly (readonly string[])[]][] = [
    ['one', a, [['a']]],
    ['all', { allOf: [b, a] }, [['a', 'b']]],
    ['any', { anyOf: [a, b] }, [['a'], ['b']]],
    ['any of which one holds another whole', { anyOf: [a, { allOf: [a, b] }] }, [['a']]],
    ['a scope or a role', { anyOf: [a, { role: 'admin' }] }, [[]]],
    ['a scope and a test', { allOf: [a, { name: 'own', test: () => true }] }, [['a']]],
    ['the same twice', { anyOf: [a, a] }, [['a']]],
    [
      'more alternatives than anybody reads',
      { allOf: [a, { anyOf: Array.from({ length: 20 }, (_, at) => ({ scope: `s${at}` })) }] },
      [['a']],
    ],
  ]
  test.each(rules)('%s', (_what, allow, expected) => {
    expect(security({ accept: token, allow })).toEqual(expected.map((bearer) => ({ bearer })))
  })

  test('of every scheme that must be there', () => {
    expect(security({ accept: allOf(token, key), scopes: ['a'] })).toEqual([{ bearer: ['a'], apiKey: ['a'] }])
  })
})

describe('several policies must all pass', () => {
  const of = (...all: object[]) => securityOf(all.map((one) => policy(one as never).describe())).security
  test.each([
    [
      'scopes add up',
      [
        { accept: token, scopes: ['a'] },
        { accept: token, scopes: ['b'] },
      ],
      [{ bearer: ['a', 'b'] }],
    ],
    ['two schemes', [{ accept: token }, { accept: key }], [{ bearer: [], apiKey: [] }]],
    [
      'what is more than another way asks is left out',
      [{ accept: anyOf(token, key) }, { accept: token }],
      [{ bearer: [] }],
    ],
    ['optional and required is required', [{ accept: token, mode: 'optional' }, { accept: token }], [{ bearer: [] }]],
    [
      'twice optional stays so',
      [
        { accept: token, mode: 'optional' },
        { accept: token, mode: 'attempt' },
      ],
      [{}, { bearer: [] }],
    ],
  ])('%s', (_what, policies, expected) => {
    expect(of(...policies)).toEqual(expected)
  })

  test('anyone beside another asks nothing more', () => {
    const guarded = policy({ accept: token }).describe()
    expect(securityOf([anyone.describe(), guarded]).security).toEqual([{ bearer: [] }])
  })
})

describe('the schemes of a document', () => {
  test('are those of the policies, with every place that is read', () => {
    const all = anyOf(token, apiKey(verify, { header: ['X-API-Key', 'apikey'] }))
    expect(securityOf(policy({ accept: all }).describe()).securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      apiKey: {
        type: 'apiKey',
        in: 'header',
        name: 'X-API-Key',
        description: 'Read from header:x-api-key or header:apikey.',
      },
    })
  })

  test('two of one name that are not the same have names of their own; a name that no component may have is changed', () => {
    const two = [apiKey(verify), apiKey(verify, { header: ['X-Other'] }), bearer(verify, { name: 'user token' })]
    const { security, securitySchemes } = securityOf(
      two.map((accept) => policy({ accept: accept as never }).describe()),
    )
    expect(security).toEqual([{ apiKey: [], apiKey_2: [], user_token: [] }])
    expect(securitySchemes.apiKey_2).toMatchObject({ name: 'X-Other' })
  })
})
