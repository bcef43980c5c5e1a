import { ALL, basic, bearer, type Case, CHALLENGES, INVALID_REQUEST, INVALID_TOKEN } from '../case.ts'

const raw = (value: string | Buffer): readonly [string, string] => [
  'Authorization',
  `Basic ${Buffer.from(value as string).toString('base64')}`,
]
const key = (value: string, name = 'X-API-Key'): readonly [string, string] => [name, value]

/** 400 from the Basic scheme: its challenge alone, which never carries an error. */
const BASIC_MALFORMED = { status: 400, code: 'invalid_request', challenges: [CHALLENGES.basic] } as const
const BASIC_WRONG = { status: 401, code: 'invalid_credentials', challenges: ALL } as const
const KEY_WRONG = {
  status: 401,
  code: 'invalid_token',
  challenges: [CHALLENGES.bearer, `${CHALLENGES.apiKey}, error="invalid_token"`, CHALLENGES.basic],
} as const
const KEY_MALFORMED = {
  status: 400,
  code: 'invalid_request',
  challenges: [`${CHALLENGES.apiKey}, error="invalid_request"`],
} as const

/** B and K rows of THREATS: how credentials are read, and what two of them are. */
export const credentialCases: readonly Case[] = [
  {
    id: 'B01',
    title: 'Basic: right, wrong password, unknown user: the same answer for both, never an error on the challenge',
    section: 'RFC 7617 section 2',
    *steps() {
      yield {
        send: { path: '/me', headers: [basic('admintak01', 'pwdforapitest01')] },
        expect: {
          status: 200,
          json: {
            subject: 'usr_admintak01',
            scheme: 'basic',
            scopes: ['posts:read', 'posts:write', 'keys:manage'],
            roles: ['author'],
          },
        },
      }
      const wrong = yield { send: { path: '/me', headers: [basic('admintak', 'wrong')] }, expect: BASIC_WRONG }
      yield {
        send: { path: '/me', headers: [basic('nobody-here', 'wrong')] },
        expect: { ...BASIC_WRONG, json: JSON.parse(wrong.body.toString()) },
      }
      yield { send: { path: '/me', headers: [basic('ADMINTAK', 'pwdforapitest')] }, expect: BASIC_WRONG }
      yield { send: { path: '/me', headers: [basic('', '')] }, expect: BASIC_WRONG }
      // A right one, again after the wrong ones: what was remembered is only what was right.
      yield { send: { path: '/me', headers: [basic('admintak01', 'pwdforapitest02')] }, expect: BASIC_WRONG }
    },
  },
  {
    id: 'B02',
    title: 'test:123£ in UTF-8 is right; the same in Latin-1 is malformed',
    section: 'RFC 7617 section 2.1',
    *steps() {
      yield { send: { path: '/me', headers: [raw('test:123£')] }, expect: { status: 200 } }
      yield { send: { path: '/me', headers: [raw(Buffer.from('test:123£', 'latin1'))] }, expect: BASIC_MALFORMED }
    },
  },
  {
    id: 'B03',
    title: 'no colon, bad base64, control characters',
    section: 'RFC 7617 section 2',
    *steps() {
      yield { send: { path: '/me', headers: [raw('admintak')] }, expect: BASIC_MALFORMED }
      for (const value of [
        'Basic !!!!',
        'Basic YTpi\u00e9',
        'Basic YTpi YTpi',
        'Basic YTpiYw',
        'Basic YTpiYx==',
        'Basic',
        'Basic =',
      ]) {
        yield { send: { path: '/me', headers: [['Authorization', value]] }, expect: BASIC_MALFORMED }
      }
      for (const value of ['a\u0000:b', 'a:b\u0007', 'a:b\n', 'a:\u007f', 'a\u0085:b']) {
        yield { send: { path: '/me', headers: [raw(value)] }, expect: BASIC_MALFORMED }
      }
    },
  },
  {
    id: 'B03 colon',
    title: 'the first colon ends the user name: the password may hold more',
    section: 'RFC 7617 section 2',
    *steps() {
      // No demo password has a colon: a malformed one would be 400, a wrong one is 401.
      yield { send: { path: '/me', headers: [raw('admintak:a:b:c')] }, expect: BASIC_WRONG }
      yield {
        send: { path: '/me', headers: [raw('colon:a:b:c')] },
        expect: {
          status: 200,
          json: { subject: 'usr_colon', scheme: 'basic', scopes: ['posts:read'], roles: ['reader'] },
        },
      }
      for (const value of ['colon:a:b', 'colon:a', 'colon::a:b:c', 'colon:a:b:c:'])
        yield { send: { path: '/me', headers: [raw(value)] }, expect: BASIC_WRONG }
    },
  },
  {
    id: 'B03 alphabet',
    title: 'base64 with characters that are none of its alphabet is malformed, not skipped over',
    section: 'RFC 4648 section 3.3',
    *steps() {
      for (const value of ['YTpi\u00e9', 'YTpi YTpi', 'YTpi!!!!', 'YT-iYg==', 'YTpi\tYTpi']) {
        yield { send: { path: '/me', headers: [['Authorization', `Basic ${value}`]] }, expect: BASIC_MALFORMED }
      }
    },
  },
  {
    id: 'J21 basic',
    title: 'a Basic credential over 8 KiB is 400, before anything is hashed',
    section: 'THREATS J21',
    *steps() {
      yield { send: { path: '/me', headers: [basic('admintak', 'x'.repeat(6000))] }, expect: BASIC_WRONG }
      yield { send: { path: '/me', headers: [basic('admintak', 'x'.repeat(7000))] }, expect: BASIC_MALFORMED }
    },
  },
  {
    id: 'B04',
    title: 'the name of the scheme is read in any case, and ends where it ends',
    section: 'RFC 9110 section 11.1',
    *steps({ mint }) {
      for (const scheme of ['bearer', 'BEARER', 'bEaReR']) {
        yield { send: { path: '/me', headers: [['Authorization', `${scheme} ${mint()}`]] }, expect: { status: 200 } }
      }
      yield { send: { path: '/me', headers: [['authorization', `Bearer   ${mint()}`]] }, expect: { status: 200 } }
      for (const value of [`Bearerx ${mint()}`, `Digest ${mint()}`, `Token ${mint()}`, mint(), '']) {
        yield {
          send: { path: '/me', headers: [['Authorization', value]] },
          expect: { status: 401, code: 'unauthenticated', challenges: ALL },
        }
      }
      yield { send: { path: '/me', headers: [['Authorization', 'Bearer']] }, expect: INVALID_REQUEST }
    },
  },
  {
    id: 'B05',
    title: 'two Authorization headers, in either order, good or bad: 400, nothing verified',
    section: 'RFC 9110 section 5.3',
    *steps({ mint }) {
      const good = bearer(mint())
      yield { send: { path: '/me', headers: [good, good] }, expect: INVALID_REQUEST }
      yield { send: { path: '/me', headers: [good, bearer('x')] }, expect: INVALID_REQUEST }
      yield { send: { path: '/me', headers: [bearer('x'), good] }, expect: INVALID_REQUEST }
      yield { send: { path: '/me', headers: [good, basic('admintak', 'pwdforapitest')] }, expect: INVALID_REQUEST }
      yield { send: { path: '/me', headers: [basic('admintak', 'pwdforapitest'), good] }, expect: INVALID_REQUEST }
      yield {
        send: { path: '/me', headers: [basic('admintak', 'pwdforapitest'), basic('admintak', 'pwdforapitest')] },
        expect: BASIC_MALFORMED,
      }
    },
  },
  {
    id: 'B05 kinds',
    title: 'two credentials of different kinds: 400, the first of `accept` in the challenge',
    section: 'SAMPLE-API, every route',
    *steps({ mint, demoKey }) {
      yield { send: { path: '/me', headers: [key(demoKey), bearer(mint())] }, expect: INVALID_REQUEST }
      yield { send: { path: '/me', headers: [bearer(mint()), key('wrong')] }, expect: INVALID_REQUEST }
      yield {
        send: { path: '/me', headers: [key(demoKey), basic('admintak', 'pwdforapitest')] },
        expect: KEY_MALFORMED,
      }
      yield { send: { path: '/me', headers: [key(demoKey), key(demoKey, 'apikey')] }, expect: KEY_MALFORMED }
      yield { send: { path: '/me', headers: [key(demoKey), key(demoKey)] }, expect: KEY_MALFORMED }
      // A scheme that the route does not accept counts as absent.
      const admin = mint({ claims: { scope: 'keys:manage' } })
      yield { send: { path: '/api-keys', headers: [bearer(admin), key(demoKey)] }, expect: { status: 200 } }
      yield {
        send: { path: '/api-keys', headers: [key(demoKey)] },
        expect: { status: 401, code: 'unauthenticated', challenges: [CHALLENGES.bearer] },
      }
      yield {
        send: { path: '/api-keys', headers: [basic('admintak', 'pwdforapitest')] },
        expect: { status: 401, code: 'unauthenticated', challenges: [CHALLENGES.bearer] },
      }
    },
  },
  {
    id: 'B06',
    title:
      'a token in the query is ignored; with one in the header, the header decides; so is one in a cookie or a body',
    section: 'RFC 9700 section 4.3.2',
    *steps({ mint }) {
      const absent = { status: 401, code: 'unauthenticated', challenges: ALL } as const
      yield { send: { path: `/me?access_token=${mint()}` }, expect: absent }
      yield { send: { path: `/me?access_token=${mint()}`, headers: [bearer('x.y.z')] }, expect: INVALID_TOKEN }
      yield { send: { path: '/me?access_token=x', headers: [bearer(mint())] }, expect: { status: 200 } }
      yield { send: { path: '/me', headers: [['Cookie', `access_token=${mint()}`]] }, expect: absent }
    },
  },
  {
    id: 'B06 order',
    title: 'a wrong token in the header stays wrong, whatever the query brings',
    section: 'RFC 6750 section 2',
    *steps({ mint }) {
      const good = mint()
      yield { send: { path: '/me?access_token=x', headers: [bearer(good)] }, expect: { status: 200 } }
      for (const name of ['access_token', 'token', 'authorization']) {
        yield { send: { path: `/me?${name}=${good}`, headers: [bearer('x.y.z')] }, expect: INVALID_TOKEN }
      }
    },
  },
  {
    id: 'K01',
    title: 'an API key: right in either header; wrong, truncated, extended, case flipped',
    section: 'SAMPLE-API, routes',
    *steps({ demoKey }) {
      const json = { subject: 'usr_admintak01', scheme: 'apiKey', scopes: ['posts:read', 'posts:write'], roles: [] }
      for (const name of ['X-API-Key', 'x-api-key', 'apikey', 'APIKEY']) {
        yield { send: { path: '/me', headers: [key(demoKey, name)] }, expect: { status: 200, json } }
      }
      const flip = (text: string) =>
        text.replace(/[a-zA-Z](?=[^a-zA-Z]*$)/, (letter) =>
          letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
        )
      const middle = Math.floor(demoKey.length / 2)
      const other = demoKey[middle] === 'A' ? 'B' : 'A'
      for (const wrong of [
        'wrong',
        demoKey.slice(0, -1),
        demoKey.slice(0, 20),
        `${demoKey}A`,
        `A${demoKey}`,
        flip(demoKey),
        demoKey.toLowerCase(),
        demoKey.slice(0, middle) + other + demoKey.slice(middle + 1),
        'x'.repeat(8192),
      ]) {
        yield { send: { path: '/me', headers: [key(wrong)] }, expect: KEY_WRONG }
      }
      for (const malformed of ['', `${demoKey} x`, `${demoKey}\u00e9`, 'x'.repeat(8193)]) {
        yield { send: { path: '/me', headers: [key(malformed)] }, expect: KEY_MALFORMED }
      }
    },
  },
]
