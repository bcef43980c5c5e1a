import { inspect } from 'node:util'
import { isUnavailable } from '@countersign/http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashPassword, needsRehash, verifyPassword } from './index.ts'

describe('hashPassword', () => {
  it('makes an argon2id PHC string with the OWASP parameters, of 97 characters', async () => {
    const hash = await hashPassword('pwdforapitest')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(hash).toHaveLength(97)
  })

  it('makes another hash each time', async () => {
    expect(await hashPassword('same')).not.toBe(await hashPassword('same'))
  })

  it('makes hashes that verify the password, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), async (one, other) => {
        const hash = await hashPassword(one)
        expect(await verifyPassword(one, hash)).toBe(true)
        expect(await verifyPassword(other, hash)).toBe(one === other)
      }),
      { numRuns: 20 },
    )
  })

  it('takes the password as it is: no trimming, no Unicode normalisation', async () => {
    const hash = await hashPassword('caf\u00e9')
    expect(await verifyPassword('cafe\u0301', hash)).toBe(false)
    expect(await verifyPassword(' caf\u00e9', hash)).toBe(false)
  })

  it('takes 1024 bytes of UTF-8 and refuses 1025, without showing them', async () => {
    const long = `${'é'.repeat(511)}zz`
    expect(await verifyPassword(long, await hashPassword(long))).toBe(true)
    const error = await hashPassword(`${long}z`).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RangeError)
    expect((error as Error).message).toContain('at most 1024 bytes')
    expect(inspect(error)).not.toContain('éé')
  })

  it.each([[undefined], [42], [Buffer.from('x')], ['\ud800']])(
    'refuses %j: no well-formed string',
    async (password) => {
      await expect(hashPassword(password as string)).rejects.toThrow(TypeError)
    },
  )
})

describe('verifyPassword', () => {
  it('is false for what hashPassword refuses, and tells no two lone surrogates apart as one', async () => {
    const hash = await hashPassword('\ufffd')
    expect(await verifyPassword('\ud800', hash)).toBe(false)
    expect(await verifyPassword('x'.repeat(1025), hash)).toBe(false)
  })

  it('throws for a password that is no string', async () => {
    await expect(verifyPassword(undefined as unknown as string, await hashPassword('undefined'))).rejects.toThrow(
      TypeError,
    )
  })
})

describe('needsRehash', () => {
  it('is false for what hashPassword makes today', async () => {
    expect(needsRehash(await hashPassword('x'))).toBe(false)
  })

  it.each([
    ['weaker', 'm=7168,t=2,p=1'],
    ['stronger', 'm=65536,t=2,p=1'],
    ['with more passes', 'm=19456,t=3,p=1'],
    ['with more lanes', 'm=19456,t=2,p=4'],
  ])('is true for a hash that is %s', async (_what, parameters) => {
    expect(needsRehash((await hashPassword('x')).replace('m=19456,t=2,p=1', parameters))).toBe(true)
  })

  it('is true for another version, algorithm or kind, and never throws', async () => {
    const hash = await hashPassword('x')
    for (const other of [
      hash.replace('v=19', 'v=16'),
      hash.replace('argon2id', 'argon2i'),
      '',
      '!',
      'plain',
      `${hash}\n`,
    ]) {
      expect(needsRehash(other)).toBe(true)
    }
  })
})

describe('a burst of hashes', () => {
  it('is done as far as 32 fit in the queue; the others are Unavailable at once, not later', async () => {
    const started = performance.now()
    const refusedAt: number[] = []
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, () =>
        hashPassword('x').catch((error: unknown) => {
          refusedAt.push(performance.now() - started)
          throw error
        }),
      ),
    )
    const took = performance.now() - started
    const refused = results.filter((result) => result.status === 'rejected')
    expect(results.length - refused.length).toBeGreaterThanOrEqual(34)
    expect(results.length - refused.length).toBeLessThanOrEqual(35)
    expect(refused.every(({ reason }) => isUnavailable(reason))).toBe(true)
    expect(Math.max(...refusedAt)).toBeLessThan(took / 2)
    expect(await hashPassword('afterwards all is as before')).toMatch(/^\$argon2id/)
  })
})
