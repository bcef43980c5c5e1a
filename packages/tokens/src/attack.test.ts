import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isAuthError } from '@countersign/http'
import { memoryStore } from '@countersign/store'
import { describe, expect, test } from 'vitest'
import { AUDIENCE, encode, goodClaims, goodHeader, hmac, ISSUER, type Minted, mint, NOW, signer } from '../test/mint.ts'
import { importKeys, type JwtVerifier, legacyTokens, localIssuer, remoteIssuer } from './index.ts'

const rsa = signer('RS256')
const es = signer('ES256')
const now = NOW / 1000

/** The three kinds, each trusting the same key. */
const own = verifierOf('ES256')
const remote = remoteIssuer(ISSUER, {
  audience: AUDIENCE,
  jwksUri: 'https://issuer.test/jwks',
  fetch: async () => Response.json({ keys: [es.publicJwk] }),
  clock: () => NOW,
})
const legacy = legacyTokens({
  algorithms: ['ES256'],
  jwks: { keys: [es.publicJwk] },
  issuer: ISSUER,
  audience: AUDIENCE,
  type: 'at+jwt',
  clock: () => NOW,
})
const KINDS: readonly [string, JwtVerifier][] = [
  ['localIssuer', own],
  ['remoteIssuer', remote],
  ['legacyTokens', legacy],
]

function verifierOf(alg: 'ES256' | 'RS256'): JwtVerifier {
  const keys = { keys: [alg === 'ES256' ? es.jwk : rsa.jwk] }
  return localIssuer({ issuer: ISSUER, audience: AUDIENCE, store: memoryStore(), keys, clock: () => NOW })
}

async function reasonOf(verifier: JwtVerifier, token: string): Promise<string> {
  const result = await verifier.verify(token)
  if (result === undefined) return 'not mine'
  if (!isAuthError(result)) return 'accepted'
  expect(result.code).toBe('invalid_token')
  expect(Object.isFrozen(result)).toBe(true)
  return result.reason
}

const header = (more: Record<string, unknown>): Minted => ({ header: { ...goodHeader, ...more } })
const claims = (more: Record<string, unknown>): Minted => ({ claims: { ...goodClaims, ...more } })
const without = (name: string): Minted => {
  const { [name]: _, ...rest } = goodClaims as Record<string, unknown>
  return { claims: rest }
}
const text = JSON.stringify(goodClaims)
const head = JSON.stringify(goodHeader)
const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))

/** Each is signed well; each has the one defect that its name says. */
const SIGNED_WELL: readonly [id: string, what: string, defect: Minted, reason: string][] = [
  ['J04', 'header carries its own jwk', header({ jwk: es.publicJwk }), 'token.header.forbidden'],
  ['J05', 'header carries jku', header({ jku: 'https://evil.test/jwks' }), 'token.header.forbidden'],
  ['J05', 'header carries x5u', header({ x5u: 'https://evil.test/x5u' }), 'token.header.forbidden'],
  ['J05', 'header carries x5c', header({ x5c: ['MIIB'] }), 'token.header.forbidden'],
  ['J05', 'header carries jku null', header({ jku: null }), 'token.header.forbidden'],
  ['J06', 'kid is a path', header({ kid: '../../dev/null' }), 'token.key'],
  ['J06', 'kid is SQL', header({ kid: "x' UNION SELECT 'k" }), 'token.key'],
  ['J06', 'kid has 4 KiB', header({ kid: 'k'.repeat(4096) }), 'token.parse.kid'],
  ['J06', 'kid is __proto__', header({ kid: '__proto__' }), 'token.key'],
  ['J06', 'kid is an array', header({ kid: ['k1'] }), 'token.parse.kid'],
  ['J06', 'kid is a number', header({ kid: 1 }), 'token.parse.kid'],
  ['J06', 'kid is null', header({ kid: null }), 'token.parse.kid'],
  ['J08', 'crit unknown', header({ crit: ['x'], x: 1 }), 'token.header.forbidden'],
  ['J08', 'crit empty', header({ crit: [] }), 'token.header.forbidden'],
  ['J08', 'crit names alg', header({ crit: ['alg'] }), 'token.header.forbidden'],
  ['J08', 'crit with duplicates', header({ crit: ['b64', 'b64'], b64: true }), 'token.header.forbidden'],
  ['J08', 'b64 without crit', header({ b64: false }), 'token.header.forbidden'],
  ['J08', 'zip', header({ zip: 'DEF' }), 'token.header.forbidden'],
  ['J10', 'duplicate sub', { claims: text.replace('{', '{"sub":"eve",') }, 'token.parse.duplicate'],
  ['J10', 'duplicate exp', { claims: text.replace('{', '{"exp":1,') }, 'token.parse.duplicate'],
  ['J10', 'duplicate sub, escaped', { claims: text.replace('{', '{"s\\u0075b":"eve",') }, 'token.parse.duplicate'],
  [
    'J10',
    'duplicate deep inside',
    { claims: text.replace('{', '{"a":[{"b":{"c":1,"c":2}}],') },
    'token.parse.duplicate',
  ],
  ['J10', 'duplicate alg', { header: head.replace('{', '{"alg":"none",') }, 'token.parse.duplicate'],
  ['J11', 'BOM in the header', { header: bytes([0xef, 0xbb, 0xbf], head) }, 'token.parse.bom'],
  ['J11', 'BOM in the claims', { claims: bytes([0xef, 0xbb, 0xbf], text) }, 'token.parse.bom'],
  ['J11', 'bad UTF-8 in the header', { header: bytes('{"x":"', [0xff], '",', head.slice(1)) }, 'token.parse.utf8'],
  [
    'J11',
    'bad UTF-8 in the claims',
    { claims: bytes('{"x":"', [0xc0, 0xaf], '",', text.slice(1)) },
    'token.parse.utf8',
  ],
  ['J11', 'claims are no JSON', { claims: 'hello' }, 'token.parse.syntax'],
  ['J11', 'claims are an array', { claims: '[]' }, 'token.parse.claims'],
  ['J11', 'claims are null', { claims: 'null' }, 'token.parse.claims'],
  ['J11', 'header is an array', { header: '["ES256"]' }, 'token.parse.header'],
  ['J11', 'header without alg', { header: '{"typ":"at+jwt"}' }, 'token.parse.header'],
  ['J11', 'alg is an array', header({ alg: ['ES256'] }), 'token.parse.header'],
  [
    'J11',
    'claims name __proto__',
    { claims: text.replace('{', '{"__proto__":{"sub":"eve"},') },
    'token.parse.prototype',
  ],
  ['J11', 'claims 65 levels deep', { claims: `{"a":${'['.repeat(64)}${']'.repeat(64)}}` }, 'token.parse.depth'],
  ['J13', 'exp past the leeway', claims({ iat: now - 400, exp: now - 30 }), 'token.expired'],
  ['J13', 'nbf beyond the leeway', claims({ nbf: now + 31 }), 'token.early'],
  ['J13', 'iat beyond the leeway', claims({ iat: now + 31 }), 'token.early'],
  ['J13', 'exp missing', without('exp'), 'token.expiry'],
  ['J13', 'exp 1e309', { claims: text.replace(/"exp":\d+/, '"exp":1e309') }, 'token.date'],
  ['J13', 'exp a string', claims({ exp: `${now + 300}` }), 'token.date'],
  ['J13', 'exp negative', claims({ exp: -1 }), 'token.date'],
  ['J13', 'exp fractional', claims({ exp: now + 300.5 }), 'token.date'],
  ['J13', 'exp null', claims({ exp: null }), 'token.date'],
  ['J13', 'exp in milliseconds', claims({ exp: NOW + 300_000 }), 'token.lifetime'],
  ['J13', 'exp a day and a second after iat', claims({ exp: now + 86_401 }), 'token.lifetime'],
  [
    'J13',
    'no iat, exp in two days',
    { claims: { ...goodClaims, iat: undefined, exp: now + 172_800 } },
    'token.lifetime',
  ],
  ['J13', 'nbf a string', claims({ nbf: '0' }), 'token.date'],
  ['J13', 'iat fractional', claims({ iat: now + 0.5 }), 'token.date'],
  ['J13', 'auth_time a boolean', claims({ auth_time: true }), 'token.date'],
  ['J15', 'aud of another', claims({ aud: 'https://other.test' }), 'token.audience'],
  ['J15', 'aud with more behind', claims({ aud: `${AUDIENCE}.evil.test` }), 'token.audience'],
  ['J15', 'aud a prefix', claims({ aud: AUDIENCE.slice(0, -1) }), 'token.audience'],
  ['J15', 'aud in other case', claims({ aud: AUDIENCE.toUpperCase() }), 'token.audience'],
  ['J15', 'aud an array without ours', claims({ aud: ['a', 'b'] }), 'token.audience'],
  ['J15', 'aud an array with a number', claims({ aud: [AUDIENCE, 1] }), 'token.audience'],
  ['J15', 'aud an object', claims({ aud: { [AUDIENCE]: true } }), 'token.audience'],
  ['J15', 'aud missing', without('aud'), 'token.audience'],
  ['J15', 'aud empty', claims({ aud: [] }), 'token.audience'],
  ['J17', 'a DPoP proof by its typ', header({ typ: 'dpop+jwt' }), 'token.type'],
  ['J17', 'typ a number', header({ typ: 1 }), 'token.type'],
  ['J17', 'a refresh token by its type (Flask-JWT-Extended)', claims({ type: 'refresh' }), 'token.purpose'],
  ['J17', 'an ID token by its token_use (Cognito)', claims({ token_use: 'id' }), 'token.purpose'],
  ['J17', 'a refresh token by its token_use', claims({ token_use: 'refresh' }), 'token.purpose'],
  ['J17', 'a refresh token by its claim typ (Keycloak)', claims({ typ: 'Refresh' }), 'token.purpose'],
  ['J17', 'an offline token by its claim typ (Keycloak)', claims({ typ: 'Offline' }), 'token.purpose'],
  ['J17', 'an ID token by its claim typ (Keycloak)', claims({ typ: 'ID' }), 'token.purpose'],
  ['J17', 'a refresh token in any case', claims({ type: 'REFRESH' }), 'token.purpose'],
  ['D01', 'bound to a key (DPoP)', claims({ cnf: { jkt: 'thumbprint' } }), 'token.bound'],
  ['D01', 'bound to a certificate', claims({ cnf: { 'x5t#S256': 'thumbprint' } }), 'token.bound'],
  ['D01', 'bound to nothing that can be read', claims({ cnf: null }), 'token.bound'],
  ['', 'sub missing', without('sub'), 'token.subject'],
  ['', 'sub empty', claims({ sub: '' }), 'token.subject'],
  ['', 'sub an array', claims({ sub: ['anna'] }), 'token.subject'],
  ['', 'jti a number', claims({ jti: 7 }), 'token.claim'],
  ['', 'sid an object', claims({ sid: {} }), 'token.claim'],
  ['', 'iss an array (fast-jwt 2025)', claims({ iss: [ISSUER, 'https://evil.test'] }), 'token.issuer'],
  ['', 'iss of another', claims({ iss: 'https://evil.test' }), 'not mine'],
  ['', 'iss with a slash behind', claims({ iss: `${ISSUER}/` }), 'not mine'],
  ['', 'iss missing', without('iss'), 'not mine'],
]

describe.each(KINDS)('%s', (_name, verifier) => {
  test('control: the token without a defect passes', async () => {
    expect(await reasonOf(verifier, es.mint())).toBe('accepted')
    expect(await reasonOf(verifier, es.mint(claims({ aud: ['a', AUDIENCE] })))).toBe('accepted')
    expect(await reasonOf(verifier, es.mint(header({ kid: undefined })))).toBe('accepted')
    expect(await reasonOf(verifier, es.mint(header({ typ: 'application/AT+JWT' })))).toBe('accepted')
    expect(await reasonOf(verifier, es.mint(claims({ exp: now - 29, iat: now - 300 })))).toBe('accepted')
    expect(await reasonOf(verifier, es.mint(claims({ nbf: now + 30, iat: now + 30 })))).toBe('accepted')
    expect(await reasonOf(verifier, es.mint(claims({ exp: now + 86_400 })))).toBe('accepted')
  })

  test('control: what says that it is an access token, or says nothing of it, passes', async () => {
    for (const more of [
      { typ: 'Bearer' },
      { type: 'access' },
      { token_use: 'access' },
      { type: 'id' },
      { type: 1 },
      { typ: null },
    ])
      expect(await reasonOf(verifier, es.mint(claims(more))), JSON.stringify(more)).toBe('accepted')
  })

  test.each(SIGNED_WELL)('%s refuses a token well signed: %s', async (_id, _what, defect, reason) => {
    expect(await reasonOf(verifier, es.mint(defect))).toBe(reason)
  })

  test('J02 refuses alg none in any case', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', ' ES256', 'ES256 ', 'es256']) {
      const unsigned = mint(() => Buffer.alloc(0), header({ alg }))
      expect(await reasonOf(verifier, unsigned)).toBe('token.algorithm')
      expect(await reasonOf(verifier, es.mint(header({ alg })))).toBe('token.algorithm')
    }
    expect(
      await reasonOf(
        verifier,
        mint(() => Buffer.alloc(0)),
      ),
    ).toBe('token.signature')
  })

  test('J11 refuses each segment that is not canonical base64url', async () => {
    const good = es.mint()
    const parts = good.split('.') as [string, string, string]
    const spoiled = parts.flatMap((part, index) =>
      [
        `${part}=`,
        `${part}==`,
        `+${part.slice(1)}`,
        `/${part.slice(1)}`,
        `${part}\n`,
        ` ${part}`,
        bump(part),
        `${part}A`,
      ]
        .filter((one): one is string => one !== undefined)
        .map((one) => parts.with(index, one).join('.')),
    )
    for (const token of spoiled) expect(await reasonOf(verifier, token)).not.toBe('accepted')
    expect(await reasonOf(verifier, good)).toBe('accepted')
  })

  test('J11 refuses two, four and five segments', async () => {
    for (const token of ['', '.', '..', 'a', 'a.b', `${es.mint()}.`, `${es.mint()}.a.b`])
      expect(await reasonOf(verifier, token)).toMatch(/^token\.parse\./)
  })

  test('J21 refuses a token of 8193 bytes within 10 ms, and takes one of 8192', async () => {
    const sized = (size: number) => {
      for (let pad = 5400; ; pad++) {
        for (const kid of [{ kid: 'k1' }, { kid: 'k1', x: '' }, { kid: 'k1', x: '1' }]) {
          const token = es.mint({ ...claims({ pad: 'x'.repeat(pad) }), ...header(kid) })
          if (token.length === size) return token
        }
      }
    }
    expect(await reasonOf(verifier, sized(8192))).toBe('accepted')
    const started = performance.now()
    expect(await reasonOf(verifier, `${es.mint()}${'A'.repeat(8192)}`)).toBe('token.parse.length')
    expect(await reasonOf(verifier, 'A'.repeat(1 << 20))).toBe('token.parse.length')
    expect(performance.now() - started).toBeLessThan(10)
  })

  test('refuses a good signature over other claims, and a signature by another key', async () => {
    const [head = '', , signature] = es.mint().split('.')
    expect(await reasonOf(verifier, [head, encode({ ...goodClaims, sub: 'eve' }), signature].join('.'))).toBe(
      'token.signature',
    )
    expect(await reasonOf(verifier, signer('ES256').mint())).toBe('token.signature')
  })

  test('what an error shows the developer is short, printable and on one line', async () => {
    for (const alg of ['x\n\u001b[31mred', 'é'.repeat(500)]) {
      const error = await verifier.verify(es.mint(header({ alg })))
      if (!isAuthError(error)) throw new Error('accepted')
      expect(error.got).toMatch(/^[ -~]{1,83}$/)
    }
  })

  test('claims that look like an error of ours are claims', async () => {
    expect(await reasonOf(verifier, es.mint(claims({ '~error': true, code: 'ok' })))).toBe('accepted')
    expect(await reasonOf(verifier, signer('ES256').mint(claims({ '~error': true })))).toBe('token.signature')
    expect(await reasonOf(verifier, signer('ES256').mint(header({ '~error': true })))).toBe('token.signature')
  })
})

/** The last character with its unused bits set: the same bytes, another text. */
function bump(part: string): string | undefined {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  if (part.length % 4 === 0) return undefined
  return `${part.slice(0, -1)}${alphabet[alphabet.indexOf(part.at(-1) as string) + 1]}`
}

test('J03 refuses HS256 signed with the public key in every spelling', async () => {
  const verifier = verifierOf('RS256')
  expect(await reasonOf(verifier, rsa.mint())).toBe('accepted')
  const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string
  const pkcs1 = rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }) as string
  const modulus = Buffer.from(rsa.publicJwk.n as string, 'base64url')
  const der = rsa.publicKey.export({ format: 'der', type: 'spki' })
  const secrets = [pem, pem.trim(), `\n${pem}`, pkcs1, der, modulus, JSON.stringify(rsa.publicJwk), Buffer.alloc(0)]
  for (const secret of secrets) {
    for (const alg of ['HS256', 'HS384', 'HS512'])
      expect(await reasonOf(verifier, mint(hmac(secret, `sha${alg.slice(2)}`), header({ alg })))).toBe(
        'token.algorithm',
      )
  }
})

test('J05 makes no connection for jku and x5u', async () => {
  let connections = 0
  const server = createServer((_request, response) => response.end('{}')).on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const evil = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  for (const more of [{ jku: evil }, { x5u: evil }, { jku: evil, kid: 'unknown' }])
    expect(await reasonOf(own, es.mint(header(more)))).toBe('token.header.forbidden')
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(connections).toBe(0)
  server.close()
})

test('J17 refuses an ID token by its own claims, even for our audience, and one for the client', async () => {
  for (const claim of ['nonce', 'at_hash', 'c_hash']) {
    const idToken = es.mint({ ...header({ typ: 'JWT' }), ...claims({ [claim]: 'x' }) })
    expect(await reasonOf(remote, idToken)).toBe('token.purpose')
    expect(await reasonOf(own, idToken)).toBe('token.type')
  }
  expect(await reasonOf(remote, es.mint({ ...header({ typ: 'JWT' }), ...claims({ aud: 'client-1' }) }))).toBe(
    'token.audience',
  )
  expect(await reasonOf(remote, es.mint(header({ typ: 'JWT' })))).toBe('accepted')
  expect(await reasonOf(remote, es.mint(header({ typ: undefined })))).toBe('accepted')
})

test('a sub that is a number is a subject for legacyTokens alone', async () => {
  const token = es.mint(claims({ sub: 42 }))
  expect(await reasonOf(own, token)).toBe('token.subject')
  expect(await reasonOf(remote, token)).toBe('token.subject')
  expect(await legacy.verify(token)).toMatchObject({ subject: '42' })
})

test('J17 refuses a refresh token as an access token', async () => {
  const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store: memoryStore() })
  const { refresh_token } = await issuer.issue({ subject: 'anna' })
  expect(await reasonOf(issuer, refresh_token as string)).toBe('token.parse.segments')
})

test('J24 refuses a revoked token, and the same with = added', async () => {
  const issuer = localIssuer({ issuer: ISSUER, audience: AUDIENCE, store: memoryStore() })
  const { access_token } = await issuer.issue({ subject: 'anna' })
  expect(await reasonOf(issuer, access_token)).toBe('accepted')
  const principal = await issuer.verify(access_token)
  await issuer.revoke(principal as never)
  expect(await reasonOf(issuer, access_token)).toBe('token.revoked')
  expect(await reasonOf(issuer, `${access_token}=`)).toBe('token.signature')
})

describe('J26 refuses at load, with the reason', () => {
  const { publicKey: small } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const { publicKey: weak } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const x25519 = generateKeyPairSync('x25519').publicKey
  const jwkOf = (key: typeof small) => key.export({ format: 'jwk' }) as Record<string, unknown>
  const flipped = Buffer.from(es.publicJwk.y as string, 'base64url')
  flipped[5] = (flipped[5] as number) ^ 1
  const refused: readonly [string, Record<string, unknown>, RegExp][] = [
    ['RSA of 1024 bits', jwkOf(small), /1024 bits/],
    ['RSA with e = 3', jwkOf(weak), /exponent/],
    ['RSA with e = 1', { ...jwkOf(rsa.publicKey), e: 'AQ' }, /exponent/],
    ['RSA with even e', { ...jwkOf(rsa.publicKey), e: Buffer.from([1, 0, 2]).toString('base64url') }, /exponent/],
    ['EC off its curve', { ...es.publicJwk, y: flipped.toString('base64url') }, /curve/],
    ['EC with a coordinate cut off', { ...es.publicJwk, x: 'AAAA' }, /curve/],
    ['P-384 for ES256', { ...jwkOf(p384), alg: 'ES256' }, /does not go with/],
    ['X25519', jwkOf(x25519), /no registered/],
    ['an empty secret', { kty: 'oct', k: '' }, /base64url/],
    ['a secret of 31 bytes', { kty: 'oct', k: Buffer.alloc(31, 1).toString('base64url') }, /248 bits/],
    ['32 bytes for HS512', { kty: 'oct', alg: 'HS512', k: Buffer.alloc(32, 1).toString('base64url') }, /needs 512/],
    ['alg none', { ...es.publicJwk, alg: 'none' }, /registered/],
    ['alg RSA-OAEP', { ...rsa.publicJwk, alg: 'RSA-OAEP' }, /registered/],
    ['alg of another type', { ...rsa.publicJwk, alg: 'HS256' }, /does not go with/],
    ['use enc', { ...es.publicJwk, use: 'enc' }, /use/],
    ['key_ops without verify', { ...es.publicJwk, key_ops: ['encrypt'] }, /key_ops/],
    ['a kid that is a number', { ...es.publicJwk, kid: 1 }, /kid/],
    ['no object', null as never, /object/],
  ]
  test.each(refused)('%s', (_what, jwk, reason) => {
    expect(() => importKeys({ keys: [jwk] })).toThrow(reason)
    expect(() => importKeys({ keys: [jwk] })).toThrow(TypeError)
  })

  test('control: the sound keys load', () => {
    for (const jwk of [es.publicJwk, rsa.publicJwk, { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }])
      expect(importKeys(jwk).keys).toHaveLength(1)
  })

  test('a set that mixes secrets with public keys, or has 101', () => {
    const secret = { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }
    expect(() => importKeys({ keys: [es.publicJwk, secret] })).toThrow(/mixes/)
    expect(() => importKeys({ keys: Array(101).fill(es.publicJwk) })).toThrow(/100/)
    expect(() => importKeys({ keys: [] })).toThrow(/empty/)
  })
})
