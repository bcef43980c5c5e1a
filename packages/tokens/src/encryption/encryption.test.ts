import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { isAuthError } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import fc from 'fast-check'
import { CompactEncrypt, exportJWK, generateKeyPair, importJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { type Jwk, localIssuer } from '../index.ts'
import { decryptBody, encryptBody, encryptedTokens, encryptToken } from './index.ts'
import { decryptJwe } from './jwe.ts'
import { encryptionKeys } from './key.ts'

const VECTORS = new URL('../../../../../shared/vectors/', import.meta.url)
const here = existsSync(VECTORS)
if (!here) console.warn('\n!!! ../shared/vectors is not here: 34 + 9 published JWE vectors are LEFT OUT\n')
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as T

const ec = await pair('ECDH-ES+A256KW')
const rsa = await pair('RSA-OAEP-256')
async function pair(alg: string): Promise<{ readonly privateJwk: Jwk; readonly publicJwk: Jwk }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { privateJwk: { ...(await exportJWK(privateKey)) }, publicJwk: { ...(await exportJWK(publicKey)) } }
}
const secret: Jwk = { kty: 'oct', k: Buffer.alloc(32, 5).toString('base64url') }
const reason = (result: object) => (isAuthError(result) ? `${result.code} ${result.reason}` : 'opened')

describe.skipIf(!here)('published vectors', () => {
  interface Crypto {
    readonly testGroups: readonly {
      readonly private?: Jwk
      readonly public?: Jwk
      readonly tests: readonly { readonly tcId: number; readonly jwe?: string; readonly result: string }[]
    }[]
  }
  test('Wycheproof json_web_crypto: the verdict of each of the 34 encryptions', async () => {
    const verdicts = await Promise.all(
      read<Crypto>('wycheproof/json_web_crypto_test.json').testGroups.flatMap((group) =>
        group.tests
          .filter(({ jwe }) => jwe !== undefined)
          .map(async ({ tcId, jwe, result }) => ({
            tcId,
            right: (await opens(jwe as string, group.private ?? (group.public as Jwk))) === (result === 'valid'),
          })),
      ),
    )
    expect(verdicts).toHaveLength(34)
    expect(verdicts.filter(({ right }) => !right)).toEqual([])
  })

  async function opens(jwe: string, key: Jwk): Promise<boolean> {
    try {
      return typeof (await decryptJwe(jwe, encryptionKeys('test', key), { limit: 1e6 })) !== 'string'
    } catch (error) {
      if (error instanceof TypeError) return false // the key is refused
      throw error
    }
  }

  interface Cookbook {
    readonly input: { readonly key?: Jwk; readonly pwd?: string; readonly plaintext: string }
    readonly output: { readonly compact?: string }
  }
  test('JOSE cookbook: of 9 compact encryptions 7 opened; RSA1_5 and zip refused', async () => {
    const opened: Record<string, string> = {}
    for (const name of readdirSync(new URL('jose-cookbook/jwe/', VECTORS)).toSorted()) {
      const { input, output } = read<Cookbook>(`jose-cookbook/jwe/${name}`)
      if (output.compact === undefined) continue
      const { alg } = JSON.parse(Buffer.from(output.compact.split('.')[0] as string, 'base64url').toString())
      const key = input.key ?? { kty: 'oct', k: Buffer.from(input.pwd as string).toString('base64url') }
      opened[name.split('.')[0] as string] = await text(output.compact, { ...key, alg }).then(
        (plain) => (plain === input.plaintext ? 'opened' : plain),
        (error: Error) => error.message.replace(/^.*: /, ''),
      )
    }
    const unserved = 'alg is not one that is offered for this kind of key'
    const others = Object.fromEntries(['5_2', '5_3', '5_4', '5_5', '5_6', '5_7', '5_8'].map((name) => [name, 'opened']))
    expect(opened).toEqual({ '5_1': unserved, ...others, '5_9': 'header' })
  })

  async function text(jwe: string, key: Jwk): Promise<string> {
    const result = await decryptJwe(jwe, encryptionKeys('test', key), { limit: 1e6 })
    return typeof result === 'string' ? result : Buffer.from(result.plaintext).toString()
  }
})

describe('bodies', () => {
  test.each([
    ['EC', ec.publicJwk, ec.privateJwk],
    ['RSA', rsa.publicJwk, rsa.privateJwk],
    ['a secret', secret, secret],
    ['a secret that wraps', { ...secret, alg: 'A256KW' }, { ...secret, alg: 'A256KW' }],
  ])('%s: whatever JSON can say comes back', async (_name, to, from) => {
    for (const value of [null, 1, 'é😀', [], { a: { b: [true] } }])
      expect(await decryptBody(await encryptBody(value, to), from)).toEqual({ value })
  })

  test('for another key, changed in any part, or none at all: invalid_request, and nothing of the cryptography is told', async () => {
    const jwe = await encryptBody({ a: 1 }, ec.publicJwk)
    const other = await pair('ECDH-ES+A256KW')
    expect(reason(await decryptBody(jwe, other.privateJwk))).toBe('invalid_request encryption.decrypt')
    const parts = jwe.split('.')
    for (const at of [2, 3, 4]) {
      const segment = parts[at] as string
      const flipped = Buffer.from(segment, 'base64url')
      flipped[0] = (flipped[0] as number) ^ 1
      const changed = parts.with(at, flipped.toString('base64url')).join('.')
      expect(reason(await decryptBody(changed, ec.privateJwk))).toBe('invalid_request encryption.decrypt')
    }
    for (const wrong of ['', 'a.b.c', `${jwe}=`, `${jwe}.`, ` ${jwe}`, 'x'.repeat(300_000), '....'])
      expect(reason(await decryptBody(wrong, ec.privateJwk))).toMatch(/encryption\.(malformed|length|header)/)
  })

  test('of two keys that would fit, none is tried', async () => {
    const jwe = await encryptBody(1, secret)
    const other = { ...secret, k: Buffer.alloc(32, 6).toString('base64url') }
    expect(reason(await decryptBody(jwe, { keys: [secret, other] }))).toBe('invalid_request encryption.key')
  })

  test('what is inside is read as strictly as any body', async () => {
    const seal = async (text: string) =>
      new CompactEncrypt(Buffer.from(text))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(Buffer.alloc(32, 5))
    for (const text of ['{"a":1,"a":2}', '\ufeff{}', '{', '{"__proto__":1}'])
      expect(reason(await decryptBody(await seal(text), secret))).toMatch(/^invalid_request json\./)
  })

  test('any text: an answer, never an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String(), { minLength: 5, maxLength: 5 }).map((all) => all.join('.')),
        ),
        async (jwe) => {
          expect(isAuthError(await decryptBody(jwe, secret))).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('known faults of the field', () => {
  const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  test('p2c bomb (jose 2022, 2024): a password-based sender cannot ask for minutes of work', async () => {
    const password = {
      kty: 'oct',
      k: Buffer.from('a password that is long').toString('base64url'),
      alg: 'PBES2-HS256+A128KW',
    }
    const [, ...rest] = (
      await new CompactEncrypt(Buffer.from('{}'))
        .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM' })
        .encrypt(Buffer.from('a password that is long'))
    ).split('.')
    const bomb = [
      header({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2s: 'AAAAAAAAAAAAAAAAAAAAAA', p2c: 2_000_000_000 }),
      ...rest,
    ].join('.')
    const start = performance.now()
    expect(reason(await decryptBody(bomb, password))).toBe('invalid_request encryption.decrypt')
    expect(performance.now() - start).toBeLessThan(200)
  })

  test('zip bomb (jose 2024): refused before anything is opened', async () => {
    const bomb = deflateRawSync(Buffer.alloc(10_000_000, ' '))
    const compressed = await new CompactEncrypt(bomb)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' } as never)
      .encrypt(Buffer.alloc(32, 5))
      .catch(
        () => `${header({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`,
      )
    expect(reason(await decryptBody(compressed, secret))).toBe('invalid_request encryption.header')
  })

  test('the sender does not choose: neither a key of its own nor an algorithm that the key is not for', async () => {
    const jwe = await encryptBody(1, ec.publicJwk)
    const [, ...rest] = jwe.split('.')
    const own = JSON.parse(Buffer.from(jwe.split('.')[0] as string, 'base64url').toString())
    for (const [more, why] of [
      [{ jwk: ec.publicJwk }, 'header'],
      [{ crit: ['x'] }, 'header'],
      [{ alg: 'dir' }, 'key'],
      [{ alg: 'RSA1_5' }, 'key'],
      [{ enc: 'A128CBC' }, 'algorithm'],
      [{ kid: 'other' }, 'decrypt'],
    ] as const)
      expect(reason(await decryptBody([header({ ...own, ...more }), ...rest].join('.'), ec.privateJwk))).toBe(
        `invalid_request encryption.${why}`,
      )
  })

  test.each([
    [{ ...rsa.publicJwk, alg: 'RSA1_5' }, 'alg is not one that is offered'],
    [{ ...rsa.publicJwk, e: 'Aw' }, 'its exponent'],
    [{ kty: 'RSA', n: Buffer.alloc(128, 255).toString('base64url'), e: 'AQAB' }, 'its modulus has 1024 bits'],
    [{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }, 'its curve is not for key agreement'],
    [{ kty: 'oct', k: 'AAAA' }, 'the secret has 3 bytes'],
    [{ ...secret, alg: 'A128KW' }, 'the secret has 32 bytes, and A128KW needs 16'],
    [{ ...ec.publicJwk, use: 'sig' }, 'use is not enc'],
    [{}, 'no encryption algorithm'],
  ])('keys that are refused: %j', async (jwk, why) => {
    await expect(encryptBody(1, jwk as Jwk)).rejects.toThrow(why)
  })
})

describe('tokens', () => {
  const issuer = 'https://issuer.test'
  const own = localIssuer({ issuer, audience: issuer, store: memoryStore() })
  const judge = encryptedTokens(own, {
    keys: {
      keys: [
        { ...ec.privateJwk, kid: 'a' },
        { ...rsa.privateJwk, kid: 'b' },
      ],
    },
  })
  const issued = async (key: Jwk = { ...ec.publicJwk, kid: 'a' }) =>
    encryptToken(await own.issue({ subject: 'ada' }), key)

  test('an encrypted token is judged by what is inside, at once when it was opened before, and revoked like any other', async () => {
    for (const key of [
      { ...ec.publicJwk, kid: 'a' },
      { ...rsa.publicJwk, kid: 'b' },
    ]) {
      const { access_token } = await issued(key)
      expect(access_token.split('.')).toHaveLength(5)
      expect(await own.verify(access_token)).toMatchObject({ code: 'invalid_token' })
      const principal = await judge.verify(access_token)
      expect(principal).toMatchObject({ subject: 'ada' })
      expect(judge.verify(access_token)).not.toBeInstanceOf(Promise)
      await own.revoke(principal as never)
      expect(await judge.verify(access_token)).toMatchObject({ reason: 'token.revoked' })
    }
  })

  test('a plain token is not its; one for another key, or with nothing good inside, is refused', async () => {
    expect(judge.verify((await own.issue({ subject: 'ada' })).access_token)).toBeUndefined()
    const other = await pair('ECDH-ES+A256KW')
    expect(await judge.verify((await issued({ ...other.publicJwk, kid: 'a' })).access_token)).toMatchObject({
      reason: 'token.encryption',
    })
    const key = await importJWK({ ...ec.publicJwk } as never, 'ECDH-ES')
    const empty = await new CompactEncrypt(Buffer.from('no token'))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: 'a' })
      .encrypt(key)
    expect(await judge.verify(empty)).toMatchObject({ code: 'invalid_token' })
  })

  test('wrong options', () => {
    expect(() => encryptedTokens({} as never, { keys: secret })).toThrow('takes a verifier')
    expect(() => encryptedTokens(own, { keys: secret, cache: { entries: 0 } })).toThrow('cache must be')
    expect(() => encryptedTokens(own, { keys: { keys: [] } })).toThrow('1 to 100 keys')
  })
})
