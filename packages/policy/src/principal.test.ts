import { inspect } from 'node:util'
import { authError, type Maybe, type Principal } from '@countersign/http'
import { describe, expect, test, vi } from 'vitest'
import { bearerLine, request, tokens, verdictOf } from '../test/request.ts'
import { anyOf, apiKey, bearer, decisionOf, policy, type Scheme } from './index.ts'

const verifier = tokens({ good: { subject: 'ada', scopes: ['a'], roles: ['author'] } })
const good = () => request(bearerLine('good'))
const loading = (principal: () => unknown) =>
  policy({ accept: bearer(verifier, { principal: principal as () => object }) })
const UNKNOWN = '401 invalid_token principal.unknown'

/** Like a mongoose query: it is no promise, it only has `then`, and it runs when that is called. */
function query(result: unknown) {
  const run = vi.fn()
  return {
    run,
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    then(resolve: (value: unknown) => unknown) {
      run()
      return Promise.resolve(result).then(resolve)
    },
  }
}

describe('the principal option', () => {
  const row = { id: 7 }
  test.each([
    ['a value', () => row],
    ['a promise', async () => row],
    ['a query that is only thenable', () => query(row)],
  ])('%s becomes the principal, as it is', async (_what, principal) => {
    const loaded = loading(principal)
    const message = good()
    expect(await verdictOf(loaded, message)).toBe('pass')
    expect(loaded.principal(message)).toBe(row)
    expect(Object.isFrozen(row)).toBe(false)
  })

  test.each([undefined, null, 'ada', 7, true])('%s refuses the credential, now or later', async (nobody) => {
    for (const principal of [() => nobody, async () => nobody, () => query(nobody)])
      expect(await verdictOf(loading(principal), good())).toBe(UNKNOWN)
  })

  test('an error refuses for that reason', async () => {
    const locked = authError('invalid_token', 'user.locked')
    expect(
      await verdictOf(
        loading(() => locked),
        good(),
      ),
    ).toBe('401 invalid_token user.locked')
    expect(
      await verdictOf(
        loading(async () => locked),
        good(),
      ),
    ).toBe('401 invalid_token user.locked')
  })

  test('a query runs once', async () => {
    const found = query(row)
    await verdictOf(
      loading(() => found),
      good(),
    )
    expect(found.run).toHaveBeenCalledOnce()
  })

  test('it is called on every request, with the verified principal and the request', async () => {
    const principal = vi.fn(() => row)
    const loaded = loading(principal)
    const messages = [good(), good()]
    for (const message of messages) await loaded.check(message)
    expect(principal.mock.calls).toEqual(
      messages.map((message) => [expect.objectContaining({ subject: 'ada' }), message]),
    )
  })

  test('what it throws is a bug, not a refusal', async () => {
    const broken = loading(async () => {
      throw new Error('database')
    })
    await expect(broken.check(good())).rejects.toThrow('database')
    expect(decisionOf(good())).toBeUndefined()
  })

  test('the application may narrow the scopes of the credential and never widen them; roles are its own to give', async () => {
    const with_ = (user: object, allow: { scope: string } | { role: string }) =>
      verdictOf(policy({ accept: bearer(verifier, { principal: () => user }), allow }), good())
    expect(await with_({ id: 1 }, { scope: 'a' })).toBe('pass')
    expect(await with_({ id: 1, scopes: [] }, { scope: 'a' })).toMatch(/^403/)
    expect(await with_({ id: 1, scopes: ['a', 'admin'] }, { scope: 'a' })).toBe('pass')
    expect(await with_({ id: 1, scopes: ['a', 'admin'] }, { scope: 'admin' })).toMatch(/^403/)
    await expect(with_({ id: 1, scopes: 'a' }, { scope: 'a' })).rejects.toThrow('"scopes" must be a list')
    expect(await with_({ id: 1, roles: ['admin'] }, { role: 'admin' })).toBe('pass')
    expect(await with_({ id: 1, roles: ['admin'] }, { role: 'author' })).toMatch(/^403/)
  })
})

describe('a verifier that gives what is no principal is a bug, whoever wrote the scheme: nobody passes', () => {
  const wrong: readonly unknown[] = [{}, { subject: '' }, { subject: 7 }, 'ada', true, 7, [], { sub: 'ada' }]
  const own = (verify: () => unknown, load?: () => unknown): Scheme => ({
    ...(bearer(verifier) as Scheme),
    verify: verify as () => Maybe<Principal>,
    ...(load && { load: load as () => Maybe<object> }),
  })
  const settle = async (accept: Scheme) => policy({ accept }).check(good())

  test.each(wrong)('%j', async (given) => {
    for (const accept of [
      bearer(() => given as never),
      bearer(async () => given as never),
      own(() => given),
      own(async () => given),
    ]) {
      await expect(settle(accept as Scheme)).rejects.toThrow(
        'must verify to a principal with a non-empty string "subject"',
      )
    }
  })
  test('a promise that is none of ours is awaited, never taken for a principal', async () => {
    const subject = { subject: 'ada' }
    const foreign = (value: unknown) => Object.assign(query(value), subject)
    expect(await verdictOf(policy({ accept: own(() => foreign(undefined)) }), good())).toBe(
      '401 invalid_token credential.wrong',
    )
    expect(await verdictOf(policy({ accept: own(() => foreign(subject)) }), good())).toBe('pass')
    expect(
      await verdictOf(
        policy({
          accept: own(
            () => subject,
            () => foreign(null),
          ),
        }),
        good(),
      ),
    ).toBe(UNKNOWN)
  })
  test('null and undefined refuse', async () => {
    for (const nobody of [null, undefined]) {
      expect(await verdictOf(policy({ accept: own(() => nobody) }), good())).toBe('401 invalid_token credential.wrong')
      expect(
        await verdictOf(
          policy({
            accept: own(
              () => ({ subject: 'x' }),
              () => nobody,
            ),
          }),
          good(),
        ),
      ).toBe(UNKNOWN)
    }
  })
})

describe('who called', () => {
  const read = policy({ accept: bearer(verifier), name: 'read posts' })

  test('principal and decision throw where the policy did not pass, naming policy and remedy', async () => {
    const refused = request(bearerLine('bad'))
    await read.check(refused)
    const explained = good()
    await read.explain(explained)
    for (const message of [good(), refused, explained])
      for (const ask of [read.principal, read.decision, (it: typeof message) => read.authorize(it, { scope: 'a' })])
        expect(() => ask(message)).toThrow(
          'policy "read posts" did not pass on this request: put protect() with this policy before the handler',
        )
  })

  test('another policy of the same parts did not pass', async () => {
    const message = good()
    await read.check(message)
    expect(() => policy({ accept: read.accept, name: 'read posts' }).principal(message)).toThrow('did not pass')
  })

  test('check and principal agree whichever object they get: the message or what holds it', async () => {
    const message = good()
    await read.check({ raw: message, ip: '::1' })
    expect(read.principal(message).subject).toBe('ada')
    expect(read.principal({ raw: message }).subject).toBe('ada')
  })

  test('decisionOf: the latest of several policies that passed with somebody', async () => {
    const key = policy({ accept: apiKey(() => ({ subject: 'partner' })) })
    const maybe = policy({ accept: apiKey(() => undefined, { header: ['X-Other'] }), mode: 'optional' })
    const message = request(bearerLine('good'), ['X-API-Key', 'k'])
    expect(decisionOf(message)).toBeUndefined()
    await read.check(message)
    expect(decisionOf(message)).toMatchObject({ scheme: 'bearer' })
    await key.check(message)
    await maybe.check(message) // passes with nobody
    expect(decisionOf(message)).toMatchObject({ scheme: 'apiKey', principal: { subject: 'partner' } })
    expect([read.principal(message).subject, key.principal(message).subject]).toEqual(['ada', 'partner'])
    expect(maybe.principal(message)).toBeUndefined()
  })

  test('from parse to principal nothing is a promise when every part is synchronous', () => {
    const sync = policy({
      accept: anyOf(
        bearer([() => undefined, verifier], { principal: (verified) => verified }),
        apiKey(() => ({ subject: 'x' })),
      ),
      allow: {
        allOf: [
          { scope: 'a' },
          { anyOf: [{ role: 'none' }, { name: 'ada', test: ({ subject }) => subject === 'ada' }] },
        ],
      },
    })
    const message = good()
    expect(sync.check(message)).toBeUndefined()
    expect(sync.principal(message).subject).toBe('ada')
    expect(sync.authorize(message, { scope: 'a' })).toBeUndefined()
    expect(sync.authorize(message, { scope: 'z' })).not.toBeInstanceOf(Promise)
    expect(sync.check(request())).toMatchObject({ status: 401 })
    expect(sync.check(request(bearerLine('bad')))).toMatchObject({ status: 401 })
  })
})

test('a scheme may add headers to the answer of a request that passed, and only of that', async () => {
  const nonce: Scheme = { ...(bearer(verifier) as Scheme), answerHeaders: ({ subject }) => ({ 'dpop-nonce': subject }) }
  const bound = policy({ accept: nonce })
  expect(await bound.check(good())).toEqual({ headers: { 'dpop-nonce': 'ada' } })
  expect((await bound.check(request(bearerLine('bad'))))?.headers).not.toHaveProperty('dpop-nonce')
})

test('what inspect shows of policies, schemes and decisions holds no secret', async () => {
  const secretive = policy({ accept: bearer(({ token }) => ({ subject: `of ${token.length}` })) })
  const message = request(bearerLine('CANARY'))
  await secretive.check(message)
  const { headers: _, rawHeaders: __, ...rest } = message
  const shown = inspect([secretive, secretive.accept, secretive.decision(message), rest], {
    depth: 20,
    showHidden: true,
  })
  expect(shown).toContain('of 6')
  expect(shown).not.toContain('CANARY')
})
