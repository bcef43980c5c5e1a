import diagnostics from 'node:diagnostics_channel'
import { authError, problem, type RequestView, Unavailable } from '@countersign/http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bearerLine, request, tokens } from '../test/request.ts'
import { type Asking, anyone, bearer, type Condition, policy, publicRoute } from './index.ts'

const LIMITED = authError('too_many_requests', 'test.limit', { headers: { 'retry-after': '7' } })
const verify = vi.fn(tokens({ good: { subject: 'ada', scopes: ['a'] } }).verify)
const accept = bearer({ verify })
const seen: string[] = []
const heard: unknown[] = []
const hear = (event: unknown) => void heard.push(event)
diagnostics.subscribe('countersign:limited', hear)
afterEach(() => {
  seen.length = 0
  heard.length = 0
  verify.mockClear()
})
const told = (name: string, header?: string): Condition => ({
  name,
  refuses: ['too_many_requests'],
  before: () => {
    seen.push(`before ${name}`)
    return header === undefined ? undefined : { headers: { limits: header } }
  },
  after: (_request, caller) => {
    seen.push(`after ${name} ${caller?.subject}`)
    return undefined
  },
})
const refusing = (phase: 'before' | 'after'): Condition => ({
  name: 'full',
  refuses: ['too_many_requests'],
  [phase]: () => LIMITED,
})

describe('conditions of a policy', () => {
  test('are asked before a credential is verified, and once the caller is known, each in turn', () => {
    const one = policy({ accept, conditions: [told('one'), told('two')] })
    expect(one.check(request(bearerLine('good')))).toBeUndefined()
    expect(seen).toEqual(['before one', 'before two', 'after one ada', 'after two ada'])
  })

  test('that refuse before stop it: nothing is verified, no challenge is sent', () => {
    const verdict = policy({ accept, conditions: [refusing('before'), told('later')] }).check(
      request(bearerLine('good')),
    )
    expect(verdict).toMatchObject({ status: 429, error: LIMITED, headers: { 'retry-after': '7' } })
    expect((verdict as { headers: object }).headers).not.toHaveProperty('www-authenticate')
    expect(verify).not.toHaveBeenCalled()
    expect(seen).toEqual([])
    expect(heard).toMatchObject([{ type: 'limited', code: 'too_many_requests', reason: 'test.limit' }])
  })

  test('that refuse after do so before the rule is judged, and say who it was', () => {
    const test = vi.fn(() => true)
    const one = policy({ accept, allow: { name: 'asked', test }, conditions: [refusing('after')] })
    expect(one.check(request(bearerLine('good')))).toMatchObject({ status: 429 })
    expect(test).not.toHaveBeenCalled()
    expect(heard).toMatchObject([{ subject: 'ada', scheme: 'bearer' }])
  })

  test('that refuse after keep the headers of those before', () => {
    const one = policy({ accept, conditions: [told('one', 'r=1'), refusing('after')] })
    expect(one.check(request(bearerLine('good')))).toMatchObject({
      status: 429,
      headers: { limits: 'r=1', 'retry-after': '7' },
    })
  })

  test('a wrong credential is refused without asking what comes after', () => {
    const one = policy({ accept, conditions: [told('one', 'r=1')] })
    expect(one.check(request(bearerLine('bad')))).toMatchObject({ status: 401, headers: { limits: 'r=1' } })
    expect(seen).toEqual(['before one'])
  })

  test('headers of several stand on the answer, a line each; of a pass and of a refusal', () => {
    const conditions = [told('one', 'r=1'), told('two', 'r=2')]
    expect(policy({ accept, conditions }).check(request(bearerLine('good')))).toEqual({
      headers: { limits: ['r=1', 'r=2'] },
    })
    expect(policy({ accept, scopes: ['b'], conditions }).check(request(bearerLine('good')))).toMatchObject({
      status: 403,
      headers: { limits: ['r=1', 'r=2'], 'content-type': 'application/problem+json' },
    })
  })

  test('wait for one another where one has to wait; who is down is 503', async () => {
    const slow: Condition = { name: 'slow', refuses: [], before: async () => undefined, after: async () => undefined }
    const down: Condition = {
      name: 'down',
      refuses: [],
      after: async () => {
        throw new Unavailable('the limit store')
      },
    }
    expect(await policy({ accept, conditions: [slow, told('one')] }).check(request(bearerLine('good')))).toBeUndefined()
    expect(seen).toEqual(['before one', 'after one ada'])
    const verdict = await policy({ accept, conditions: [slow, down] }).check(request(bearerLine('good')))
    expect(verdict).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    const broken: Condition = { ...slow, before: () => Promise.reject(new Error('a bug')) }
    await expect(policy({ accept, conditions: [broken] }).check(request())).rejects.toThrow('a bug')
  })

  test('may answer themselves: the answer goes out as it is', () => {
    const moved = {
      ...problem(authError('access_denied', 'test.moved')),
      status: 308,
      headers: { location: 'https://x/' },
    }
    const away: Condition = { name: 'away', refuses: ['access_denied'], before: () => moved }
    expect(policy({ accept, conditions: [away] }).check(request())).toEqual(moved)
  })

  test('explain asks them dry, and tells each', async () => {
    const asked: Asking[] = []
    const counts: Condition = {
      name: 'counts',
      refuses: ['too_many_requests'],
      before: (_request, asking) => {
        asked.push(asking)
        return undefined
      },
      after: (_request, _caller, asking) => {
        asked.push(asking)
        return LIMITED
      },
    }
    const one = policy({ accept, conditions: [counts] })
    const explained = await one.explain(request(bearerLine('good')))
    expect(explained).toMatchObject({ passed: false, status: 429, code: 'too_many_requests' })
    expect(explained.steps.map(({ what, held }) => [what, held])).toEqual([
      ['counts', true],
      ['bearer', true],
      ['counts', false],
    ])
    expect(asked).toEqual([{ dry: true }, { dry: true }])
    expect(heard).toEqual([])
    one.check(request(bearerLine('good')))
    expect(asked.slice(2)).toEqual([{ dry: false }, { dry: false }])
  })

  test('of an optional policy hear that nobody called', () => {
    policy({ accept, mode: 'optional', conditions: [told('one')] }).check(request())
    expect(seen).toEqual(['before one', 'after one undefined'])
  })

  test('stand in its description', () => {
    const { conditions } = policy({ accept, conditions: [refusing('before')] }).describe()
    expect(conditions).toEqual([{ name: 'full', refuses: ['too_many_requests'] }])
    expect(policy({ accept }).describe().conditions).toEqual([])
  })

  test.each([
    { conditions: told('one') as never, says: 'must be a list' },
    { conditions: [{ name: 'x', refuses: [] }], says: '`before` or `after`' },
    { conditions: [{ refuses: [], before: () => undefined } as never], says: '`name`' },
    { conditions: [told('one'), told('one')], says: 'two conditions are named "one"' },
  ])('are checked where the policy is made: $says', ({ conditions, says }) => {
    expect(() => policy({ accept, conditions })).toThrow(says)
  })
})

describe('a public route with conditions', () => {
  const open = publicRoute({ name: 'login', conditions: [told('one', 'r=1')] })
  test('passes with their headers', () => {
    expect(open.check(request())).toEqual({ headers: { limits: 'r=1' } })
    expect(open).toMatchObject({ name: 'login', mode: 'anyone' })
    expect(seen).toEqual(['before one', 'after one undefined'])
  })
  test('refuses with the headers of those that held', () => {
    const full = publicRoute({ conditions: [told('one', 'r=1'), refusing('after')] })
    expect(full.check(request())).toMatchObject({ status: 429, headers: { limits: 'r=1', 'retry-after': '7' } })
  })
  test('refuses by them, and tells who listens', async () => {
    const full = publicRoute({ name: 'login', conditions: [refusing('after')] })
    expect(full.check(request())).toMatchObject({ status: 429, headers: { 'retry-after': '7' } })
    expect(heard).toMatchObject([{ policy: 'login', reason: 'test.limit' }])
    expect(await full.explain(request())).toMatchObject({ policy: 'login', passed: false, status: 429 })
  })
  test.each([
    [
      'at once',
      () => {
        throw new Unavailable('the store')
      },
    ],
    [
      'later',
      async () => {
        throw new Unavailable('the store')
      },
    ],
  ])('is 503 where one is down %s', async (_when, before) => {
    const down = publicRoute({ conditions: [{ name: 'down', refuses: [], before }] })
    expect(await down.check(request())).toMatchObject({ status: 503 })
    expect(await down.explain(request())).toMatchObject({ passed: false, status: 503 })
  })
  test.each([
    [
      'at once',
      () => {
        throw new Error('a bug')
      },
    ],
    [
      'later',
      async () => {
        throw new Error('a bug')
      },
    ],
  ])('rejects for a bug %s', async (_when, before) => {
    const check = async (one: RequestView) =>
      publicRoute({ conditions: [{ name: 'b', refuses: [], before }] }).check(one)
    await expect(check(request())).rejects.toThrow('a bug')
  })
  test('without conditions is anyone, and says so', () => {
    expect(() => publicRoute({ conditions: [] })).toThrow('is the policy `anyone`')
    expect(() => publicRoute({ condition: [] } as never)).toThrow('did you mean "conditions"?')
    expect(anyone.check(request())).toBeUndefined()
  })
})
