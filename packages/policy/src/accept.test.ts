import { authError, Unavailable } from '@countersign/http'
import { describe, expect, test } from 'vitest'
import {
  basicLine,
  bearerLine,
  challengesOf,
  cookieLine,
  keyLine,
  request,
  tokens,
  verdictOf,
} from '../test/request.ts'
import { allOf, anyOf, apiKey, basic, bearer, type Decision, decisionOf, policy, type Requirement } from './index.ts'

const ada = { subject: 'ada', scopes: ['a', 'b'] }
const token = bearer(tokens({ good: ada }))
const key = apiKey(({ key }) => (key === 'good' ? { subject: 'partner', scopes: ['b', 'c'] } : undefined))
const user = basic(async ({ username, password }) => (password === 'good' ? { subject: username } : undefined))
const ABSENT = '401 unauthenticated credential.absent'
const INCOMPLETE = '401 unauthenticated credential.incomplete'
const TWO = '400 invalid_request credential.repeated'

describe('one scheme', () => {
  const only = policy({ accept: token })
  test.each([
    ['nothing', [], ABSENT],
    ['a right token', [bearerLine('good')], 'pass'],
    ['a wrong one', [bearerLine('wrong')], '401 invalid_token credential.wrong'],
    ['a malformed one', [bearerLine('a b')], '400 invalid_request bearer.grammar'],
    ['a scheme that is not accepted', [basicLine('ada', 'good')], ABSENT],
    ['a key, which is not accepted, beside a right token', [bearerLine('good'), keyLine('wrong')], 'pass'],
    [
      'two Authorization headers',
      [bearerLine('good'), bearerLine('good')],
      '400 invalid_request authorization.repeated',
    ],
  ] as const)('%s: %s', async (_what, lines, expected) =>
    expect(await verdictOf(only, request(...lines))).toBe(expected),
  )
})

describe('anyOf: the first whose credential is present decides', () => {
  const any = policy({ accept: anyOf(token, key, user) })
  test.each([
    ['nothing', [], ABSENT],
    ['each alone: a token', [bearerLine('good')], 'pass'],
    ['each alone: a key', [keyLine('good')], 'pass'],
    ['each alone: a password', [basicLine('ada', 'good')], 'pass'],
    ['a wrong token beside a right key does not fall through', [bearerLine('wrong'), keyLine('good')], TWO],
    ['two right ones are doubled all the same', [bearerLine('good'), keyLine('good')], TWO],
    ['in the other order too', [keyLine('good'), basicLine('ada', 'good')], TWO],
    [
      'a malformed one beside a right one',
      [keyLine('a b'), basicLine('ada', 'good')],
      '400 invalid_request api-key.grammar',
    ],
    [
      'Bearer and Basic in two headers',
      [bearerLine('good'), basicLine('ada', 'good')],
      '400 invalid_request authorization.repeated',
    ],
    ['a wrong password', [basicLine('ada', 'bad')], '401 invalid_credentials basic.wrong'],
  ] as const)('%s', async (_what, lines, expected) => expect(await verdictOf(any, request(...lines))).toBe(expected))

  test('decision names the scheme', async () => {
    const message = request(keyLine('good'))
    await any.check(message)
    expect(any.decision(message)).toEqual({ scheme: 'apiKey', principal: { subject: 'partner', scopes: ['b', 'c'] } })
  })

  test('challenges: all of them in the order of accept; the error with the one that was tried', async () => {
    const [bearerPlain, keyPlain, basicPlain] = [
      'Bearer realm="api"',
      'ApiKey realm="api", header="X-API-Key"',
      'Basic realm="api", charset="UTF-8"',
    ]
    expect(await challengesOf(any, request())).toEqual([bearerPlain, keyPlain, basicPlain])
    expect(await challengesOf(any, request(keyLine('wrong')))).toEqual([
      bearerPlain,
      `${keyPlain}, error="invalid_token"`,
      basicPlain,
    ])
    expect(await challengesOf(any, request(basicLine('a', 'b')))).toEqual([bearerPlain, keyPlain, basicPlain])
    expect(await challengesOf(any, request(bearerLine('a b')))).toEqual(['Bearer realm="api", error="invalid_request"'])
  })
})

describe('a cookie is ambient, everything else is explicit', () => {
  const session = bearer(tokens({ good: ada }), { name: 'session', cookie: 'session' })
  const any = policy({ accept: anyOf(session, key) })
  test.each([
    ['a cookie alone', [cookieLine('good')], 'pass', 'session'],
    ['an explicit key wins over a right cookie', [cookieLine('good'), keyLine('good')], 'pass', 'apiKey'],
    [
      'an explicit wrong key is refused, whatever the cookie',
      [cookieLine('good'), keyLine('bad')],
      '401 invalid_token credential.wrong',
      undefined,
    ],
    ['a header wins over the cookie of the same scheme', [cookieLine('bad'), bearerLine('good')], 'pass', 'session'],
    [
      'a malformed key is refused, whatever the cookie',
      [cookieLine('good'), keyLine('a b')],
      '400 invalid_request api-key.grammar',
      undefined,
    ],
  ] as const)('%s', async (_what, lines, expected, scheme) => {
    const message = request(...lines)
    expect(await verdictOf(any, message)).toBe(expected)
    expect(decisionOf(message)?.scheme).toBe(scheme)
  })
  test('the order of accept does not change that', async () => {
    const message = request(cookieLine('good'), keyLine('good'))
    await policy({ accept: anyOf(key, session) }).check(message)
    expect(decisionOf(message)?.scheme).toBe('apiKey')
  })
  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get', undefined])(
    'a cookie is refused on %s: nothing guards it against CSRF',
    async (method) => {
      expect(await verdictOf(any, { ...request(cookieLine('good')), method })).toBe('403 access_denied csrf.cookie')
      expect(await verdictOf(any, { ...request(bearerLine('good')), method })).toBe('pass')
    },
  )
})

describe('allOf: all must be present and right', () => {
  const both = policy({ accept: allOf(key, token) })
  const right = () => request(keyLine('good'), bearerLine('good'))
  test.each([
    ['nothing', [], ABSENT],
    ['the first alone', [keyLine('good')], INCOMPLETE],
    ['the second alone', [bearerLine('good')], INCOMPLETE],
    ['both right', [bearerLine('good'), keyLine('good')], 'pass'],
    ['first wrong', [keyLine('bad'), bearerLine('good')], '401 invalid_token credential.wrong'],
    ['second wrong', [keyLine('good'), bearerLine('bad')], '401 invalid_token credential.wrong'],
    ['one malformed, the other missing', [bearerLine('a b')], '400 invalid_request bearer.grammar'],
  ] as const)('%s', async (_what, lines, expected) => expect(await verdictOf(both, request(...lines))).toBe(expected))

  test('the first is the caller, the rest stand in also, in order; all frozen', async () => {
    const message = right()
    await both.check(message)
    const decision = both.decision(message)
    expect(decision).toEqual({
      scheme: 'apiKey',
      principal: { subject: 'partner', scopes: ['b', 'c'] },
      also: [{ scheme: 'bearer', principal: ada }],
    })
    for (const value of [decision, decision.also, decision.principal]) expect(Object.isFrozen(value)).toBe(true)
    expect(both.principal(message).subject).toBe('partner')
  })

  test('scopes in force are those that every part which speaks of scopes has', async () => {
    const needs = (scope: string) => verdictOf(policy({ accept: allOf(key, token), scopes: [scope] }), right())
    expect([await needs('a'), await needs('b'), await needs('c')]).toEqual([
      '403 insufficient_scope scope.missing',
      'pass',
      '403 insufficient_scope scope.missing',
    ])
    const silent = basic(() => ({ subject: 'u' }))
    for (const accept of [allOf(key, silent), allOf(silent, key)] as Requirement<Decision>[]) {
      const verdict = verdictOf(policy({ accept, scopes: ['c'] }), request(keyLine('good'), basicLine('a', 'b')))
      expect(await verdict).toBe('pass')
    }
  })

  test('one of two is not nobody: optional refuses it, and no challenge carries an error', async () => {
    const optional = policy({ accept: allOf(key, token), mode: 'optional' })
    expect(await verdictOf(optional, request())).toBe('pass')
    expect(await verdictOf(optional, request(keyLine('good')))).toBe(INCOMPLETE)
    const verdict = await optional.check(request(keyLine('good')))
    expect(verdict?.headers['www-authenticate']).toHaveLength(2)
    expect(`${verdict?.headers['www-authenticate']}`).not.toContain('error')
  })

  test('three parts, and parts inside anyOf', async () => {
    const third = apiKey(() => ({ subject: 'third', scopes: ['b'] }), { name: 'third', header: ['X-Third'] })
    const three = policy({ accept: anyOf(allOf(key, token, third), user), scopes: ['b'] })
    const message = request(keyLine('good'), bearerLine('good'), ['X-Third', 'x'])
    expect(await verdictOf(three, message)).toBe('pass')
    expect(three.decision(message)).toMatchObject({ also: [{ scheme: 'bearer' }, { scheme: 'third' }] })
    expect(await verdictOf(three, request(keyLine('good')))).toBe(INCOMPLETE)
    expect(await verdictOf(three, request(keyLine('good'), basicLine('a', 'good')))).toBe(TWO)
  })

  test('nothing is verified before everything is present', async () => {
    let asked = 0
    const counted = apiKey(() => {
      asked++
      return { subject: 'x' }
    })
    await verdictOf(policy({ accept: allOf(counted, token) }), request(keyLine('k')))
    await verdictOf(policy({ accept: allOf(counted, token) }), request(keyLine('k'), bearerLine('a b')))
    expect(asked).toBe(0)
  })
})

describe('modes', () => {
  const scopes = ['a']
  const required = policy({ accept: token, scopes })
  const optional = policy({ accept: token, scopes, mode: 'optional' })
  const attempt = policy({ accept: token, scopes, mode: 'attempt' })
  const down = bearer(() => {
    throw new Unavailable('the key source')
  })
  const WRONG = '401 invalid_token credential.wrong'
  const SCOPE = '403 insufficient_scope scope.missing'
  const weak = policy({ accept: bearer(() => ({ subject: 'x' })), scopes, mode: 'attempt' })

  test.each([
    ['absent', [], ABSENT, 'pass', 'pass'],
    ['invalid', [bearerLine('bad')], WRONG, WRONG, 'pass'],
    [
      'malformed',
      [bearerLine('a b')],
      '400 invalid_request bearer.grammar',
      '400 invalid_request bearer.grammar',
      'pass',
    ],
    ['right', [bearerLine('good')], 'pass', 'pass', 'pass'],
  ] as const)('%s', async (_what, lines, ...expected) => {
    const verdicts = [required, optional, attempt].map((each) => verdictOf(each, request(...lines)))
    expect(await Promise.all(verdicts)).toEqual(expected)
  })

  test('attempt reports an invalid credential, and never passes it off as anonymous', async () => {
    const message = request(bearerLine('bad'))
    await attempt.check(message)
    expect(attempt.decision(message)).toMatchObject({ kind: 'invalid', error: { code: 'invalid_token' } })
    expect(attempt.principal(message)).toBeUndefined()
    expect(decisionOf(message)).toBeUndefined()
    expect(await attempt.authorize(message, { scope: 'a' })).toMatchObject({ status: 401 })
  })

  test('a right credential that does not allow it is refused in every mode', async () => {
    expect(await verdictOf(weak, request(bearerLine('x')))).toBe(SCOPE)
  })

  test('unavailable is 503 with Retry-After and no challenge in every mode, sync or not', async () => {
    const later = bearer(async () => {
      throw new Unavailable('the key source', { retryAfter: 9 })
    })
    for (const accept of [down, later])
      for (const mode of ['required', 'optional', 'attempt'] as const) {
        const verdict = await policy({ accept, mode }).check(request(bearerLine('x')))
        expect(verdict).toMatchObject({ status: 503, headers: { 'retry-after': accept === later ? '9' : '1' } })
        expect(verdict?.headers).not.toHaveProperty('www-authenticate')
      }
  })
})

describe('a list of verifiers', () => {
  const own = tokens({ own: { subject: 'own' } })
  const final = {
    verify: (text: string) => (text === 'expired' ? authError('invalid_token', 'token.expired') : undefined),
  }
  let asked = 0
  const last = (): undefined => {
    asked++
  }
  const listed = policy({ accept: bearer([own, final, last]) })
  test('undefined asks the next, an error is final', async () => {
    expect(await verdictOf(listed, request(bearerLine('own')))).toBe('pass')
    expect(asked).toBe(0)
    expect(await verdictOf(listed, request(bearerLine('expired')))).toBe('401 invalid_token token.expired')
    expect(asked).toBe(0)
    expect(await verdictOf(listed, request(bearerLine('other')))).toBe('401 invalid_token credential.wrong')
    expect(asked).toBe(1)
  })
  test('promises in the list are awaited one after the other', async () => {
    const slow = bearer([async () => undefined, async () => ({ subject: 'second' })])
    const message = request(bearerLine('x'))
    expect(await verdictOf(policy({ accept: slow }), message)).toBe('pass')
    expect(decisionOf(message)?.principal.subject).toBe('second')
  })
})

describe('maxAge (RFC 9470)', () => {
  const NOW = 1_800_000_000_000
  const at = (authTime: number | undefined) =>
    policy({
      accept: bearer(() => ({ subject: 'x', ...(authTime !== undefined && { authTime }) })),
      maxAge: 300,
      clock: () => NOW,
    })
  test.each([
    [NOW / 1000 - 300, 'pass'],
    [NOW / 1000 - 301, '401 insufficient_user_authentication authentication.age'],
    [undefined, '401 insufficient_user_authentication authentication.age'],
    [Number.NaN, '401 insufficient_user_authentication authentication.age'],
  ])('authenticated at %s: %s', async (authTime, expected) => {
    expect(await verdictOf(at(authTime), request(bearerLine('x')))).toBe(expected)
  })
  test('section 3: the challenge says max_age', async () => {
    expect(await challengesOf(at(undefined), request(bearerLine('x')))).toEqual([
      'Bearer realm="api", error="insufficient_user_authentication", max_age="300"',
    ])
  })
})
