import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { isAuthError, type Principal } from '@countersign/http'
import { apiKey, bearer, type Condition, policy, publicRoute } from '@countersign/policy'
import { parseList } from 'structured-headers'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { requestFrom } from '../test/request.ts'
import { type LimitStore, type LimitUnchecked, memoryLimits, type RateLimit, rateLimit } from './index.ts'

const WET = { dry: false }
const DRY = { dry: true }
const asked = (limit: RateLimit, request = requestFrom('192.0.2.1'), caller?: Principal) =>
  limit.before ? limit.before(request, WET) : limit.after?.(request, caller, WET)
const statusOf = (ruled: unknown) => (isAuthError(ruled) ? ruled.code : ruled === undefined ? 'nothing' : 'passes')

describe('a limit by address', () => {
  const perAddress = (more = {}) => rateLimit({ name: 'per address', by: 'address', limit: 2, window: 60, ...more })

  it('is a condition of a policy, and takes no promise where it counts in memory', () => {
    expectTypeOf<RateLimit>().toExtend<Condition>()
    expect(asked(perAddress())).not.toBeInstanceOf(Promise)
  })

  it('passes as many as it says, then refuses until the window ends', () => {
    let now = 0
    const limit = perAddress({ store: memoryLimits({ clock: () => now }) })
    expect([asked(limit), asked(limit), asked(limit)].map(statusOf)).toEqual(['passes', 'passes', 'too_many_requests'])
    now = 59_999
    expect(statusOf(asked(limit))).toBe('too_many_requests')
    now = 60_000
    expect(statusOf(asked(limit))).toBe('passes')
  })

  it('tells what is left on every answer, as the draft writes it, and on a refusal when to come again', () => {
    let now = 0
    const limit = perAddress({ store: memoryLimits({ clock: () => now }) })
    expect(asked(limit)).toEqual({
      headers: { 'ratelimit-policy': '"per address";q=2;w=60', ratelimit: '"per address";r=1;t=60' },
    })
    now = 1_001
    expect(asked(limit)).toMatchObject({ headers: { ratelimit: '"per address";r=0;t=59' } })
    now = 59_500
    const refused = asked(limit)
    expect(refused).toMatchObject({ code: 'too_many_requests', reason: 'limit.reached' })
    const { headers } = refused as { headers: Record<string, string> }
    expect(headers).toEqual({
      'ratelimit-policy': '"per address";q=2;w=60',
      ratelimit: '"per address";r=0;t=1',
      'retry-after': '1',
    })
    // A reader that nobody here wrote takes both for lists of strings (RFC 9651).
    const read = (field: string) =>
      parseList(headers[field] ?? '').map(([item, more]) => [item, Object.fromEntries(more)])
    expect(read('ratelimit')).toEqual([['per address', { r: 0, t: 1 }]])
    expect(read('ratelimit-policy')).toEqual([['per address', { q: 2, w: 60 }]])
  })

  it('counts another address apart, and another spelling of one with it', () => {
    const limit = perAddress()
    for (const peer of ['2001:db8::1', '2001:DB8::2']) expect(statusOf(asked(limit, requestFrom(peer)))).toBe('passes')
    expect(statusOf(asked(limit, requestFrom('2001:db8::3')))).toBe('too_many_requests')
    expect(statusOf(asked(limit, requestFrom('2001:db8:0:1::1')))).toBe('passes')
  })

  it('is told by no header', () => {
    const limit = perAddress()
    const codes = ['1.1.1.1', '2.2.2.2', '3.3.3.3'].map((spoofed) =>
      statusOf(asked(limit, requestFrom('192.0.2.1', { headers: ['X-Forwarded-For', spoofed, 'X-Real-IP', spoofed] }))),
    )
    expect(codes.at(-1)).toBe('too_many_requests')
  })

  it('takes nothing when explain asks, and says what would be', async () => {
    const limit = perAddress()
    for (let i = 0; i < 5; i++)
      expect(limit.before?.(requestFrom('a'), DRY)).toMatchObject({ headers: { ratelimit: '"per address";r=1;t=60' } })
    asked(limit, requestFrom('a'))
    asked(limit, requestFrom('a'))
    expect(limit.before?.(requestFrom('a'), DRY)).toMatchObject({
      reason: 'limit.reached',
      expected: 'at most 2 in 60 s',
      got: '3',
    })
  })

  it('gives a store no address, and no long key', () => {
    const store = memoryLimits()
    const add = vi.fn(store.add)
    asked(perAddress({ store: { ...store, add } }), requestFrom('192.0.2.77'))
    expect(add.mock.calls[0]?.[0]).toMatch(/^[\w-]{43}$/)
  })

  it('costs what the request costs; nothing is not counted', () => {
    const limit = rateLimit({
      name: 'dear',
      by: 'address',
      limit: 10,
      window: 60,
      cost: ({ ip }) => Number(ip),
    })
    const costing = (cost: number) => statusOf(asked(limit, requestFrom('192.0.2.1', { ip: `${cost}` })))
    expect([costing(9), costing(0), costing(1), costing(1)]).toEqual([
      'passes',
      'nothing',
      'passes',
      'too_many_requests',
    ])
    expect(() => costing(-1)).toThrow(/what cost\(\) gives must be a whole number from 0/)
    expect(() => costing(0.5)).toThrow(/whole number/)
  })
})

describe('a limit by caller', () => {
  const ada = { subject: 'ada' }
  const limit = (more = {}) => rateLimit({ name: 'per caller', by: 'caller', limit: 1, window: 60, ...more })

  it('counts the subject, wherever it calls from', () => {
    const one = limit()
    expect(statusOf(asked(one, requestFrom('192.0.2.1'), ada))).toBe('passes')
    expect(statusOf(asked(one, requestFrom('192.0.2.2'), ada))).toBe('too_many_requests')
    expect(statusOf(asked(one, requestFrom('192.0.2.2'), { subject: 'bob' }))).toBe('passes')
  })

  it('counts the address where nobody called, so that leaving the credential out gains nothing', () => {
    const one = limit()
    expect(statusOf(asked(one))).toBe('passes')
    expect(statusOf(asked(one))).toBe('too_many_requests')
    expect(statusOf(asked(one, requestFrom('192.0.2.9')))).toBe('passes')
    // A subject that looks like an address is no address.
    expect(statusOf(asked(one, requestFrom('192.0.2.1'), { subject: '192.0.2.1' }))).toBe('passes')
  })

  it('has plans', () => {
    const one = limit({ plans: (caller: Principal) => (caller.roles?.includes('gold') ? { limit: 3 } : undefined) })
    const gold = { subject: 'goldie', roles: ['gold'] }
    const codes = [1, 2, 3, 4].map(() => statusOf(asked(one, requestFrom('a'), gold)))
    expect(codes).toEqual(['passes', 'passes', 'passes', 'too_many_requests'])
    expect(asked(one, requestFrom('a'), ada)).toMatchObject({
      headers: { 'ratelimit-policy': '"per caller";q=1;w=60' },
    })
  })

  it('counts by credential: a session, not its tokens; a client for its subject; a key', () => {
    const one = rateLimit({ name: 'per credential', by: 'credential', limit: 1, window: 60 })
    const by = (credential: Principal['credential'] & {}, subject = 'ada') =>
      statusOf(asked(one, requestFrom('a'), { subject, credential }))
    expect([by({ id: 't1', session: 's' }), by({ id: 't2', session: 's' })]).toEqual(['passes', 'too_many_requests'])
    expect([by({ id: 't3', client: 'web' }), by({ id: 't4', client: 'web' })]).toEqual(['passes', 'too_many_requests'])
    expect(by({ id: 't5', client: 'web' }, 'bob')).toBe('passes')
    expect([by({ id: 'key' }), by({ id: 'key' }), by({ id: 'other' })]).toEqual([
      'passes',
      'too_many_requests',
      'passes',
    ])
  })

  it('counts by what a function says, and not where it says nothing', () => {
    const one = rateLimit({ name: 'per tenant', by: (_request, caller) => caller?.roles?.[0], limit: 1, window: 60 })
    const of = (...roles: string[]) => statusOf(asked(one, requestFrom('a'), { subject: 'x', roles }))
    expect([of('acme'), of('acme'), of('other'), of(), of()]).toEqual([
      'passes',
      'too_many_requests',
      'passes',
      'nothing',
      'nothing',
    ])
    const wrong = rateLimit({ name: 'wrong', by: () => 7 as never, limit: 1, window: 60 })
    expect(() => asked(wrong)).toThrow(/must give a string, or undefined/)
  })
})

describe('a limit by secret', () => {
  const SECRET = 'canary-secret-51c0ffee'
  const perSecret = (more = {}) => rateLimit({ name: 'per secret', by: 'secret', limit: 1, window: 60, ...more })
  const withHeaders = (...headers: string[]) => requestFrom('192.0.2.1', { headers })

  it('counts what is presented, in whichever place, and says nothing where nothing is', () => {
    const limit = perSecret({ secret: { cookie: 'session' } })
    for (const headers of [
      ['Authorization', `Bearer ${SECRET}`],
      ['X-API-Key', `${SECRET}-key`],
      ['Cookie', `a=b; session=${SECRET}-cookie`],
    ]) {
      expect(
        [asked(limit, withHeaders(...headers)), asked(limit, withHeaders(...headers))].map(statusOf),
        headers[0],
      ).toEqual(['passes', 'too_many_requests'])
    }
    expect(statusOf(asked(limit, withHeaders('Accept', '*/*')))).toBe('nothing')
  })

  it('is not escaped by another spelling, or by something worthless beside it', () => {
    for (const second of [
      ['authorization', `bearer   ${SECRET}`],
      ['X-API-Key', 'worthless', 'Authorization', `Bearer ${SECRET}`],
    ]) {
      const limit = perSecret()
      asked(limit, withHeaders('Authorization', `Bearer ${SECRET}`))
      expect(statusOf(asked(limit, withHeaders(...second)))).toBe('too_many_requests')
    }
  })

  it('gives the secret to nobody, nor a digest that could be made without the key', async () => {
    const store = memoryLimits()
    const add = vi.fn(store.add)
    const limits = ['k'.repeat(32), 'l'.repeat(32), 'k'.repeat(32)].map((key) =>
      perSecret({ store: { ...store, add }, secret: { key } }),
    )
    const told = limits.map((limit) => asked(limit, withHeaders('Authorization', `Bearer ${SECRET}`)))
    const keys = add.mock.calls.map(([key]) => key)
    expect(keys[0]).toBe(keys[2])
    expect(keys[0]).not.toBe(keys[1])
    expect(inspect([keys, told, limits], { depth: 9, showHidden: true })).not.toContain('canary')
  })

  it('asks for a key where processes share the store', () => {
    const shared: LimitStore = { ...memoryLimits(), shared: true }
    expect(() => perSecret({ store: shared })).toThrow(/secret\.key is missing/)
    perSecret({ store: shared, secret: { key: 'k'.repeat(32) } })
  })
})

describe('in a policy', () => {
  const keys = ({ key }: { readonly key: string }) => (key === 'right' ? { subject: 'ada' } : undefined)

  it('the cheap ones come before any credential is verified; a limit is 429, never 401', async () => {
    const verify = vi.fn(keys)
    const guarded = policy({
      accept: apiKey(verify),
      conditions: [
        rateLimit({ name: 'per address', by: 'address', limit: 2, window: 60 }),
        rateLimit({ name: 'per caller', by: 'caller', limit: 1, window: 60 }),
      ],
    })
    const call = (key: string) => guarded.check(requestFrom('192.0.2.1', { headers: ['X-API-Key', key] }))
    const passed = await call('right')
    expect(passed).toMatchObject({
      headers: {
        'ratelimit-policy': ['"per address";q=2;w=60', '"per caller";q=1;w=60'],
        ratelimit: ['"per address";r=1;t=60', '"per caller";r=0;t=60'],
      },
    })
    expect(passed?.status).toBeUndefined()
    const wrong = await call('wrong')
    expect(wrong).toMatchObject({ status: 401, headers: { ratelimit: '"per address";r=0;t=60' } })
    const limited = await call('right')
    expect(limited).toMatchObject({ status: 429, headers: { 'retry-after': '60' } })
    expect(limited?.headers).not.toHaveProperty('www-authenticate')
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('explain says so, and takes nothing', async () => {
    const guarded = policy({
      accept: bearer(() => ({ subject: 'ada' })),
      conditions: [rateLimit({ name: 'per caller', by: 'caller', limit: 1, window: 60 })],
    })
    const request = requestFrom('192.0.2.1', { headers: ['Authorization', 'Bearer x'] })
    for (let i = 0; i < 3; i++) expect(await guarded.explain(request)).toMatchObject({ passed: true })
    expect((await guarded.check(request))?.status).toBeUndefined()
    const { status, steps } = await guarded.explain(request)
    expect([status, steps.find(({ what }) => what === 'per caller')]).toMatchObject([
      429,
      { held: false, reason: 'limit.reached' },
    ])
    expect(guarded.describe().conditions).toEqual([{ name: 'per caller', refuses: ['too_many_requests'] }])
  })

  it('guards a public route too', async () => {
    const open = publicRoute({ conditions: [rateLimit({ name: 'per address', by: 'address', limit: 1, window: 60 })] })
    expect((await open.check(requestFrom('192.0.2.1')))?.status).toBeUndefined()
    expect(await open.check(requestFrom('192.0.2.1'))).toMatchObject({ status: 429 })
  })
})

describe('while its store is down', () => {
  const dead: LimitStore = {
    add: () => Promise.reject(Object.assign(new Error('connect secret-host'), { code: 'ECONNREFUSED' })),
    peek: () => Promise.reject(new Error('down')),
    delete: () => Promise.reject(new Error('down')),
  }
  const hanging: LimitStore = { ...dead, add: () => new Promise(() => {}), timeout: 30 }
  const limit = (store: LimitStore, whenDown?: 'refuse' | 'memory' | 'pass') =>
    rateLimit({ name: 'per address', by: 'address', limit: 2, window: 60, store, ...(whenDown && { whenDown }) })

  it('each process counts by itself, unless told otherwise', async () => {
    const one = limit(dead)
    const ruled = [await asked(one), await asked(one), await asked(one)]
    expect(ruled.map(statusOf)).toEqual(['passes', 'passes', 'too_many_requests'])
  })

  it('is 503 where that was declared', async () => {
    const guarded = publicRoute({ conditions: [limit(dead, 'refuse')] })
    expect(await guarded.check(requestFrom('a'))).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect(guarded.describe().conditions[0]?.refuses).toEqual(['too_many_requests', 'temporarily_unavailable'])
  })

  it('passes where that was declared, and says nothing of what is left', async () => {
    const one = limit(dead, 'pass')
    for (let i = 0; i < 5; i++) expect(await asked(one)).toBeUndefined()
  })

  it('is waited for no longer than its timeout, and left alone for a second after', async () => {
    const add = vi.fn(hanging.add)
    const one = limit({ ...hanging, add }, 'pass')
    const from = performance.now()
    await asked(one)
    expect(performance.now() - from).toBeGreaterThan(20)
    for (let i = 0; i < 100; i++) await asked(one)
    expect(performance.now() - from).toBeLessThan(900)
    expect(add).toHaveBeenCalledTimes(1)
    await sleep(1_050)
    await asked(one)
    expect(add).toHaveBeenCalledTimes(2)
  })

  it('is left alone for a second under `refuse` too: nothing piles up behind a store that hangs', async () => {
    const add = vi.fn(hanging.add)
    const one = limit({ ...hanging, add }, 'refuse')
    const all = () => Promise.allSettled([Promise.resolve().then(() => asked(one))])
    await all()
    for (let i = 0; i < 100; i++) expect(await all()).toMatchObject([{ status: 'rejected' }])
    expect(add).toHaveBeenCalledTimes(1)
  })

  it('tells how many passed unchecked, once a second at most, and nothing that an error may quote', async () => {
    const events: LimitUnchecked[] = []
    const listen = (event: unknown) =>
      (event as LimitUnchecked).limit === 'told' && events.push(event as LimitUnchecked)
    subscribe('countersign:limit-unchecked', listen)
    try {
      const one = rateLimit({ name: 'told', by: 'address', limit: 2, window: 60, store: dead })
      for (let i = 0; i < 50; i++) await asked(one)
      expect(events).toMatchObject([
        { type: 'limit_unchecked', limit: 'told', whenDown: 'memory', count: 1, reason: 'ECONNREFUSED' },
      ])
      await sleep(1_100)
      expect(events.map(({ count }) => count)).toEqual([1, 49])
      expect(JSON.stringify(events)).not.toContain('secret-host')
    } finally {
      unsubscribe('countersign:limit-unchecked', listen)
    }
  })
})

describe('options that are wrong are refused when the limit is made', () => {
  const right = { name: 'x', by: 'address', limit: 1, window: 60 } as const
  it.each([
    [{ name: '' }, /name must be 1 to 64/],
    [{ name: 'a"b' }, /without quotes/],
    [{ name: 'a\nb' }, /printable ASCII/],
    [{ by: 'header' }, /by must be 'address'/],
    [{ by: undefined }, /by must be 'address'/],
    [{ limit: 0 }, /limit must be a whole number from 1/],
    [{ limit: '5' }, /limit must be a whole number/],
    [{ window: 600_000 }, /window is in seconds, and 600000 looks like milliseconds: 600/],
    [{ window: 60_000 }, /window is in seconds, and 60000 looks like milliseconds: 60/],
    [{ window: 1000 }, /looks like milliseconds: 1/],
    [{ window: 3_600_000 }, /window \(seconds\)/],
    [{ window: 0.5 }, /window \(seconds\) must be a whole number from 1 to 2678400/],
    [{ plans: () => undefined }, /needs a limit by caller/],
    [{ cost: 2 }, /cost must be a function/],
    [{ store: {} }, /store must be memoryLimits/],
    [{ whenDown: 'open' }, /whenDown must be/],
    [{ ipv6Prefix: 20 }, /ipv6Prefix must be a whole number from 32 to 128/],
    [{ secret: {} }, /goes with by: 'secret' only/],
    [{ by: 'secret', secret: { key: 'short' } }, /32 characters or more/],
    [{ by: 'secret', secret: { headers: ['a b'] } }, /header names/],
    [{ by: 'secret', secret: { cookie: '' } }, /cookie's name/],
    [{ windows: 60 }, /did you mean "window"/],
  ])('%j', (wrong, message) => {
    expect(() => rateLimit({ ...right, ...wrong } as never)).toThrow(message)
    expect(() => rateLimit({ ...right, ...wrong } as never)).toThrow(TypeError)
  })
})
