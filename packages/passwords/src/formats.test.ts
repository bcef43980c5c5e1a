import { argon2Sync } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hashPassword, needsRehash, verifyPassword } from './index.ts'

const PASSWORD = 'pässword £1'

/** Known answers. Each was made by another program than the one under test; `made` says how. */
const KNOWN: readonly { readonly made: string; readonly password: string; readonly hash: string }[] = [
  // werkzeug 3.1.8: python3 -c "from werkzeug.security import *; print(generate_password_hash('pässword £1', method=…))"
  {
    made: 'werkzeug 3.1.8, scrypt:1024:8:1',
    password: PASSWORD,
    hash: 'scrypt:1024:8:1$0dcfI9cwatoBmQ6W$a385bf5f4d0b1c113e883bd1f365681bec0e0e8dddd5fc60ef6c2ee864cd5469caefd75042e59ee38ddd9918a919380820e7d9485647c292fd004fd7d651dcb0',
  },
  {
    made: 'werkzeug 3.1.8, its default scrypt:32768:8:1',
    password: PASSWORD,
    hash: 'scrypt:32768:8:1$CHEZHQwZLXIglyQQ$df18d7e1fe1d56cd48bda810e3055e34926756bfbde55719c368eba5f400862a062638f7f46b239b58dd6ad0aa8152443b39e9cae08a3f5835ff31effe1df659',
  },
  {
    made: 'werkzeug 3.1.8, pbkdf2:sha256:1000',
    password: PASSWORD,
    hash: 'pbkdf2:sha256:1000$3lOvczkKhVSyDpD3$77420db401abe6b0e05405ed39462255ba0d0a76cce83b78b348f3b28b601245',
  },
  {
    made: 'werkzeug 3.1.8, its default pbkdf2:sha256:1000000',
    password: PASSWORD,
    hash: 'pbkdf2:sha256:1000000$quxrwWdWBkmhkhIv$69613b75c7c417cb696fb5fb7dd9ba608151b8ce0689f26ad0e6a8fc64990292',
  },
  {
    made: 'werkzeug 3.1.8, pbkdf2:sha1:1000',
    password: PASSWORD,
    hash: 'pbkdf2:sha1:1000$98tzvBSXWpSn6fT9$646ebbb947f66d6a365699ec64be7e270ad25815',
  },
  {
    made: 'werkzeug 3.1.8, pbkdf2:sha512:1000',
    password: PASSWORD,
    hash: 'pbkdf2:sha512:1000$MKhlGY6Ws9SQmKJc$ff3f94aa6b961d47014224eec8d29a7543daca151a983543f6df3abc4846c05e46ac377040d8949d23a893b9ab4fb57ff7d1269f5bb035151d86abaa4b3eb063',
  },
  // python3 -c "import hashlib, base64; print(base64.b64encode(hashlib.pbkdf2_hmac('sha256', 'pässword £1'.encode(), b'seasalt2', 1000)))"
  {
    made: 'hashlib.pbkdf2_hmac in the layout of Django’s PBKDF2PasswordHasher',
    password: PASSWORD,
    hash: 'pbkdf2_sha256$1000$seasalt2$pgUDufGHogzEkqLeEeOPvuqdeRtcRTKcd0IhNwpyhh0=',
  },
  {
    made: 'hashlib.pbkdf2_hmac in the layout of Django’s PBKDF2SHA1PasswordHasher',
    password: PASSWORD,
    hash: 'pbkdf2_sha1$1000$seasalt2$KdIH5HCgI62yBf9jTx4u3eEwPwI=',
  },
  // libxcrypt: perl -e 'print crypt("p\xc3\xa4ssword \xc2\xa31", q($2b$05$CCCCCCCCCCCCCCCCCCCCC.))'
  {
    made: 'libxcrypt, $2a$',
    password: PASSWORD,
    hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.nKleQro3GXPboa2QfMJq8UUsBSulxxO',
  },
  {
    made: 'libxcrypt, $2b$',
    password: PASSWORD,
    hash: '$2b$05$CCCCCCCCCCCCCCCCCCCCC.nKleQro3GXPboa2QfMJq8UUsBSulxxO',
  },
  {
    made: 'libxcrypt, $2y$',
    password: PASSWORD,
    hash: '$2y$05$CCCCCCCCCCCCCCCCCCCCC.nKleQro3GXPboa2QfMJq8UUsBSulxxO',
  },
  {
    made: 'libxcrypt, 72 bytes of password',
    password: 'a'.repeat(72),
    hash: '$2b$05$CCCCCCCCCCCCCCCCCCCCC.ODcEJfYFxKziEakDsjep8mcF3zSCvHq',
  },
  {
    made: 'crypt_blowfish, its own test vector',
    password: 'U*U',
    hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  },
  {
    made: 'phc-winner-argon2 test.c, argon2id v=19',
    password: 'password',
    hash: '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  },
  {
    made: 'phc-winner-argon2 test.c, argon2i without v, which is v=16',
    password: 'password',
    hash: '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
  },
  {
    made: 'RFC 7914 section 12, second vector',
    password: 'password',
    hash: 'scrypt:1024:8:16$NaCl$fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
  },
  {
    made: 'RFC 7914 section 12, third vector',
    password: 'pleaseletmein',
    hash: 'scrypt:16384:8:1$SodiumChloride$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  },
  {
    made: 'RFC 7914 section 11, first vector (its first 32 bytes are the 32-byte key)',
    password: 'passwd',
    hash: 'pbkdf2:sha256:1$salt$55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc',
  },
  {
    made: 'RFC 7914 section 11, second vector',
    password: 'Password',
    hash: 'pbkdf2:sha256:80000$NaCl$4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56',
  },
  {
    made: 'RFC 6070 section 2, 4096 iterations',
    password: 'password',
    hash: 'pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1',
  },
]

describe('a hash made elsewhere', () => {
  it.each(KNOWN)('is verified: $made', async ({ password, hash }) => {
    expect(await verifyPassword(password, hash)).toBe(true)
    expect(await verifyPassword(`${password.slice(0, -1)}!`, hash)).toBe(false)
    expect(needsRehash(hash)).toBe(true)
  })

  it.each(KNOWN)('is refused when one character of its digest differs: $made', async ({ password, hash }) => {
    const at = hash.length - 4
    const other = hash[at] === 'a' ? 'b' : 'a'
    expect(await verifyPassword(password, hash.slice(0, at) + other + hash.slice(at + 1))).toBe(false)
  })
})

/** node:crypto has argon2 from Node 24.7 on. */
const witnessed = it.skipIf(typeof argon2Sync !== 'function')

describe('argon2', () => {
  // @node-rs/argon2 takes no associated data, which both vectors have: node:crypto stands between them and us.
  const vector = {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    parallelism: 4,
    tagLength: 32,
    memory: 32,
    passes: 3,
  }

  witnessed.each([
    ['argon2i', '5.2', 'c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8'],
    ['argon2id', '5.3', '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'],
  ] as const)('of node:crypto, the witness, gives the %s tag of RFC 9106 section %s', (algorithm, _section, tag) => {
    expect(argon2Sync(algorithm, vector).toString('hex')).toBe(tag)
  })

  witnessed.each([
    ['argon2id', 19456, 2, 1, 32],
    ['argon2id', 64, 3, 4, 16],
    ['argon2i', 256, 4, 2, 64],
  ] as const)(
    'agrees with that witness: %s m=%i,t=%i,p=%i, %i bytes',
    async (algorithm, memory, passes, lanes, length) => {
      const salt = Buffer.from('sixteen bytes ok')
      const options = { message: PASSWORD, nonce: salt, parallelism: lanes, tagLength: length, memory, passes }
      const hash = phc(algorithm, memory, passes, lanes, salt, argon2Sync(algorithm, options))
      expect(await verifyPassword(PASSWORD, hash)).toBe(true)
      expect(await verifyPassword(`${PASSWORD} `, hash)).toBe(false)
    },
  )

  witnessed('hashes of ours are what that witness derives from their salt', async () => {
    const hash = await hashPassword(PASSWORD)
    const [, , , , salt = '', digest] = hash.split('$')
    const options = { parallelism: 1, tagLength: 32, memory: 19456, passes: 2 }
    const witness = argon2Sync('argon2id', { message: PASSWORD, nonce: Buffer.from(salt, 'base64'), ...options })
    expect(digest).toBe(bare(witness))
  })
})

describe('a cap on what a stored hash may ask for', () => {
  const salt = Buffer.alloc(16)
  const digest = Buffer.alloc(32)
  it.each([
    ['memory', phc('argon2id', 262145, 1, 1, salt, digest), /argon2id hash asks for m .* 262145; at most 262144/],
    ['passes', phc('argon2i', 64, 65, 1, salt, digest), /argon2i hash asks for t .* 65; at most 64/],
    ['work', phc('argon2id', 262144, 5, 1, salt, digest), /m × t .* 1310720; at most 1048576/],
    ['lanes', phc('argon2id', 19456, 2, 17, salt, digest), /p \(lanes\) = 17; at most 16/],
    [
      'RFC 7914 section 12, fourth vector: 1 GiB',
      `scrypt:1048576:8:1$SodiumChloride$${'00'.repeat(64)}`,
      /128 × N × r/,
    ],
    ['scrypt lanes', `scrypt:1024:8:17$salt$${'00'.repeat(64)}`, /p \(lanes\) = 17; at most 16/],
    ['werkzeug iterations', `pbkdf2:sha256:5000001$salt$${'00'.repeat(32)}`, /iterations = 5000001; at most 5000000/],
    ['Django iterations', `pbkdf2_sha256$5000001$salt$${digest.toString('base64')}`, /iterations = 5000001/],
    ['bcrypt cost', '$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', /cost = 15; at most 14/],
  ])('is named, before any work: %s', async (_what, hash, message) => {
    const started = performance.now()
    const error = await verifyPassword('x', hash).catch((reason: unknown) => reason)
    expect(performance.now() - started).toBeLessThan(200)
    expect(error).toBeInstanceOf(RangeError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain(hash.slice(-16))
  })
})

describe('what is no hash of a known format', () => {
  it.each([
    ['a password in the clear', 'correct horse battery staple'],
    ['nothing', ''],
    ['a digest of no bytes, which every password would have', 'pbkdf2:sha256:1000$salt$'],
    ['a digest cut to 4 bytes', '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAA'],
    ['a digest of another length than its hash', `pbkdf2:sha256:1000$salt$${'00'.repeat(20)}`],
    [
      'base64 in another spelling',
      '$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHR$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    ['argon2d', '$argon2d$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['less memory than RFC 9106 section 3.1 allows', phc('argon2id', 31, 1, 4, Buffer.alloc(16), Buffer.alloc(32))],
    ['zero passes', '$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['an N that is no power of two (RFC 7914 section 2)', `scrypt:1000:8:1$salt$${'00'.repeat(64)}`],
    ['a bare MD5', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['2,000 characters', `pbkdf2:sha256:1$${'s'.repeat(2000)}$${'00'.repeat(32)}`],
  ])('is refused without being shown: %s', async (_what, hash) => {
    const error = await verifyPassword('x', hash).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain('no known format')
    if (hash) expect((error as Error).message).not.toContain(hash)
    expect(needsRehash(hash)).toBe(true)
  })

  it('never makes the readers throw anything else, or hang', async () => {
    const alphabet = [
      ...'$:,=mtpv1290ab/+.',
      'argon2id',
      'scrypt',
      'pbkdf2',
      '_sha256',
      '$2b$',
      'AAAAAAAAAAAAAAAAAAAAAA',
    ]
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...alphabet), { maxLength: 40 }).map((all) => all.join('')),
    )
    await fc.assert(
      fc.asyncProperty(text, async (hash) => {
        const result = await verifyPassword('x', hash).catch((error: unknown) => error)
        expect(result === false || result instanceof TypeError || result instanceof RangeError).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('bcrypt', () => {
  const of72 = '$2b$05$CCCCCCCCCCCCCCCCCCCCC.ODcEJfYFxKziEakDsjep8mcF3zSCvHq'

  afterEach(() => {
    vi.doUnmock('bcryptjs')
    vi.resetModules()
  })

  it('refuses a password over 72 bytes, whose first 72 would match', async () => {
    expect(await verifyPassword('a'.repeat(73), of72)).toBe(false)
  })

  it('refuses a password with a NUL, which repeats it', async () => {
    const hash = (await import('bcryptjs')).hashSync('a', 4)
    expect(await verifyPassword('a', hash)).toBe(true)
    expect(await verifyPassword('a\0a', hash)).toBe(false)
  })

  it('says what to install when bcryptjs is missing', async () => {
    vi.resetModules()
    vi.doMock('bcryptjs', () => {
      throw new Error("Cannot find package 'bcryptjs'")
    })
    const fresh = await import('./index.ts')
    await expect(fresh.verifyPassword('a', of72)).rejects.toThrow('npm i bcryptjs')
    const login = fresh.passwordLogin({ find: () => ({ subject: 'old', passwordHash: of72 }) })
    const events: unknown[] = []
    const listen = (event: unknown) => events.push(event)
    subscribe('countersign:unreadable-hash', listen)
    const wrong = await login.verify({ username: 'old', password: 'a'.repeat(72) })
    unsubscribe('countersign:unreadable-hash', listen)
    expect(wrong).toMatchObject({ code: 'invalid_credentials', reason: 'password.wrong' })
    expect(events).toMatchObject([{ subject: 'old', reason: 'bcryptjs' }])
  })
})

function phc(algorithm: string, memory: number, passes: number, lanes: number, salt: Buffer, digest: Buffer): string {
  return `$${algorithm}$v=19$m=${memory},t=${passes},p=${lanes}$${bare(salt)}$${bare(digest)}`
}

function bare(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
