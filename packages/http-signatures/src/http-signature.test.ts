import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { isAuthError, type Message, Unavailable } from '@countersign/http'
import { allOf, apiKey, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { keyFor, signatureOf } from './algorithm.ts'
import {
  contentDigest,
  type HttpSignatureOptions,
  httpSignature,
  type SignatureKey,
  signAnswers,
  signedFetch,
} from './index.ts'
import { component, fieldsOf, signer } from './make-signature.ts'
import type { SigningOptions } from './signing-options.ts'

const ORIGIN = 'https://api.acme.com'
const NOW = 1_700_000_000
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const secret = randomBytes(32)

const KEYS = {
  ed: { algorithm: 'ed25519', key: publicKey, subject: 'ed' },
  rsa: { algorithm: 'rsa-pss-sha512', key: rsa.publicKey, subject: 'rsa' },
  p384: { algorithm: 'ecdsa-p384-sha384', key: p384.publicKey, subject: 'p384' },
  hmac: { algorithm: 'hmac-sha256', key: secret, subject: 'hmac' },
} satisfies Record<string, SignatureKey>

type Options = Partial<HttpSignatureOptions<SignatureKey, unknown>>
const scheme = (options: Options = {}) =>
  httpSignature({
    origin: ORIGIN,
    keys: KEYS,
    replay: memoryStore(),
    clock: () => NOW * 1000,
    ...options,
  } as HttpSignatureOptions<SignatureKey, unknown>)

function message(rawHeaders: readonly string[], method = 'GET', url = '/orders?page=1'): Message {
  return { rawHeaders, headers: {}, method, url, socket: {} }
}

const ED = { keyid: 'ed', algorithm: 'ed25519', key: privateKey, clock: () => NOW * 1000 } as const

/** A request signed as it is told, at any time, by any key. */
function signed(
  names: readonly string[] = ['@method', '@target-uri'],
  options: Partial<SigningOptions> = {},
  more: readonly string[] = [],
): Message {
  const { sign } = signer('test', { ...ED, ...options })
  const covered = { method: 'GET', url: `${ORIGIN}/orders?page=1`, rawHeaders: more }
  const fields = sign(
    covered,
    names.map((name) => component(name)),
  )
  return message([...more, ...Object.entries(fields).flat()])
}

/** Signed with exactly these parameters. */
function withParameters(parameters: readonly (readonly [string, string | number | boolean])[]): Message {
  const key = keyFor('test', 'ed25519', privateKey, 'sign')
  const covered = { method: 'GET', url: `${ORIGIN}/orders?page=1`, rawHeaders: [] }
  const parts = [component('@method'), component('@target-uri')]
  const fields = fieldsOf('sig', covered, parts, new Map(parameters), (base) => signatureOf('ed25519', key, base))
  return message(Object.entries(fields).flat())
}

async function outcome(request: Message, options: Options | ReturnType<typeof scheme> = {}) {
  const judge = 'verify' in options ? options : scheme(options)
  const presented = judge.read(request)
  if (presented === undefined) return 'absent'
  if (isAuthError(presented)) return `${presented.code} ${presented.reason}`
  const verified = await judge.verify(presented, request)
  return isAuthError(verified) ? `${verified.code} ${verified.reason}` : verified?.subject
}

const GOOD = [
  ['created', NOW],
  ['keyid', 'ed'],
  ['nonce', 'n-1'],
] as const
const REPLACED = (name: string, value: string | number | boolean) =>
  GOOD.map((one) => (one[0] === name ? ([name, value] as const) : one))
const WITHOUT = (name: string) => GOOD.filter((one) => one[0] !== name)

describe('what a signature proves', () => {
  test('every algorithm', async () => {
    expect(await outcome(signed())).toBe('ed')
    expect(await outcome(signed(undefined, { keyid: 'rsa', algorithm: 'rsa-pss-sha512', key: rsa.privateKey }))).toBe(
      'rsa',
    )
    expect(
      await outcome(signed(undefined, { keyid: 'p384', algorithm: 'ecdsa-p384-sha384', key: p384.privateKey })),
    ).toBe('p384')
    expect(await outcome(signed(undefined, { keyid: 'hmac', algorithm: 'hmac-sha256', key: secret }))).toBe('hmac')
    expect(await outcome(withParameters(GOOD))).toBe('ed')
  })

  test('who signed, with what the key source says of them, and never the key', async () => {
    const key = publicKey.export({ format: 'jwk' })
    const keys = { ed: { algorithm: 'ed25519', key, subject: 'ed', plan: 'pro' } } as const
    const typed = httpSignature({ origin: ORIGIN, keys, replay: false, clock: ED.clock })
    const caller = policy({ accept: typed })
    const request = signed()
    expect(await caller.check(request)).toBeUndefined()
    expectTypeOf(caller.principal(request).plan).toEqualTypeOf<'pro'>()
    expectTypeOf(caller.principal(request).subject).toEqualTypeOf<'ed'>()
    // @ts-expect-error the key stays behind
    void caller.principal(request).key
    expect(caller.principal(request)).toEqual({ subject: 'ed', plan: 'pro', credential: { id: 'ed' } })
    expect(inspect([typed, caller], { depth: 9 })).not.toContain(key.x)
  })

  test('keys may be looked up, and be PEM', async () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const asked: string[] = []
    const keys = async (keyid: string) => {
      asked.push(keyid)
      return keyid === 'ed' ? { algorithm: 'ed25519' as const, key: pem, subject: 'looked up' } : null
    }
    expect(await outcome(signed(), { keys })).toBe('looked up')
    expect(await outcome(signed(undefined, { keyid: 'else' }), { keys })).toBe('invalid_token signature.key')
    expect(asked).toEqual(['ed', 'else'])
  })

  test('a signature of another length is wrong, not a bug', async () => {
    const by = {
      rsa: ['rsa-pss-sha512', rsa.privateKey],
      p384: ['ecdsa-p384-sha384', p384.privateKey],
      hmac: ['hmac-sha256', secret],
      ed: ['ed25519', privateKey],
    } as const
    for (const [keyid, [algorithm, key]] of Object.entries(by))
      for (const length of [0, 1, 31, 32, 63, 64, 96, 256, 300]) {
        const request = signed(undefined, { keyid, algorithm, key })
        const rawHeaders = request.rawHeaders.map((one) =>
          one.replace(/^sig=:.*/, `sig=:${Buffer.alloc(length, 1).toString('base64')}:`),
        )
        expect(await outcome({ ...request, rawHeaders })).toBe('invalid_token signature.wrong')
      }
  })

  test('a store or key source that gives a thenable is waited for', async () => {
    const later = <T>(value: T) =>
      // biome-ignore lint/suspicious/noThenProperty: what a query builder gives
      ({ then: (next: (value: T) => unknown) => void next(value) }) as unknown as Promise<T>
    expect(await outcome(signed(), { replay: { commit: () => later(false) } })).toBe('invalid_token signature.replayed')
    expect(
      await outcome(signed(), { replay: { commit: () => later(true) }, keys: (keyid) => later(KEYS[keyid as 'ed']) }),
    ).toBe('ed')
    expect(await outcome(signed(), { replay: { commit: () => 'yes' as unknown as boolean } })).toBe(
      'invalid_token signature.replayed',
    )
  })

  test('beside another credential', async () => {
    const both = policy({
      accept: allOf(
        scheme(),
        apiKey(() => ({ subject: 'key' })),
      ),
    })
    const request = signed()
    expect(await both.check({ ...request, rawHeaders: [...request.rawHeaders, 'X-API-Key', 'k'] })).toBeUndefined()
    expect((await both.check(signed()))?.status).toBe(401)
  })
})

describe('what is refused, and why', () => {
  const wide = ['@method', '@target-uri', 'x-order']
  test.each<[string, string | undefined, Message, Options?]>([
    ['no signature', 'absent', message([])],
    ['covers no target', 'invalid_token signature.components', signed(['@method'])],
    ['covers no method', 'invalid_token signature.components', signed(['@target-uri'])],
    ['covers nothing', 'invalid_token signature.components', signed([])],
    ['less than the policy asks', 'invalid_token signature.components', signed(), { components: wide }],
    ['as much as the policy asks', 'ed', signed(wide, {}, ['X-Order', '7']), { components: wide }],
    [
      'covers what is not there',
      'invalid_token signature.component',
      message([...signed(wide, {}, ['X-Order', '7']).rawHeaders.slice(2)]),
    ],
    [
      'a covered header changed',
      'invalid_token signature.wrong',
      message(['X-Order', '8', ...signed(wide, {}, ['X-Order', '7']).rawHeaders.slice(2)]),
    ],
    [
      'a covered header twice',
      'invalid_token signature.wrong',
      message(['X-Order', '7', ...signed(wide, {}, ['X-Order', '7']).rawHeaders]),
    ],
    ['another method', 'invalid_token signature.wrong', { ...signed(), method: 'POST' }],
    ['another path', 'invalid_token signature.wrong', { ...signed(), url: '/orders/?page=1' }],
    ['another query', 'invalid_token signature.wrong', { ...signed(), url: '/orders?page=2' }],
    ['another origin', 'invalid_token signature.wrong', signed(), { origin: 'https://api.other.com' }],
    ['mounted', 'ed', { ...signed(), url: '/', originalUrl: '/orders?page=1' } as Message],
    ['an absolute target', 'ed', { ...signed(), url: 'https://evil.example/orders?page=1' }],
    ['a target that is none', 'invalid_token signature.component', { ...signed(), url: '*' }],
    ['an unknown key', 'invalid_token signature.key', signed(undefined, { keyid: 'nobody' })],
    ['a name that every object has', 'invalid_token signature.key', signed(undefined, { keyid: 'constructor' })],
    ['a key of another', 'invalid_token signature.wrong', signed(undefined, { key: other.privateKey })],
    ['no keyid', 'invalid_token signature.key', withParameters(WITHOUT('keyid'))],
    [
      'a keyid without end',
      'invalid_token signature.key',
      withParameters(REPLACED('keyid', 'x'.repeat(257))),
      { keys: { ['x'.repeat(257)]: KEYS.ed } },
    ],
    ['its alg', 'ed', withParameters([...GOOD, ['alg', 'ed25519']])],
    ['another alg', 'invalid_token signature.algorithm', withParameters([...GOOD, ['alg', 'hmac-sha256']])],
    ['no time', 'invalid_token signature.created', withParameters(WITHOUT('created'))],
    ['a time that is none', 'invalid_token signature.created', withParameters(REPLACED('created', `${NOW}`))],
    ['as old as it may be', 'ed', withParameters(REPLACED('created', NOW - 330))],
    ['too old', 'invalid_token signature.created', withParameters(REPLACED('created', NOW - 331))],
    ['of the future, by a little', 'ed', withParameters(REPLACED('created', NOW + 30))],
    ['of the future', 'invalid_token signature.created', withParameters(REPLACED('created', NOW + 31))],
    ['not expired', 'ed', withParameters([...GOOD, ['expires', NOW + 1]])],
    ['expired', 'invalid_token signature.expired', withParameters([...GOOD, ['expires', NOW - 30]])],
    ['an end that is none', 'invalid_token signature.expired', withParameters([...GOOD, ['expires', `${NOW + 99}`]])],
    ['no nonce', 'invalid_token signature.nonce', withParameters(WITHOUT('nonce'))],
    ['an empty nonce', 'invalid_token signature.nonce', withParameters(REPLACED('nonce', ''))],
    ['no nonce, which was waived', 'ed', withParameters(WITHOUT('nonce')), { replay: false }],
    ['of another tag', 'absent', signed(undefined, { tag: 'theirs' }), { tag: 'ours' }],
    ['of our tag', 'ed', signed(undefined, { tag: 'ours' }), { tag: 'ours' }],
    ['under another label', 'absent', signed(undefined, { label: 'theirs' }), { label: 'ours' }],
    ['under our label', 'ed', signed(undefined, { label: 'ours' }), { label: 'ours' }],
  ])('%s: %s', async (_what, expected, request, options) => {
    expect(await outcome(request, options)).toBe(expected)
  })

  test('several signatures: the one that is meant, else none', async () => {
    const [mine, theirs] = [
      signed(undefined, { label: 'mine', tag: 'api' }),
      signed(undefined, { label: 'theirs', key: other.privateKey }),
    ]
    const two = message([...theirs.rawHeaders, ...mine.rawHeaders])
    expect(await outcome(two)).toBe('invalid_request signature.several')
    expect(await outcome(two, { label: 'mine' })).toBe('ed')
    expect(await outcome(two, { tag: 'api' })).toBe('ed')
    expect(await outcome(two, { label: 'theirs' })).toBe('invalid_token signature.wrong')
    expect(await outcome(two, { label: 'theirs', tag: 'api' })).toBe('absent')
  })

  test('digests that cannot be judged', async () => {
    const names = ['@method', '@target-uri', 'content-digest']
    for (const [value, expected] of [
      ['md5=:AAAA:', 'invalid_request digest.malformed'],
      ['sha-256=abc', 'invalid_request digest.malformed'],
      [contentDigest('x'), 'invalid_token digest.wrong'],
      [contentDigest(''), 'ed'],
    ] as const)
      expect(await outcome(signed(names, {}, ['Content-Digest', value])), value).toBe(expected)
  })

  test('a representation digest that is covered is judged as the other is, and not where the body is something else', async () => {
    const [right, wrong] = [contentDigest(''), contentDigest('x')]
    const names = ['@method', '@target-uri', 'repr-digest']
    const both = [...names, 'content-digest']
    for (const [covered, more, expected] of [
      [names, ['Repr-Digest', right], 'ed'],
      [names, ['Repr-Digest', wrong], 'invalid_token digest.wrong'],
      [names, ['Repr-Digest', 'md5=:AAAA:'], 'invalid_request digest.malformed'],
      [names, ['Repr-Digest', right, 'Content-Encoding', 'gzip'], 'invalid_request digest.representation'],
      [names, ['Repr-Digest', right, 'Content-Range', 'bytes 0-0/9'], 'invalid_request digest.representation'],
      [both, ['Repr-Digest', right, 'Content-Digest', right], 'ed'],
      [both, ['Repr-Digest', wrong, 'Content-Digest', right], 'invalid_token digest.wrong'],
      [both, ['Repr-Digest', right, 'Content-Digest', wrong], 'invalid_token digest.wrong'],
      // One that nobody signed is nobody's word.
      [['@method', '@target-uri'], ['Repr-Digest', wrong, 'Content-Encoding', 'gzip'], 'ed'],
    ] as const)
      expect(await outcome(signed(covered, {}, more)), more.join(' ')).toBe(expected)
  })

  test.each([
    ['content-digest', 'key', 'sha-256'],
    ['repr-digest', 'sf', true],
  ] as const)('%s covered with %s is covered', async (field, parameter, value) => {
    const { sign } = signer('test', ED)
    for (const [body, expected] of [
      ['', 'ed'],
      ['x', 'invalid_token digest.wrong'],
    ] as const) {
      const more = [field, contentDigest(body)]
      const covered = { method: 'GET', url: `${ORIGIN}/orders?page=1`, rawHeaders: more }
      const parts = [component('@method'), component('@target-uri'), component(field, [[parameter, value]])]
      expect(await outcome(message([...more, ...Object.entries(sign(covered, parts)).flat()]))).toBe(expected)
    }
  })

  const input = 'sig=("@method");created=1;keyid="ed"'
  test.each([
    [['Signature-Input', input]],
    [['Signature', 'sig=:AAAA:']],
    [['Signature-Input', input, 'Signature', 'other=:AAAA:']],
    [['Signature-Input', input, 'Signature', 'sig=AAAA']],
    [['Signature-Input', input, 'Signature', 'sig=(:AAAA:)']],
    [['Signature-Input', 'sig="@method"', 'Signature', 'sig=:AAAA:']],
    [['Signature-Input', 'sig=(', 'Signature', 'sig=:AAAA:']],
    [['Signature-Input', 'sig=(token)', 'Signature', 'sig=:AAAA:']],
    [['Signature-Input', 'sig=("a" "a")', 'Signature', 'sig=:AAAA:']],
    [['Signature-Input', 'sig=("a";req;key="b" "a";key="b";req)', 'Signature', 'sig=:AAAA:']],
    [['Signature-Input', '', 'Signature', '']],
    [['Signature-Input', `sig=("@method" ${' '.repeat(16_384)})`, 'Signature', 'sig=:AAAA:']],
    [
      [
        'Signature-Input',
        `sig=(${Array.from({ length: 33 }, (_, at) => `"x-${at}"`).join(' ')})`,
        'Signature',
        'sig=:AAAA:',
      ],
    ],
    [Array.from({ length: 9 }, (_, at) => ['Signature-Input', `s${at}=("a")`, 'Signature', `s${at}=:AAAA:`]).flat()],
  ])('malformed: %j', async (rawHeaders) => {
    expect(await outcome(message(rawHeaders))).toBe('invalid_request signature.malformed')
  })

  test('used before, whichever label it has now; another nonce or another key is another', async () => {
    const judge = scheme({ replay: memoryStore({ clock: ED.clock }) })
    const one = withParameters(GOOD)
    expect(await outcome(one, judge)).toBe('ed')
    expect(await outcome({ ...one }, judge)).toBe('invalid_token signature.replayed')
    expect(await outcome(one, judge), 'the same request, behind another protect').toBe('ed')
    const relabelled = message(one.rawHeaders.map((value) => value.replace(/^sig=/, 'again=')))
    expect(await outcome(relabelled, judge)).toBe('invalid_token signature.replayed')
    expect(await outcome(withParameters(REPLACED('nonce', 'n-2')), judge)).toBe('ed')
  })

  test('a nonce is remembered as long as the signature is good, and only once it was right', async () => {
    const writes: unknown[] = []
    const replay = { commit: (given: readonly unknown[]) => writes.push(...given) > 0 }
    await outcome(withParameters(GOOD), { replay })
    await outcome(withParameters([...GOOD, ['expires', NOW + 10]]), { replay })
    await outcome(signed(undefined, { key: other.privateKey }), { replay })
    expect(writes).toMatchObject([
      { expected: null, value: '', expiresAt: (NOW + 331) * 1000 },
      { expected: null, value: '', expiresAt: (NOW + 41) * 1000 },
    ])
  })

  test('a store or a key source that is down is 503', async () => {
    const down = () => Promise.reject(new Unavailable('the store'))
    const caller = policy({ accept: scheme({ replay: { commit: down } }) })
    expect((await caller.check(signed()))?.status).toBe(503)
    expect((await policy({ accept: scheme({ keys: down }) }).check(signed()))?.status).toBe(503)
  })

  test('a key source that gives a wrong key is a bug', async () => {
    const keys = () => ({ algorithm: 'ed25519' as const, key: privateKey, subject: 'x' })
    await expect(outcome(signed(), { keys })).rejects.toThrow('the public one')
  })

  test('the challenge says what to cover', async () => {
    const caller = policy({ accept: scheme({ tag: 'api', components: ['@method', '@path', 'x-order'] }) })
    const refused = await caller.check(message([]))
    expect(refused?.headers['www-authenticate']).toBe(
      'Signature realm="api", components="@method @path x-order", body-components="content-digest", tag="api"',
    )
    const always = ['@method', '@target-uri', 'content-digest']
    const whole = await policy({ accept: scheme({ components: always }) }).check(message([]))
    expect(whole?.headers['www-authenticate']).toBe(
      'Signature realm="api", components="@method @target-uri content-digest"',
    )
  })
})

describe('options are checked where they are given', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const key = (algorithm: string, given: unknown) => ({ keys: { a: { algorithm, key: given, subject: 'a' } } })
  test.each<[object, string]>([
    [{ origin: 'http://api.acme.com' }, 'origin must be'],
    [{ origin: 'https://api.acme.com?x' }, 'origin must be'],
    [{ replay: undefined }, 'replay must be a store'],
    [{ replay: true }, 'replay must be a store'],
    [{ keys: undefined }, 'keys must be'],
    [{ keys: new Map() }, 'keys must be'],
    [key('none', publicKey), 'must be one of'],
    [key('constructor', publicKey), 'must be one of'],
    [key('rsa-pss-sha512', small), '2048 bits'],
    [key('rsa-pss-sha512', publicKey), '2048 bits'],
    [key('ed25519', privateKey), 'the public one'],
    [key('ed25519', privateKey.export({ format: 'jwk' })), 'the public one'],
    [key('ed25519', privateKey.export({ format: 'pem', type: 'pkcs8' })), 'the public one'],
    [key('ed25519', rsa.publicKey), 'an Ed25519 key'],
    [key('ecdsa-p256-sha256', p384.publicKey), 'P-256'],
    [key('hmac-sha256', 'short'), '32 bytes'],
    [key('hmac-sha256', publicKey), '32 bytes'],
    [key('hmac-sha256', { kty: 'oct', k: 'c2hvcnQ' }), '32 bytes'],
    [key('ed25519', 'nonsense'), 'an Ed25519 key'],
    [{ components: [] }, 'must have @method'],
    [{ components: ['@method'] }, 'must have @method'],
    [{ components: ['@target-uri'] }, 'must have @method'],
    [{ components: ['@method', '@target-uri', 'X-Order'] }, 'lower case'],
    [{ components: ['@method', '@target-uri', '@status'] }, 'lower case'],
    [{ components: ['@method', '@method', '@path'] }, 'components must be'],
    [{ tag: 'ü' }, 'tag must be'],
    [{ label: 'Sig' }, 'label must be'],
    [{ maxAge: 0 }, 'maxAge must be'],
    [{ leeway: 301 }, 'leeway must be'],
    [{ clock: 1 }, 'clock must be'],
    [{ realm: 'ü' }, 'realm must be'],
    [{ principal: 1 }, 'principal must be'],
    [{ component: [] }, 'did you mean "components"'],
  ])('%j', (options, says) => {
    expect(() => scheme(options as Options)).toThrow(TypeError)
    expect(() => scheme(options as Options)).toThrow(says)
  })

  test('of the signing side too, without the key in the message', () => {
    const make = (options: object) => () => signedFetch({ ...ED, ...options } as never)
    expect(make({ key: publicKey })).toThrow('the private one')
    expect(make({ keyid: undefined })).toThrow('keyid must be')
    expect(make({ keyid: 'ü' })).toThrow('keyid must be')
    expect(make({ expiresIn: 0 })).toThrow('expiresIn must be')
    expect(make({ digest: 'md5' })).toThrow('knows sha-256')
    expect(make({ fetch: 1 })).toThrow('fetch must be')
    expect(make({ nonce: 'x' })).toThrow('there are keyid')
    expect(() => signAnswers({ ...ED, origin: 'nowhere' })).toThrow('origin must be')
    const bad = randomBytes(20).toString('hex').slice(0, 31)
    expect(make({ algorithm: 'hmac-sha256', key: bad })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(bad) }),
    )
  })
})
