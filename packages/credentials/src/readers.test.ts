import { isAuthError, type Message } from '@countersign/http'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readApiKey, readAuthorization, readBasic, readBearer, readCookie } from './index.ts'

/** A message with these header lines, as node would have them: nothing joined. */
function message(...lines: readonly (readonly [name: string, value: string])[]): Message {
  return { headers: {}, rawHeaders: lines.flat(), method: 'GET', url: '/', socket: {} }
}
const authorization = (...values: string[]) => message(...values.map((value) => ['Authorization', value] as const))
const at = (url: string, ...lines: readonly (readonly [string, string])[]) => ({ ...message(...lines), url })
const base64 = (text: string | Uint8Array) => Buffer.from(text as string).toString('base64')

/** `absent`, the private reason of an error, or the credential. */
const told = (result: unknown) => (result === undefined ? 'absent' : isAuthError(result) ? result.reason : result)

describe('Authorization (RFC 9110 section 11.6.2)', () => {
  test.each([
    [['Bearer abc'], 'abc'],
    [['BEARER abc'], 'abc'],
    [['Bearer   abc'], 'abc'],
    [['Bearer abc def'], 'abc def'],
    [['Bearer'], 'authorization.empty'],
    [['Bearer '], 'authorization.empty'],
    [['BearerX abc'], 'absent'],
    [['Bearer2 abc'], 'absent'],
    [['Bear abc'], 'absent'],
    [['Basic abc'], 'absent'],
    [[''], 'absent'],
    [[], 'absent'],
    [['Bearer a', 'Bearer a'], 'authorization.repeated'],
    [['Basic a', 'Bearer b'], 'authorization.repeated'],
    [['Bearer b', 'Basic a'], 'authorization.repeated'],
    [['Basic a', 'Digest b'], 'absent'],
    [[`Bearer ${'a'.repeat(8192)}`], 'a'.repeat(8192)],
    [[`Bearer ${'a'.repeat(8193)}`], 'credential.length'],
    [['Bearer, Basic abc'], ', Basic abc'],
  ])('%j', (lines, expected) => expect(told(readAuthorization(authorization(...lines), 'bearer'))).toBe(expected))

  test('every refusal is invalid_request, frozen, and echoes nothing', () => {
    for (const lines of [['Bearer'], ['Bearer SECRET', 'Bearer SECRET'], [`Bearer ${'SECRET'.repeat(2000)}`]]) {
      const error = readAuthorization(authorization(...lines), 'bearer')
      expect(error).toMatchObject({ code: 'invalid_request' })
      expect(Object.isFrozen(error)).toBe(true)
      expect(JSON.stringify(error)).not.toContain('SECRET')
    }
  })
})

describe('Basic (RFC 7617)', () => {
  test('section 2: Aladdin and his open sesame', () => {
    const read = readBasic(authorization('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='))
    expect(read).toEqual({ kind: 'basic', username: 'Aladdin', password: 'open sesame', from: 'header' })
  })
  test('section 2.1: test and 123£ in UTF-8', () => {
    expect(readBasic(authorization('Basic dGVzdDoxMjPCow=='))).toMatchObject({ username: 'test', password: '123£' })
  })
  test.each([
    ['Latin-1 £', base64(Buffer.from('test:123\xa3', 'latin1')), 'basic.utf8'],
    ['no colon', base64('test'), 'basic.colon'],
    ['nothing', base64(''), 'authorization.empty'],
    ['no padding', 'dGVzdDoxMjPCow', 'basic.base64'],
    ['too much padding', 'dGVzdDoxMjPCow====', 'basic.base64'],
    ['base64url', base64('a:\u{ffff}?>').replaceAll('+', '-').replaceAll('/', '_'), 'basic.base64'],
    ['bits behind the end', 'YTpiYx==', 'basic.base64'],
    ['a space inside', 'dGVz dDox', 'basic.base64'],
    ['a newline in the password', base64('a:b\nc'), 'basic.control'],
    ['NUL in the name', base64('a\0:b'), 'basic.control'],
    ['DEL', base64('a:\x7f'), 'basic.control'],
    ['C1 control', base64('a:\x85'), 'basic.control'],
    ['over 8 KiB', base64(`a:${'b'.repeat(6200)}`), 'credential.length'],
  ])('%s is refused', (_what, value, reason) => expect(told(readBasic(authorization(`Basic ${value}`)))).toBe(reason))

  test.each([
    ['a:b:c', 'a', 'b:c'],
    [':b', '', 'b'],
    ['a:', 'a', ''],
    [':', '', ''],
    ['\ufeffa:b', '\ufeffa', 'b'],
    ['a\u0301:p\u{1f511}', 'a\u0301', 'p\u{1f511}'],
  ])('%j is user name and password, unchanged', (text, username, password) => {
    expect(readBasic(authorization(`Basic ${base64(text)}`))).toMatchObject({ username, password })
  })

  test('round trip: any user name without a colon, any password, neither with control characters', () => {
    const printable = fc
      .string({ unit: 'binary', maxLength: 200 })
      .filter((text) => !/[\0-\x1f\x7f-\x9f]|\p{Cs}/u.test(text))
    fc.assert(
      fc.property(
        printable.filter((text) => !text.includes(':')),
        printable,
        (username, password) => {
          const read = readBasic(authorization(`basic ${base64(`${username}:${password}`)}`))
          expect(read).toEqual({ kind: 'basic', username, password, from: 'header' })
        },
      ),
    )
  })

  test('one spelling for each credential: no other base64 text is read as the same', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='
    const good = base64('ada:secret-1')
    for (let i = 0; i < good.length; i++)
      for (const letter of alphabet) {
        if (letter === good[i]) continue
        const read = readBasic(authorization(`Basic ${good.slice(0, i)}${letter}${good.slice(i + 1)}`))
        if (read && !isAuthError(read)) expect(`${read.username}:${read.password}`).not.toBe('ada:secret-1')
      }
  })
})

describe('Bearer (RFC 6750)', () => {
  test('section 2.1: the token of the example', () => {
    expect(readBearer(authorization('Bearer mF_9.B5f-4.1JqM'))).toEqual({
      kind: 'bearer',
      token: 'mF_9.B5f-4.1JqM',
      from: 'header',
    })
  })
  test('section 2.3: the token in the query of the example, where that is named', () => {
    const request = at('/resource?access_token=mF_9.B5f-4.1JqM')
    expect(readBearer(request)).toBeUndefined()
    expect(readBearer(request, { query: 'access_token' })).toMatchObject({ token: 'mF_9.B5f-4.1JqM', from: 'query' })
  })
  test.each(['a b', 'a,b', 'a\tb', 'ä', '\ufeffa', 'a"', 'a\0', '\ta', 'a%20b'])('%j breaks the grammar', (token) => {
    expect(told(readBearer(authorization(`Bearer ${token}`)))).toBe('bearer.grammar')
  })
  test.each(['=', 'a=', '=a=b', 'a.b.c==', '-._~+/'])('%j is a token: what it is worth the verifier says', (token) => {
    expect(readBearer(authorization(`Bearer ${token}`))).toMatchObject({ token })
  })
  test('an explicit token wins over the cookie, the header over the query', () => {
    const where = { cookie: 'sid', query: 'token' }
    const cookie = ['Cookie', 'sid=c'] as const
    expect(readBearer(at('/?token=q', ['Authorization', 'Bearer h'], cookie), where)).toMatchObject({
      token: 'h',
      from: 'header',
    })
    expect(readBearer(at('/?token=q', cookie), where)).toMatchObject({ token: 'q', from: 'query' })
    expect(readBearer(at('/?token=', cookie), where)).toMatchObject({ token: 'c', from: 'cookie' })
    expect(readBearer(at('/', ['Authorization', 'Basic x'], cookie), where)).toMatchObject({ from: 'cookie' })
  })
  test('a malformed header is refused, and no other place is tried', () => {
    const request = at('/?token=q', ['Authorization', 'Bearer a b'], ['Cookie', 'sid=c'])
    expect(told(readBearer(request, { cookie: 'sid', query: 'token' }))).toBe('bearer.grammar')
  })
  test('a repeated query parameter or cookie is refused', () => {
    expect(told(readBearer(at('/?token=a&token=b'), { query: 'token' }))).toBe('query.repeated')
    expect(told(readBearer(at('/?token=a&%74oken=b'), { query: 'token' }))).toBe('query.repeated')
    expect(told(readBearer(message(['Cookie', 'sid=a; sid=b']), { cookie: 'sid' }))).toBe('cookie.repeated')
  })
  test('8 KiB is the limit wherever the token stands', () => {
    const long = 'a'.repeat(8193)
    expect(told(readBearer(at(`/?token=${long}`), { query: 'token' }))).toBe('credential.length')
    expect(told(readBearer(message(['Cookie', `sid=${long}`]), { cookie: 'sid' }))).toBe('cookie.grammar')
  })
  test('round trip: any b64token, from each place', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9\-._~+/]{1,300}={0,2}$/)
    fc.assert(
      fc.property(token, (text) => {
        expect(readBearer(authorization(`bEaReR ${text}`))).toMatchObject({ token: text, from: 'header' })
        expect(readBearer(message(['cookie', `a=b; s=${text}`]), { cookie: 's' })).toMatchObject({ token: text })
        expect(readBearer(at(`/?t=${encodeURIComponent(text)}`), { query: 't' })).toMatchObject({ token: text })
      }),
    )
  })
})

describe('cookie (RFC 6265 section 4.2)', () => {
  test.each([
    [['sid=a'], 'a'],
    [['x=1; sid=a; y=2'], 'a'],
    [['x=1;sid=a'], 'a'],
    [['sid="a"'], 'a'],
    [['sid=a=b'], 'a=b'],
    [['sid=%61'], '%61'],
    [['sid = a '], 'a'],
    [['x=1', 'sid=a'], 'a'],
    [['sid='], 'absent'],
    [['sid=""'], 'absent'],
    [['sid'], 'absent'],
    [['SID=a'], 'absent'],
    [['xsid=a; sidx=b'], 'absent'],
    [['x="sid=a"'], 'absent'],
    [['sid="'], '"'],
    [['sid=a; sid=a'], 'cookie.repeated'],
    [['sid=a', 'sid=b'], 'cookie.repeated'],
    [['sid=; sid=b'], 'cookie.repeated'],
    [[], 'absent'],
  ])('%j: %s', (lines, expected) => {
    const cookies = lines.map((line) => ['Cookie', line] as const)
    expect(told(readCookie(message(...cookies), 'sid'))).toBe(expected)
  })
})

describe('API key', () => {
  const key = (...lines: readonly (readonly [string, string])[]) => told(readApiKey(message(...lines)))
  test.each([
    [[['X-API-Key', 'k1']], { kind: 'apiKey', key: 'k1', from: 'header' }],
    [[['x-api-KEY', 'k1!"{}']], { kind: 'apiKey', key: 'k1!"{}', from: 'header' }],
    [[['X-API-Key', '']], 'api-key.grammar'],
    [[['X-API-Key', 'a b']], 'api-key.grammar'],
    [[['X-API-Key', 'a\tb']], 'api-key.grammar'],
    [[['X-API-Key', 'ä']], 'api-key.grammar'],
    [
      [
        ['X-API-Key', 'a'],
        ['X-API-Key', 'a'],
      ],
      'api-key.repeated',
    ],
    [[['X-API-Key', 'x'.repeat(8193)]], 'credential.length'],
    [[['Authorization', 'ApiKey k1']], 'absent'],
  ] as const)('%j', (lines, expected) => expect(key(...lines)).toEqual(expected))

  test('of several headers one may carry it', () => {
    const where = { header: ['Api-Key', 'X-Key'] }
    expect(readApiKey(message(['x-key', 'k']), where)).toMatchObject({ key: 'k' })
    expect(told(readApiKey(message(['api-key', 'k'], ['x-key', 'k']), where))).toBe('api-key.repeated')
    expect(readApiKey(message(['x-api-key', 'k']), where)).toBeUndefined()
  })
  test('the query carries it only where one is named, and the header decides', () => {
    expect(readApiKey(at('/?key=k'))).toBeUndefined()
    expect(readApiKey(at('/?key=q'), { query: 'key' })).toMatchObject({ key: 'q', from: 'query' })
    expect(readApiKey(at('/?key=q', ['X-API-Key', 'h']), { query: 'key' })).toMatchObject({ key: 'h', from: 'header' })
    expect(told(readApiKey(at('/?key=a&key=b'), { query: 'key' }))).toBe('query.repeated')
    expect(told(readApiKey(at('/?key=a%20b'), { query: 'key' }))).toBe('api-key.grammar')
  })
})

test('whatever comes, no reader throws, none takes long, and what it refuses is invalid_request without an echo', () => {
  const name = fc.constantFrom('Authorization', 'authorization', 'Cookie', 'X-API-Key', 'X-Other')
  const start = fc.constantFrom('', 'Bearer ', 'Basic ', 'sid=', 'basic\t', 'Bearer')
  const value = fc.tuple(start, fc.string({ unit: 'binary', maxLength: 300 })).map((parts) => parts.join(''))
  const url = fc.string({ unit: 'binary', maxLength: 100 }).map((text) => `/?token=${text}`)
  const where = { cookie: 'sid', query: 'token' }
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), url, (lines, target) => {
      const request = at(target, ...lines)
      for (const read of [readBasic(request), readBearer(request, where), readApiKey(request, where)]) {
        if (isAuthError(read)) expect(read.code).toBe('invalid_request')
        else if (read) expect(['header', 'cookie', 'query']).toContain(read.from)
      }
    }),
    { numRuns: 2000, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true },
  )
  const started = performance.now()
  for (const filler of [' ', '=', '"', ';', 'sid=;', 'a ', '\t', '%']) {
    const line = filler.repeat(60_000 / filler.length)
    const request = at(`/?${line}`, ['Authorization', `Bearer ${line}`], ['Cookie', line], ['X-API-Key', line])
    readBasic(request)
    readBearer(request, where)
    readApiKey(request, where)
  }
  expect(performance.now() - started).toBeLessThan(1000)
})
