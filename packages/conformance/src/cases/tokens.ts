import { strictEqual } from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ALL, badToken, bearer, type Case, INVALID_REQUEST, INVALID_TOKEN, type World } from '../case.ts'
import { goodClaims, hs256, makeKeys, signWith } from '../mint.ts'

const now = () => Math.floor(Date.now() / 1000)

/** The text of a good set of claims, with a change that no object can hold. */
const claimsText = (world: World, change: (text: string) => string | Uint8Array) =>
  change(JSON.stringify(goodClaims(world.issuer, world.audience, now())))
const headerText = (change: (text: string) => string | Uint8Array) =>
  change(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid: 'test-RS256' }))

/** A token from `make(n)` for the first n that satisfies `fits`: to get a length or a character into a segment. */
function search(make: (pad: string) => string, fits: (token: string) => boolean): string {
  for (let n = 0; n < 200; n++) {
    const token = make('x'.repeat(n))
    if (fits(token)) return token
  }
  throw new Error('no token fits')
}

/** The last character of a segment with one of its unused bits set, where it has any. */
function nonCanonical(segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  if (segment.length % 4 === 0) throw new Error('this segment has no unused bits')
  return segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.at(-1) as string) + 1]
}
const part = (token: string, at: number) => token.split('.')[at] as string

/** J rows of THREATS: bad tokens, each with a good signature unless it is about the signature. */
export const tokenCases: readonly Case[] = [
  {
    id: 'J01',
    title: 'no credential: every challenge, no error',
    section: 'RFC 6750 section 3',
    *steps() {
      yield { send: { path: '/me' }, expect: { status: 401, code: 'unauthenticated', challenges: ALL } }
    },
  },
  badToken('J02', 'alg none in any case, empty signature', 'RFC 8725 section 3.1', ({ mint }) =>
    ['none', 'None', 'NONE', 'nOnE'].map((alg) => mint({ header: { alg }, sign: () => new Uint8Array(0) })),
  ),
  badToken('J02 unsigned', 'a good header, no signature', 'RFC 7515 section 5.2', ({ mint }) =>
    mint({ sign: () => new Uint8Array(0) }),
  ),
  badToken('J03', 'HS256 signed with the public key, in any encoding', 'RFC 8725 section 2.1', ({ mint, keys }) => {
    const pem = keys.public.RS256.export({ type: 'spki', format: 'pem' }) as string
    const der = keys.public.RS256.export({ type: 'spki', format: 'der' })
    const modulus = Buffer.from(keys.public.RS256.export({ format: 'jwk' }).n as string, 'base64url')
    return [pem, der, modulus, `\n${pem}`, pem.trim()].map((secret) =>
      mint({ header: { alg: 'HS256' }, sign: hs256(secret) }),
    )
  }),
  badToken('J03 other key', 'signed by a stranger under our kid', 'RFC 7515 section 5.2', ({ mint }) => {
    const stranger = makeKeys()
    return (['RS256', 'ES256', 'EdDSA'] as const).map((alg) =>
      mint({ alg, sign: (input) => signWith(alg, stranger.private[alg], input) }),
    )
  }),
  {
    id: 'J03 cached',
    title: 'a good token with another signature, right after the good one',
    section: 'THREATS, known faults (fast-jwt 2026)',
    *steps({ mint }) {
      const good = mint()
      const [header, claims, signature = ''] = good.split('.')
      const turned = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
      yield { send: { path: '/me', headers: [bearer(good)] }, expect: { status: 200 } }
      yield { send: { path: '/me', headers: [bearer(`${header}.${claims}.${turned}`)] }, expect: INVALID_TOKEN }
      yield { send: { path: '/me', headers: [bearer(`${header}.${claims}.`)] }, expect: INVALID_TOKEN }
      yield { send: { path: '/me', headers: [bearer(good)] }, expect: { status: 200 } }
    },
  },
  badToken('J03 other alg', 'an algorithm that is not that of the key', 'RFC 8725 section 3.1', ({ mint, keys }) => [
    mint({ header: { alg: 'RS512' } }),
    mint({ header: { alg: 'PS256' } }),
    mint({ header: { kid: 'test-ES256' } }),
    mint({
      header: { alg: 'ES256', kid: 'test-RS256' },
      sign: (input) => signWith('ES256', keys.private.ES256, input),
    }),
  ]),
  badToken('J04', 'the header carries its own jwk', 'RFC 8725 section 3.5', ({ mint, keys }) => {
    const stranger = makeKeys()
    return [
      mint({ header: { jwk: keys.public.RS256.export({ format: 'jwk' }) } }),
      mint({
        header: { jwk: stranger.public.RS256.export({ format: 'jwk' }), kid: undefined },
        sign: (input) => signWith('RS256', stranger.private.RS256, input),
      }),
    ]
  }),
  badToken('J04 stranger', 'signed with the key that the header brings', 'RFC 7515 section 10.1', ({ mint }) => {
    const stranger = makeKeys()
    const jwk = stranger.public.RS256.export({ format: 'jwk' })
    const sign = (input: string) => signWith('RS256', stranger.private.RS256, input)
    return [mint({ header: { jwk }, sign }), mint({ header: { jwk, kid: undefined }, sign })]
  }),
  {
    id: 'J05',
    title: 'jku, x5u to a host of the attacker; self-signed x5c: refused, and nobody called',
    section: 'RFC 8725 section 3.10',
    async *steps(world) {
      let calls = 0
      const attacker = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
      attacker.on('connection', () => calls++)
      await new Promise((resolve) => attacker.once('listening', resolve))
      const url = `http://127.0.0.1:${(attacker.address() as AddressInfo).port}/keys`
      yield { send: { path: '/me', headers: [bearer(world.mint())] }, expect: { status: 200 } }
      for (const header of [{ jku: url }, { x5u: url }, { x5c: ['MIIB'] }, { jku: url, kid: undefined }]) {
        yield { send: { path: '/me', headers: [bearer(world.mint({ header }))] }, expect: INVALID_TOKEN }
      }
      attacker.close()
      strictEqual(calls, 0, 'the host called the address in the header')
    },
  },
  badToken('J06', 'kid is a path, SQL, 4 KiB, __proto__, an array, a number', 'RFC 8725 section 3.10', ({ mint }) =>
    [
      '../../dev/null',
      "' OR 1=1 --",
      'x'.repeat(4096),
      '__proto__',
      'constructor',
      '',
      ['test-RS256'],
      0,
      null,
      { a: 1 },
    ].map((kid) => mint({ header: { kid } })),
  ),
  badToken('J06 type', 'kid is not a string, yet reads as one', 'RFC 7515 section 4.1.4', ({ mint }) =>
    [['test-RS256'], [['test-RS256']], { 0: 'test-RS256' }, 7, true].map((kid) => mint({ header: { kid } })),
  ),
  badToken('J08', 'crit unknown, empty, naming alg, with duplicates', 'RFC 7515 section 4.1.11', ({ mint }) => [
    mint({ header: { crit: ['x'], x: 1 } }),
    mint({ header: { crit: [] } }),
    mint({ header: { crit: ['alg'] } }),
    mint({ header: { crit: ['x', 'x'], x: 1 } }),
    mint({ header: { crit: ['b64'], b64: true } }),
  ]),
  badToken('J08 b64', 'b64 without crit: a payload that is not encoded', 'RFC 7797 section 6', ({ mint }) => [
    mint({ header: { b64: false } }),
    mint({ header: { b64: true } }),
  ]),
  badToken('J08 zip', 'a compressed token', 'RFC 8725 section 3.6 (jose 2024)', ({ mint }) => [
    mint({ header: { zip: 'DEF' } }),
  ]),
  badToken('J10', 'duplicate sub, exp or alg members', 'RFC 8725 section 2.4, RFC 7519 section 4', (world) => [
    world.mint({ claimsText: claimsText(world, (text) => text.replace('{', '{"sub":"usr_other",')) }),
    world.mint({ claimsText: claimsText(world, (text) => text.replace('{', '{"s\\u0075b":"usr_other",')) }),
    world.mint({ claimsText: claimsText(world, (text) => text.replace('{', `{"exp":${now() + 200},`)) }),
    world.mint({ claimsText: claimsText(world, (text) => text.replace('}', ',"x":{"a":1,"a":2}}')) }),
    world.mint({ headerText: headerText((text) => text.replace('{', '{"alg":"none",')) }),
  ]),
  badToken('J11 padding', 'padding at the end of any segment', 'RFC 7515 section 2', ({ mint }) => [
    mint({ encode: (header, claims) => [`${header}=`, claims] }),
    mint({ encode: (header, claims) => [header, `${claims}=`] }),
    `${mint()}=`,
    `${mint()}==`,
  ]),
  badToken('J11 alphabet', '+ and / in any segment', 'RFC 7515 section 2', ({ mint }) => {
    const swap = (text: string) => text.replace(/[-_]/, (character) => (character === '-' ? '+' : '/'))
    const filled = { x: '~~~???>>>' }
    return [
      mint({ header: filled, encode: (header, claims) => [swap(header), claims] }),
      mint({ claims: filled, encode: (header, claims) => [header, swap(claims)] }),
      search(
        (x) => mint({ claims: { x } }),
        (token) => /[-_]/.test(part(token, 2)),
      ).replace(/[^.]*$/, swap),
    ]
  }),
  badToken('J11 skipped', 'characters that lenient decoders skip, in any segment', 'RFC 7515 section 2', ({ mint }) =>
    [0, 1, 2].map((at) =>
      mint()
        .split('.')
        .map((segment, index) => (index === at ? `${segment.slice(0, 4)}~${segment.slice(4)}` : segment))
        .join('.'),
    ),
  ),
  badToken(
    'J11 last character',
    'a last character with unused bits set, in any segment',
    'RFC 4648 section 3.5',
    ({ mint }) => [
      search(
        (x) =>
          mint({
            header: { x },
            encode: (header, claims) => (header.length % 4 ? [nonCanonical(header), claims] : ['', '']),
          }),
        (token) => part(token, 0) !== '',
      ),
      search(
        (x) =>
          mint({
            claims: { x },
            encode: (header, claims) => (claims.length % 4 ? [header, nonCanonical(claims)] : ['', '']),
          }),
        (token) => part(token, 0) !== '',
      ),
      mint().replace(/[^.]*$/, nonCanonical),
    ],
  ),
  badToken('J11 bytes', 'a byte order mark or bad UTF-8 inside header or claims', 'RFC 7519 section 7.2', (world) => {
    const bom = (text: string) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])
    const bad = (text: string) =>
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"'), Buffer.from([0xff]), Buffer.from('"}')])
    return [
      world.mint({ headerText: headerText(bom) }),
      world.mint({ headerText: headerText(bad) }),
      world.mint({ claimsText: claimsText(world, bom) }),
      world.mint({ claimsText: claimsText(world, bad) }),
    ]
  }),
  badToken(
    'J11 white space',
    'white space or a byte outside ASCII in the token breaks the grammar of the header',
    'RFC 6750 section 2.1',
    ({ mint }) => [
      mint().replace('.', '. '),
      mint().replace('.', '.\t'),
      `${mint()} x`,
      `\u00ef\u00bb\u00bf${mint()}`,
      `${mint()}"`,
      `${mint()},x`,
    ],
    { expect: INVALID_REQUEST },
  ),
  badToken('J11 segments', 'two, four or five segments, empty ones', 'RFC 7515 section 7.1', ({ mint }) => [
    mint().split('.').slice(0, 2).join('.'),
    `${mint()}.x`,
    `${mint()}.x.y`,
    '..',
    'x',
    '.',
  ]),
  badToken('J13 dates', 'exp past; nbf or iat in the future beyond leeway', 'RFC 7519 section 4.1.4', ({ mint }) => [
    mint({ claims: { exp: now() - 60, iat: now() - 300 } }),
    mint({ claims: { nbf: now() + 60 } }),
    mint({ claims: { iat: now() + 60 } }),
  ]),
  badToken(
    'J13 shape',
    'exp missing, infinite, a string, negative, fractional, in milliseconds',
    'RFC 7519 section 4.1.4',
    (world) => [
      world.mint({ claims: { exp: undefined } }),
      world.mint({ claimsText: claimsText(world, (text) => text.replace(/"exp":\d+/, '"exp":1e309')) }),
      world.mint({ claims: { exp: `${now() + 300}` } }),
      world.mint({ claims: { exp: -1 } }),
      world.mint({ claims: { exp: now() + 300.5 } }),
      world.mint({ claims: { exp: (now() + 300) * 1000 } }),
      world.mint({ claims: { exp: (now() + 300) * 1000, iat: undefined } }),
      world.mint({ claims: { exp: null } }),
      world.mint({ claims: { nbf: '0' } }),
      world.mint({ claims: { iat: {} } }),
    ],
    { control: ({ mint }) => mint({ claims: { nbf: now() - 1 } }) },
  ),
  badToken(
    'J15',
    'aud is another, a prefix of ours with more behind it, an array without ours, an object',
    'RFC 7519 section 4.1.3',
    ({ mint, audience }) =>
      [
        `https://other.test`,
        `${audience}.evil.test`,
        `${audience}/`,
        audience.slice(0, -1),
        audience.toUpperCase(),
        ['https://other.test'],
        [],
        [[audience]],
        { 0: audience },
        undefined,
        null,
      ].map((aud) => mint({ claims: { aud } })),
    { control: ({ mint, audience }) => mint({ claims: { aud: ['https://other.test', audience] } }) },
  ),
  badToken('J15 issuer', 'iss is another, given as an array, or missing', 'RFC 8725 section 3.8', ({ mint, issuer }) =>
    [`${issuer}/`, 'https://evil.test', [issuer], [issuer, 'https://evil.test'], undefined, null].map((iss) =>
      mint({ claims: { iss } }),
    ),
  ),
  badToken(
    'J17',
    'an ID token, a DPoP proof, a token of another type',
    'RFC 9068 section 4',
    ({ mint, keys, audience }) => [
      mint({ header: { typ: 'JWT' }, claims: { nonce: 'n', at_hash: 'x' } }),
      mint({ header: { typ: undefined } }),
      mint({
        header: { typ: 'dpop+jwt', jwk: keys.public.RS256.export({ format: 'jwk' }) },
        claims: { htm: 'GET', htu: `${audience}/me` },
      }),
      mint({ header: { typ: 'logout+jwt' } }),
      mint({ header: { typ: ['at+jwt'] } }),
    ],
  ),
  {
    id: 'J17 refresh',
    title: 'a refresh token used as an access token',
    section: 'RFC 6749 section 1.5',
    async *steps(world) {
      const { access_token, refresh_token } = await world.login('admintak', 'pwdforapitest')
      yield { send: { path: '/me', headers: [bearer(access_token)] }, expect: { status: 200 } }
      yield { send: { path: '/me', headers: [bearer(refresh_token)] }, expect: INVALID_TOKEN }
    },
  },
  badToken(
    'D01 bearer',
    'a token that is bound to a key or a certificate, sent as a bearer token',
    'RFC 9449 section 7.1, RFC 8705 section 3',
    ({ mint }) =>
      [{ jkt: 'thumbprint' }, { 'x5t#S256': 'thumbprint' }, {}, null].map((cnf) => mint({ claims: { cnf } })),
  ),
  badToken('J18', 'no subject, an empty one, one that is no string', 'RFC 9068 section 2.2', ({ mint }) =>
    [undefined, '', 7, null, ['usr_admintak']].map((sub) => mint({ claims: { sub } })),
  ),
  {
    id: 'J21',
    title: 'a token over 8 KiB is 400; a header section over 16 KiB is 431; both at once',
    section: 'RFC 6585 section 5',
    *steps(world) {
      const { mint } = world
      yield {
        send: { path: '/me', headers: [bearer(mint({ claims: { x: 'x'.repeat(5000) } }))] },
        expect: { status: 200 },
      }
      yield {
        send: { path: '/me', headers: [bearer(mint({ claims: { x: 'x'.repeat(7000) } }))] },
        expect: INVALID_REQUEST,
      }
      yield { send: { path: '/me', headers: [bearer('x'.repeat(8193))] }, expect: INVALID_REQUEST }
      yield {
        send: { path: '/me', headers: [bearer('x'.repeat(16 * 1024))] },
        expect: { status: 431, code: 'headers_too_large' },
      }
      yield {
        send: { path: '/me', headers: [bearer('x'.repeat(1024 * 1024))] },
        expect: { status: 431, code: 'headers_too_large' },
      }
    },
  },
  {
    id: 'J21 headers',
    title: 'a header section over 16 KiB is 431, whatever is in it',
    section: 'RFC 6585 section 5',
    *steps() {
      for (const size of [16 * 1024, 64 * 1024, 1024 * 1024]) {
        yield {
          send: { path: '/health', headers: [['X-Long', 'x'.repeat(size)]] },
          expect: { status: 431, code: 'headers_too_large' },
        }
      }
    },
  },
  {
    id: 'J22',
    title: 'every algorithm of the host verifies, and scopes and roles come from the token',
    section: 'RFC 9068 section 2.2',
    *steps({ mint }) {
      for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
        const token = mint({ alg, claims: { sub: 'usr_x', scope: 'a b', roles: ['r'] } })
        yield {
          send: { path: '/me', headers: [bearer(token)] },
          expect: { status: 200, json: { subject: 'usr_x', scheme: 'bearer', scopes: ['a', 'b'], roles: ['r'] } },
        }
      }
    },
  },
]
