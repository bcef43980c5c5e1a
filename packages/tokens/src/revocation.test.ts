import { expect, test } from 'vitest'
import { revocations } from './revocation.ts'

const names = { jti: undefined, sid: undefined, sub: 'ada', kid: undefined, iat: 1000 }

test('expired revocations are dropped: memory is bounded by what is in force', () => {
  let now = 0
  const held = revocations('revoked:', () => now)
  for (let second = 0; second < 20_000; second++) {
    now = second * 1000
    held.apply([{ kind: 'jti', id: `${second}`, expiresAt: now + 100_000 }])
  }
  expect(held.size()).toBeLessThan(3000)
  expect(held.isRevoked({ ...names, jti: '19999' })).toBe(true)
  expect(held.isRevoked({ ...names, sid: '19999' })).toBe(false)
  now += 101_000
  expect(held.isRevoked({ ...names, jti: '19999' })).toBe(false)
})

test('a revocation is never cut short by a later one', () => {
  const held = revocations('revoked:', () => 50_000)
  held.apply([{ kind: 'sid', id: 's', expiresAt: 100_000 }])
  held.apply([{ kind: 'sid', id: 's', expiresAt: 10_000 }])
  expect(held.isRevoked({ ...names, sid: 's' })).toBe(true)
})

test('of a subject: what was issued up to that second is refused, what came later is not, nor is what another got', () => {
  const held = revocations('revoked:', () => 0)
  held.apply([{ kind: 'sub', id: 'ada', before: 1000, expiresAt: 9e9 }])
  held.apply([{ kind: 'sub', id: 'ada', before: 900, expiresAt: 9e9 }])
  const at = (iat: number | undefined, sub = 'ada') => held.isRevoked({ ...names, sub, iat })
  expect([at(999), at(1000), at(1001), at(undefined), at(999, 'bob')]).toEqual([true, true, false, true, false])
})

test('what one process writes another takes: every kind', () => {
  const writer = revocations('revoked:', () => 0)
  const reader = revocations('revoked:', () => 0)
  const list = [
    { kind: 'jti', id: 't', expiresAt: 1e9 },
    { kind: 'sid', id: 's', expiresAt: 1e9 },
    { kind: 'sub', id: 'bob', before: 5, expiresAt: 1e9 },
    { kind: 'kid', id: 'k', expiresAt: 1e9 },
  ] as const
  for (const { key, value, expiresAt } of writer.writes(list)) {
    expect(key).toMatch(/^revoked:(jti|sid|sub|kid):[A-Za-z0-9_-]{43}$/)
    reader.take(value, expiresAt)
  }
  const of = (what: object) => reader.isRevoked({ ...names, ...what })
  expect([of({ jti: 't' }), of({ sid: 's' }), of({ sub: 'bob', iat: 5 }), of({ kid: 'k' })]).toEqual(
    Array(4).fill(true),
  )
  expect(of({})).toBe(false)
  expect(reader.size()).toBe(4)
})

test.each(['"subject:ada"', '["role","admin"]', '["jti"]', '["sub","ada"]', '["jti","x",5]', '{', 'null'])(
  'a row that a newer version wrote, or nobody: nothing is judged, rather than let pass (%s)',
  (value) => {
    expect(() => revocations('revoked:', () => 0).take(value, 1e9)).toThrow('the feed of revocations does not answer')
  },
)

test('with many of them, each is found, and what is not there is not', () => {
  let now = 0
  const held = revocations('revoked:', () => now)
  const id = (number: number) =>
    Buffer.from(`${number}-${number * 7919}`)
      .toString('base64url')
      .padStart(22, 'x')
  for (let number = 0; number < 30_000; number++)
    held.apply([{ kind: number % 2 ? 'jti' : 'sid', id: id(number), expiresAt: 100_000 }])
  for (let number = 0; number < 30_000; number++) {
    const found = {
      jti: held.isRevoked({ ...names, jti: id(number) }),
      sid: held.isRevoked({ ...names, sid: id(number) }),
    }
    if (found.jti !== (number % 2 === 1) || found.sid !== (number % 2 === 0))
      throw new Error(`${number}: ${JSON.stringify(found)}`)
  }
  for (const strange of ['', 'x', 'é'.repeat(30)]) expect(held.isRevoked({ ...names, jti: strange })).toBe(false)
  now = 200_000
  for (let number = 0; number < 80_000; number++)
    held.apply([{ kind: 'jti', id: `late-${number}`, expiresAt: 300_000 }])
  expect(held.isRevoked({ ...names, jti: 'late-79999' })).toBe(true)
  expect(held.isRevoked({ ...names, jti: id(1) })).toBe(false)
})
