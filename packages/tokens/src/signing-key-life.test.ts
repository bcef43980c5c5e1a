import { memoryStore } from '@countersign/store'
import { describe, expect, test } from 'vitest'
import { localIssuer } from './index.ts'
import type { LocalIssuerOptions } from './local-issuer-options.ts'

const DAY = 86_400
const issuer = 'https://issuer.test'
const audience = 'https://api.test'
const ada = { subject: 'ada', scopes: ['read'] }
const seal = Buffer.alloc(32, 7)

function world(more: Partial<LocalIssuerOptions> = {}) {
  const time = { now: Date.UTC(2026, 10, 21, 12) }
  const clock = () => time.now
  const store = memoryStore({ clock })
  const another = (other: Partial<LocalIssuerOptions> = {}) =>
    localIssuer({ issuer, audience, store, clock, ...more, ...other })
  return { time, store, another, own: another(), pass: (seconds: number) => void (time.now += seconds * 1000) }
}

const kidOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()).kid as string
const kids = async (own: ReturnType<typeof localIssuer>) => (await own.jwks()).keys.map(({ kid }) => kid)
const settled = () => new Promise((done) => setTimeout(done, 30))

describe('rotation', () => {
  test('by the schedule: published a day before it signs, in the set until its last token has ended', async () => {
    const { own, pass } = world()
    const { access_token: old } = await own.issue(ada)
    expect(await kids(own)).toEqual([kidOf(old)])
    pass(29 * DAY - 1)
    await own.jwks()
    await settled()
    expect(await kids(own)).toHaveLength(1)
    pass(1)
    await own.jwks()
    await settled()
    const [first, next] = await kids(own)
    expect(first).toBe(kidOf(old))
    expect(kidOf((await own.issue(ada)).access_token)).toBe(first)
    pass(DAY)
    const { access_token: young } = await own.issue(ada)
    expect(kidOf(young)).toBe(next)
    expect(await kids(own)).toEqual([first, next])
    pass(DAY + 60)
    expect(await kids(own)).toEqual([next])
  })

  test('by hand: the plan says when, a dry run changes nothing, a second call is not sooner than the key is known', async () => {
    const { own, pass, time } = world({ rotation: { every: 30 * DAY, ahead: 3600 } })
    expect(await own.keys.list()).toEqual([])
    await own.jwks()
    const [made] = await own.keys.list()
    expect(made).toMatchObject({ state: 'active', algorithm: 'EdDSA' })
    pass(1)
    const dry = await own.keys.rotate({ dryRun: true })
    expect(dry.timeline.map(({ what }) => what)).toEqual(['published', 'verifies only', 'signs', 'gone'])
    expect(await own.keys.list()).toHaveLength(1)
    const { keys } = await own.keys.rotate()
    expect(keys.map(({ state }) => state)).toEqual(['active', 'next'])
    expect(keys[1]?.signsFrom).toBe(time.now / 1000 + 3600)
    pass(60)
    expect((await own.keys.rotate()).keys.map(({ signsFrom }) => signsFrom)).toEqual(
      keys.map(({ signsFrom }) => signsFrom),
    )
    pass(3540)
    expect((await own.keys.list()).map(({ state }) => state)).toEqual(['retiring', 'active'])
  })

  test('of any number of processes that find one due, one makes it', async () => {
    const { own, another, pass } = world()
    await own.issue(ada)
    const others = Array.from({ length: 8 }, () => another())
    for (const one of others) await one.jwks()
    pass(29 * DAY)
    await Promise.all([own, ...others].map((one) => one.jwks()))
    await settled()
    expect(await own.keys.list()).toHaveLength(2)
    for (const one of others) expect(await kids(one)).toEqual(await kids(own))
  })

  test('another algorithm comes the same way: what was signed before stays good', async () => {
    const { own, another, pass } = world({ rotation: { every: 30 * DAY, ahead: 3600 }, lifetime: DAY })
    const { access_token: old } = await own.issue(ada)
    const changed = another({ algorithm: 'ES256' })
    await changed.jwks()
    await settled()
    pass(3600)
    const { access_token: young } = await changed.issue(ada)
    expect(JSON.parse(Buffer.from(young.split('.')[0] as string, 'base64url').toString()).alg).toBe('ES256')
    for (const one of [own, changed])
      for (const token of [old, young]) expect(await one.verify(token)).toMatchObject({ subject: 'ada' })
  })

  test('remembered tokens stay remembered: a rotation keeps the key objects that there were', async () => {
    const { own } = world()
    const { access_token } = await own.issue(ada)
    await own.verify(access_token)
    await own.keys.rotate()
    await own.jwks()
    expect(own.verify(access_token)).not.toBeInstanceOf(Promise)
  })
})

describe('a key that someone else may have', () => {
  test('its tokens are refused at once, on every process; a new key signs; others stay good', async () => {
    const { own, another } = world()
    const other = another()
    const { access_token: stolen } = await own.issue(ada)
    expect(await other.verify(stolen)).toMatchObject({ subject: 'ada' })
    const { keys } = await own.keys.retire(kidOf(stolen))
    expect(keys.map(({ state }) => state)).toEqual(['active'])
    for (const one of [own, other]) {
      expect(await one.verify(stolen)).toMatchObject({ code: 'invalid_token' })
      expect(await kids(one)).not.toContain(kidOf(stolen))
    }
    const { access_token: fresh } = await own.issue(ada)
    expect(await other.verify(fresh)).toMatchObject({ subject: 'ada' })
  })

  test('the next key takes over where there is one; a dry run changes nothing; a name that is none is a TypeError', async () => {
    const { own } = world()
    const { keys } = await own.keys.rotate()
    const [active, next] = keys
    await own.keys.retire(active?.kid as string, { dryRun: true })
    expect((await own.keys.list()).map(({ kid }) => kid)).toEqual([active?.kid, next?.kid])
    const after = await own.keys.retire(active?.kid as string)
    expect(after.keys).toMatchObject([{ kid: next?.kid, state: 'active' }])
    await expect(own.keys.retire('nobody')).rejects.toThrow('there is no key nobody')
  })
})

describe('private keys at rest', () => {
  test('are sealed: nothing in the store tells them, and who lacks the secret is told so', async () => {
    const { own, store, another } = world({ seal })
    const { access_token } = await own.issue(ada)
    const text = store
      .scan('')
      .map(([, { value }]) => value)
      .join()
    expect(text).not.toMatch(/"(d|k)":/)
    expect(text).not.toContain(seal.toString('base64url'))
    expect(await another().verify(access_token)).toMatchObject({ subject: 'ada' })
    await expect(localIssuer({ issuer, audience, store }).issue(ada)).rejects.toThrow('is sealed; give the secret')
    await expect(another({ seal: Buffer.alloc(32, 8) }).issue(ada)).rejects.toThrow('no secret of `seal` opens')
  })

  test('the secret changes: the first of a list seals, all of them open', async () => {
    const { own, another } = world({ seal })
    const { access_token } = await own.issue(ada)
    const both = another({ seal: [Buffer.alloc(32, 9).toString('base64url'), seal] })
    expect(await both.verify(access_token)).toMatchObject({ subject: 'ada' })
  })

  test('a key that lay there in the clear, or under an older secret, is sealed under the new one', async () => {
    const { own, another, store } = world()
    const { access_token } = await own.issue(ada)
    const stored = () =>
      store
        .scan('')
        .map(([, { value }]) => value)
        .join()
    expect(stored()).toContain('"d"')
    const sealed = another({ seal })
    await sealed.jwks()
    await settled()
    expect(stored()).not.toContain('"d"')
    const renewed = another({ seal: [Buffer.alloc(32, 9), seal] })
    await renewed.jwks()
    await settled()
    expect(await another({ seal: Buffer.alloc(32, 9) }).verify(access_token)).toMatchObject({ subject: 'ada' })
  })

  test('a secret that is missing is no secret: a setting that was forgotten is told', () => {
    expect(() => world({ seal: undefined as never }).own).toThrow('localIssuer: seal must be')
  })

  test.each([['short'], [Buffer.alloc(31)], [[]], [`${seal.toString('base64url')}=`]])(
    'a secret that is none: %s',
    (wrong) => {
      expect(() => world({ seal: wrong as never })).toThrow('localIssuer: seal must be')
    },
  )
})

describe('when things are not as they were', () => {
  test('`ahead` is raised: what was published before does not keep a stolen key alive', async () => {
    const { own, another, pass } = world({ rotation: { every: 10 * DAY, ahead: 60 } })
    await own.keys.rotate().catch(() => {})
    await own.jwks()
    await own.keys.rotate()
    pass(60)
    const { access_token } = await own.issue(ada)
    const careful = another({ rotation: { every: 10 * DAY, ahead: DAY } })
    await careful.keys.retire(kidOf(access_token))
    expect(await careful.verify(access_token)).toMatchObject({ code: 'invalid_token' })
  })

  test('a process whose clock is behind that of the maker rotates and retires too', async () => {
    const { store, time } = world()
    const at = (seconds: number) => localIssuer({ issuer, audience, store, clock: () => time.now + seconds * 1000 })
    const { access_token } = await at(5).issue(ada)
    const behind = at(0)
    expect((await behind.keys.rotate()).keys.map(({ state }) => state)).toEqual(['active', 'next'])
    await behind.keys.retire(kidOf(access_token))
    expect(await behind.verify(access_token)).toMatchObject({ code: 'invalid_token' })
  })

  test('the store forgets: whoever signs puts the ring back, and its tokens stay good for those who start later', async () => {
    const { own, another, store } = world()
    const { access_token } = await own.issue(ada)
    for (const [key] of store.scan('')) store.commit([{ key, value: undefined }])
    await own.keys.rotate()
    expect(await another().verify(access_token)).toMatchObject({ subject: 'ada' })
  })

  test('a secret does not come beside public keys', async () => {
    const { own, another } = world()
    await own.jwks()
    await expect(another({ algorithm: 'HS256' }).issue(ada)).rejects.toThrow(
      'a secret and public keys do not stand in one ring',
    )
  })
})

test('an issuer that was given its keys has none to change', async () => {
  const { another } = world()
  const jwk = { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }
  const given = another({ keys: { keys: [jwk] } })
  expect(await given.keys.list()).toEqual([])
  await expect(given.keys.rotate()).rejects.toThrow('was given its keys')
  expect(() => another({ keys: { keys: [jwk] }, seal })).toThrow('keys must be left out')
})
