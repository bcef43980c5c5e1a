import { setTimeout as sleep } from 'node:timers/promises'
import { isAuthError } from '@countersign/http'
import { hashPassword, passwordLogin, type LoginLimits as Taken } from '@countersign/passwords'
import { basic, policy } from '@countersign/policy'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { requestFrom } from '../test/request.ts'
import { type LimitStore, type LoginLimits, loginLimits, memoryLimits } from './index.ts'
import { levelledName } from './username.ts'
import { waitingRoom } from './waiting-room.ts'

const passwordHash = await hashPassword('right')
const find = (name: string) => (name === 'ada' ? { subject: 'usr_ada', passwordHash } : undefined)
const from = (address: string) => requestFrom(address)
const numbered = (at: number) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`

/** Fails at once: what begins counts as failed. */
async function fail(limits: LoginLimits, username: string, address: string) {
  const begun = await limits.begin(username, from(address))
  if (isAuthError(begun)) return begun.reason
  await begun.failed()
  return 'failed'
}

describe('login limits', () => {
  it('are what passwordLogin takes', () => {
    expectTypeOf<LoginLimits>().toExtend<Taken>()
  })

  it('count a user at an address, an address, and nothing that succeeded', async () => {
    const limits = loginLimits({ perUserAndAddress: { limit: 2, window: 60 }, perAddress: { limit: 3, window: 60 } })
    expect(await fail(limits, 'ada', 'a1')).toBe('failed')
    for (let i = 0; i < 20; i++) {
      const begun = await limits.begin('bob', from('192.0.2.1'))
      if (isAuthError(begun)) throw new Error(`${i} was refused: ${begun.reason}`)
      await begun.succeeded()
    }
    const tries = []
    for (const username of ['ada', 'ada', 'ada', 'bob', 'carol']) tries.push(await fail(limits, username, '192.0.2.1'))
    expect(tries).toEqual(['failed', 'failed', 'login.limit', 'failed', 'login.limit'])
    expect(await fail(limits, 'carol', '192.0.2.2')).toBe('failed')
  })

  it('a success ends the budget of that user there, and gives the address back no failure of another', async () => {
    const limits = loginLimits({ perUserAndAddress: { limit: 2, window: 60 }, perAddress: { limit: 4, window: 60 } })
    for (const username of ['ada', 'bob', 'carol']) await fail(limits, username, '192.0.2.1')
    const begun = await limits.begin('ada', from('192.0.2.1'))
    if (!isAuthError(begun)) await begun.succeeded()
    expect(await fail(limits, 'mallory', '192.0.2.1')).toBe('failed') // the fourth
    expect(await fail(limits, 'mallory', '192.0.2.1')).toBe('login.limit')
  })

  it('a store that goes down before the end fails no login', async () => {
    const memory = memoryLimits()
    let isDown = false
    const or = <T>(value: () => T) => {
      if (isDown) throw new Error('down')
      return value()
    }
    const store: LimitStore = {
      add: (...given) => or(() => memory.add(...given)),
      peek: (key) => or(() => memory.peek(key)),
      delete: (key) => or(() => memory.delete(key)),
    }
    const begun = await loginLimits({ store }).begin('ada', from('192.0.2.1'))
    isDown = true
    if (!isAuthError(begun)) await expect(begun.succeeded()).resolves.toBeUndefined()
    expect(isAuthError(begun)).toBe(false)
  })

  it('as many at once as may fail, and more: the rest are 503, because those under way may all be right', async () => {
    const limits = loginLimits({ perUserAndAddress: { limit: 3, window: 60 } })
    const begin = () => limits.begin('ada', from('192.0.2.1'))
    const begun = await Promise.all([begin(), begin(), begin()])
    const busy = await begin()
    expect(isAuthError(busy) && busy).toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'login.busy',
      headers: { 'retry-after': '1' },
    })
    for (const one of begun) if (!isAuthError(one)) await one.failed()
    expect(await fail(limits, 'ada', '192.0.2.1')).toBe('login.limit')
  })

  it.each(['failed', 'succeeded', 'undone'] as const)('a login that %s is under way no longer', async (ends) => {
    const limits = loginLimits({ perUserAndAddress: { limit: 2, window: 60 } })
    const begun = await Promise.all([1, 2].map(() => limits.begin('ada', from('192.0.2.1'))))
    for (const one of begun) if (!isAuthError(one)) await one[ends]()
    const tries = []
    for (let at = 0; at < 3; at++) tries.push(await fail(limits, 'ada', '192.0.2.1'))
    expect(tries.at(-1)).toBe('login.limit')
  })

  it('nor is one whose store went down under it', async () => {
    const memory = memoryLimits()
    const add = vi.fn(memory.add)
    const limits = loginLimits({ store: { ...memory, add }, perUserAndAddress: { limit: 1, window: 60 } })
    const [address, pair] = [memory.add, memory.add]
    add
      .mockImplementationOnce(address)
      .mockImplementationOnce(pair)
      .mockImplementationOnce(() => {
        throw new Error('down')
      })
    await expect(limits.begin('ada', from('192.0.2.1'))).rejects.toThrow('the store of limits does not answer')
    await sleep(1_050) // it was left alone
    expect(await fail(limits, 'ada', '192.0.2.1')).toBe('login.limit')
  })

  it('who finds no place to wait is 429, by another reason than a budget, and pays nothing', async () => {
    const limits = loginLimits({ perUserAndAddress: { limit: 2, window: 60 }, delay: { after: 1, waiting: 1 } })
    await fail(limits, 'ada', '192.0.2.1')
    const other = limits.begin('ada', from('192.0.2.2'))
    await sleep(10)
    for (let at = 0; at < 3; at++) {
      const refused = await limits.begin('ada', from('192.0.2.1'))
      expect(isAuthError(refused) && refused).toMatchObject({
        code: 'too_many_requests',
        reason: 'login.waiting',
        headers: { 'retry-after': '1' },
      })
    }
    expect(isAuthError(await other)).toBe(false)
    expect(await fail(limits, 'ada', '192.0.2.1')).toBe('failed')
    expect(await fail(limits, 'ada', '192.0.2.1')).toBe('login.limit')
  })

  it('two newcomers a second go on where all places are taken, from addresses that never failed', async () => {
    const store = memoryLimits({ clock: () => 0 })
    const limits = loginLimits({ store, delay: { after: 1, waiting: 1, most: 1 } })
    await fail(limits, 'ada', '192.0.2.1')
    const waits = limits.begin('ada', from('192.0.2.200'))
    await sleep(10)
    const tries = await Promise.all(Array.from({ length: 20 }, (_, at) => fail(limits, 'ada', `192.0.2.${at + 1}`)))
    expect(tries[0]).toBe('login.waiting') // it failed before
    expect(tries.filter((one) => one === 'failed')).toHaveLength(2)
    expect(await fail(limits, 'bob', '192.0.2.30')).toBe('failed')
    expect(isAuthError(await waits)).toBe(false)
  })

  it('what ended without a result takes nothing', async () => {
    const limits = loginLimits({ perUserAndAddress: { limit: 1, window: 60 } })
    for (let i = 0; i < 5; i++) {
      const begun = await limits.begin('ada', from('192.0.2.1'))
      if (isAuthError(begun)) throw new Error('refused')
      await begun.undone()
    }
  })

  it('a success in the next window gives no bonus', async () => {
    let now = 0
    const store = memoryLimits({ clock: () => now })
    const limits = loginLimits({ store, perAddress: { limit: 2, window: 60 } })
    const begun = await limits.begin('own', from('192.0.2.1'))
    now = 60_000
    if (!isAuthError(begun)) await begun.succeeded()
    const tries = []
    for (const username of ['a', 'b', 'c']) tries.push(await fail(limits, username, '192.0.2.1'))
    expect(tries).toEqual(['failed', 'failed', 'login.limit'])
  })

  it('guesses at once do not overshoot: of 200, ten are hashed', async () => {
    const asked = vi.fn(find)
    const users = passwordLogin({ find: asked, limits: loginLimits(), queue: 1_000 })
    const tried = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        users.verify({ username: 'ada', password: `wrong ${at}` }, from('192.0.2.1')),
      ),
    )
    const reasons = tried.map((one) => (isAuthError(one) ? one.reason : 'in'))
    expect(reasons.filter((one) => one === 'password.wrong')).toHaveLength(10)
    // Busy while nobody knows what came of those ten, over the limit then.
    expect(reasons.filter((one) => one === 'login.busy' || one === 'login.limit')).toHaveLength(190)
    expect(asked).toHaveBeenCalledTimes(10)
  })

  it('say the same for a known and an unknown user, to the last header', async () => {
    const limits = loginLimits({ store: memoryLimits({ clock: () => 0 }) })
    const users = passwordLogin({ find, limits })
    const seen = []
    for (const username of ['ada', 'nobody']) {
      const answers = []
      for (let at = 0; at < 12; at++)
        answers.push(await users.verify({ username, password: 'wrong' }, from('192.0.2.1')))
      seen.push(answers)
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]?.at(-1)).toMatchObject({ reason: 'login.limit', headers: { 'retry-after': '900' } })
  })

  it('hold behind basic(users): 429 without a challenge, while what is remembered goes on', async () => {
    const guarded = policy({ accept: basic(passwordLogin({ find, limits: loginLimits() })) })
    const call = async (address: string, password: string) => {
      const credential = Buffer.from(`ada:${password}`).toString('base64')
      const verdict = await guarded.check(requestFrom(address, { headers: ['Authorization', `Basic ${credential}`] }))
      return verdict?.status ?? 200
    }
    expect(await call('192.0.2.1', 'right')).toBe(200)
    const tries = []
    for (let at = 0; at < 11; at++) tries.push(await call('192.0.2.1', `wrong ${at}`))
    expect(tries).toEqual([...Array(10).fill(401), 429])
    expect(await call('192.0.2.1', 'right')).toBe(200) // remembered
    expect(await call('192.0.2.2', 'right')).toBe(200)
  })

  it('give a store no name and no address', async () => {
    const store = memoryLimits()
    const add = vi.fn(store.add)
    await fail(loginLimits({ store: { ...store, add } }), 'ada', '192.0.2.1')
    for (const [key] of add.mock.calls) expect(key).toMatch(/^[\w-]{43}$/)
  })

  it('are 503 while their store is down, unless told otherwise', async () => {
    const down = () => Promise.reject(new Error('down'))
    const store: LimitStore = { add: down, peek: down, delete: down }
    await expect(fail(loginLimits({ store }), 'ada', 'a')).rejects.toThrow('the store of limits does not answer')
    const limits = loginLimits({ store, whenDown: 'memory', perUserAndAddress: { limit: 1, window: 60 } })
    expect([await fail(limits, 'ada', 'a'), await fail(limits, 'ada', 'a')]).toEqual(['failed', 'login.limit'])
    expect(await fail(loginLimits({ store, whenDown: 'pass' }), 'ada', 'a')).toBe('failed')
  })

  it.each([
    [{ perAddress: { limit: 0, window: 1 } }, /perAddress\.limit must be/],
    [{ perAddress: { limit: 1, window: 900_000 } }, /perAddress\.window is in seconds, and 900000 looks like .*: 900$/],
    [{ perUserAndAddress: { limit: 1, window: 0 } }, /perUserAndAddress\.window/],
    [{ delay: { most: 100 } }, /delay\.most \(seconds\) must be a whole number from 1 to 60/],
    [{ delay: { longest: 1 } }, /no option "longest"/],
    [{ delay: { newcomers: 0.5 } }, /delay\.newcomers must be a whole number from 0 to 1000/],
    [{ canonical: 'ada' }, /canonical must be a function/],
    [{ store: 'redis' }, /store must be/],
  ])('refuse the option %j', (options, message) => {
    expect(() => loginLimits(options as never)).toThrow(message)
  })
})

describe('a user whom strangers guess', () => {
  const attacked = async () => {
    const limits = loginLimits({ delay: { most: 1 } })
    const users = passwordLogin({ find, limits })
    const login = (address: string, password = 'right') => users.require({ username: 'ada', password }, from(address))
    await login('192.0.2.10')
    const reasons = await Promise.all(Array.from({ length: 1_000 }, (_, at) => fail(limits, 'ADA', numbered(at))))
    return { limits, login, reasons }
  }
  const seconds = async (work: Promise<unknown>) => {
    const start = performance.now()
    await work
    return (performance.now() - start) / 1000
  }

  it('from 1,000 addresses: still gets in, late from a new address, and at once from one of theirs', async () => {
    const { login, reasons } = await attacked()
    // Ten before anybody waits, ten that waited, and two newcomers a second; the others were refused.
    expect(new Set(reasons)).toEqual(new Set(['failed', 'login.waiting']))
    expect(reasons.filter((one) => one === 'failed').length).toBeLessThan(30)
    expect(await seconds(login('192.0.2.10'))).toBeLessThan(0.5)
    const late = await seconds(login('198.51.100.1'))
    expect(late).toBeGreaterThan(0.95)
    expect(late).toBeLessThan(1.6)
    expect(await seconds(login('198.51.100.1'))).toBeLessThan(0.5) // theirs by now
  })

  it('gets in while the strangers go on', async () => {
    const { limits, login } = await attacked()
    let isOver = false
    const attack = async (at: number) => {
      while (!isOver) {
        await fail(limits, 'ada', numbered(at))
        await sleep(5)
      }
    }
    const attackers = Array.from({ length: 200 }, (_, at) => attack(at))
    await sleep(100)
    expect(await seconds(login('198.51.100.2'))).toBeLessThan(2)
    isOver = true
    await Promise.all(attackers)
  })

  it('from a network of 65,536 addresses: gets in from elsewhere, and that network has a budget', async () => {
    const limits = loginLimits({ perUserAndAddress: { limit: 3, window: 60 }, delay: { after: 1, most: 1 } })
    let isOver = false
    let next = 0
    const reasons: string[] = []
    const attack = async () => {
      while (!isOver) {
        reasons.push(await fail(limits, 'ada', `2001:db8:7:${(next++ % 65_536).toString(16)}::1`))
        await sleep(1)
      }
    }
    const attackers = Array.from({ length: 50 }, attack)
    await sleep(300)
    // Only the first of that network is a newcomer: whoever comes from another one is waited with.
    const start = performance.now()
    expect(await fail(limits, 'ada', '2001:db8:8::1')).toBe('failed')
    expect(performance.now() - start).toBeLessThan(2_000)
    await sleep(3_000)
    isOver = true
    await Promise.all(attackers)
    expect(reasons.filter((one) => one === 'failed')).toHaveLength(30) // ten times what one address may
    expect(reasons).toContain('login.limit')
    expect(await fail(limits, 'ada', '2001:db8:7:ffff:1::1')).toBe('login.limit')
  }, 10_000)

  it('a neighbour in the network of a home does not close it', async () => {
    const limits = loginLimits({
      perUserAndAddress: { limit: 2, window: 60 },
      perAddress: { limit: 2, window: 60 },
      delay: { after: 1_000 },
    })
    const home = await limits.begin('ada', from('2001:db8:7:1::1'))
    if (!isAuthError(home)) await home.succeeded()
    const neighbours = []
    for (let at = 2; at < 24; at++) neighbours.push(await fail(limits, 'ada', `2001:db8:7:${at}::1`))
    expect(neighbours.slice(19)).toEqual(['failed', 'login.limit', 'login.limit'])
    expect(await fail(limits, 'ada', '2001:db8:7:1::2')).toBe('failed')
    expect(await fail(limits, 'ada', '2001:db8:7:99::2')).toBe('login.limit')
    // At its own address the budget of an address holds.
    expect([await fail(limits, 'ada', '2001:db8:7:1::2'), await fail(limits, 'ada', '2001:db8:7:1::2')]).toEqual([
      'failed',
      'login.limit',
    ])
  })

  it('is waited for longer with each failure', async () => {
    const limits = loginLimits({ delay: { after: 2, most: 1 } })
    const waits = []
    for (let at = 0; at < 7; at++) waits.push(await seconds(fail(limits, 'ada', numbered(at))))
    // A busy machine may be late, never early.
    for (const [at, least] of [0, 0, 0.1, 0.2, 0.4, 0.8, 1].entries())
      expect(waits[at], `${at}`).toBeGreaterThan(least - 0.01)
    expect(Math.max(waits[0] ?? 9, waits[1] ?? 9)).toBeLessThan(0.09)
    expect(waits[6]).toBeLessThan(1.5)
  }, 10_000)
})

describe('the room where attempts wait', () => {
  it('is bounded: who tried most gives way, and for who tried as often there is no place', async () => {
    const room = waitingRoom(2, 100)
    const order: string[] = []
    const wait = (name: string, tries: number) =>
      room.wait('ada', 200, tries).then((goesOn) => void order.push(`${name} ${goesOn}`))
    const all = [wait('first', 0), wait('guesser', 5), wait('second', 0), wait('other guesser', 3), wait('third', 0)]
    await sleep(20)
    expect(order.sort()).toEqual(['guesser false', 'other guesser undefined', 'third undefined'])
    await Promise.all(all)
    expect(order.slice(3).sort()).toEqual(['first true', 'second true'])
  })

  it('is bounded over all users', async () => {
    const room = waitingRoom(10, 2)
    const waiting = [room.wait('a', 100, 1), room.wait('b', 100, 1)]
    const start = performance.now()
    expect([await room.wait('c', 100, 1), await room.wait('c', 100, 0)]).toEqual([undefined, undefined])
    expect(performance.now() - start).toBeLessThan(50)
    const instead = room.wait('a', 1, 0) // of the same user, in the place of one with more tries
    expect(await Promise.all([...waiting, instead])).toEqual([false, true, true])
    expect(await room.wait('c', 1, 1)).toBe(true)
  })
})

describe('a user name', () => {
  it.each([
    ['ada', 'ADA', ' ada\t', 'ａｄａ', 'a\u200bda', 'áda', 'a\u0301da', 'a\u00adda'],
    ['strasse', 'STRASSE', 'straße', 'ſtraße'],
    ['σισυφος', 'ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['file', 'ﬁle'],
  ])('is one bucket in all spellings: %s', (...names) => {
    expect(new Set(names.map(levelledName)).size).toBe(1)
  })

  it('is another bucket when it is another', () => {
    expect(new Set(['ada', 'adam', 'a da', 'ada1', 'bob'].map(levelledName)).size).toBe(5)
  })
})
