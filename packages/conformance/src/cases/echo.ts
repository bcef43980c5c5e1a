import { ok, strictEqual } from 'node:assert/strict'
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { bearer, type Case, CHALLENGES, type Expectation, JSON_TYPE, type World } from '../case.ts'
import type { WireRequest, WireResponse } from '../wire.ts'

// What the README of the apps tells of the demonstration; by hand, so that nothing here is verified by what signed it.
const SECRET = 'countersign-demo-signature-secret'
const KEY = Buffer.from('countersign-demo-encryption-key!')

const SIGNATURE =
  'Signature realm="sample", components="@method @target-uri authorization", body-components="content-digest"'
const digestOf = (body: string) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
const mac = (base: string) => createHmac('sha256', SECRET).update(base).digest('base64')
const now = () => Math.floor(Date.now() / 1000)
const nonce = () => randomBytes(16).toString('base64url')

interface Signing {
  readonly method?: string
  readonly target?: string
  readonly digest?: string
  readonly components?: readonly string[]
  readonly params?: string
  readonly signature?: (base: string) => string
}

/** A request to the echo, signed as RFC 9421 section 3.1 has it. */
function signed(world: World, token: string, body: string, how: Signing = {}): WireRequest {
  const digest = how.digest ?? digestOf(body)
  const authorization = `Bearer ${token}`
  const values: Readonly<Record<string, string>> = {
    '@method': how.method ?? 'POST',
    '@target-uri': how.target ?? `${world.audience}/echo/signed`,
    'content-digest': digest,
    authorization,
  }
  const names = how.components ?? ['@method', '@target-uri', 'content-digest', 'authorization']
  const input = `(${names.map((name) => `"${name}"`).join(' ')})${how.params ?? `;created=${now()};keyid="demo";alg="hmac-sha256";nonce="${nonce()}"`}`
  const base = [...names.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${input}`].join('\n')
  return {
    method: 'POST',
    path: '/echo/signed',
    headers: [
      JSON_TYPE,
      ['Authorization', authorization],
      ['Content-Digest', digest],
      ['Signature-Input', `sig=${input}`],
      ['Signature', `sig=:${(how.signature ?? mac)(base)}:`],
    ],
    body,
  }
}

/** Checks the signature of an answer as RFC 9421 section 3.2 has it, over what came on the wire. */
function checkAnswer(world: World, sent: WireRequest, { status, headers, body }: WireResponse): void {
  const field = (name: string) => headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? ''
  strictEqual(field('content-digest'), digestOf(body.toString()), 'the digest of the answer')
  const [, label, input = ''] = /^(\w+)=(\(.*)$/.exec(field('signature-input')) ?? []
  const [, given] = /=:([^:]+):$/.exec(field('signature')) ?? []
  const requested = sent.headers?.find(([name]) => name === 'Signature')?.[1].replace(/^sig=/, '')
  const values: Readonly<Record<string, string>> = {
    '"@status"': `${status}`,
    '"content-digest"': field('content-digest'),
    '"content-type"': field('content-type'),
    '"@method";req': 'POST',
    '"@target-uri";req': `${world.audience}/echo/signed`,
    '"signature";req;key="sig"': requested ?? '',
  }
  const components = input.slice(1, input.indexOf(')')).split(' ')
  for (const name of Object.keys(values)) ok(components.includes(name), `the answer does not cover ${name}: ${input}`)
  const base = [...components.map((name) => `${name}: ${values[name]}`), `"@signature-params": ${input}`].join('\n')
  strictEqual(label, 'sig')
  ok(input.includes('keyid="sample"'), input)
  strictEqual(given, mac(base), 'the signature of the answer')
}

/** Compact JWE (RFC 7516 section 3.1), `dir` with A256GCM. */
function encrypted(value: string, header: object = {}, key = KEY): string {
  const head = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: 'demo', ...header })).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(head))
  const text = Buffer.concat([cipher.update(value), cipher.final()])
  return [head, '', ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
}

function decrypted(jwe: string): string {
  const [head = '', _key, iv = '', text = '', tag = ''] = jwe.split('.')
  const { alg, enc } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg: string; enc: string }
  strictEqual(`${alg} ${enc}`, 'dir A256GCM')
  const decipher = createDecipheriv('aes-256-gcm', KEY, Buffer.from(iv, 'base64url')).setAAD(Buffer.from(head))
  decipher.setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString()
}

const JOSE = ['Content-Type', 'application/jose'] as const
const ENCRYPTED: Expectation = {
  status: 200,
  foreign: true,
  headers: { 'content-type': 'application/jose', 'cache-control': 'no-store', etag: null },
}
const BODY = '{"amount":100,"to":"ada"}'
const REFUSED: Expectation = {
  status: 401,
  code: 'invalid_token',
  challenges: [CHALLENGES.bearer, `${SIGNATURE}, error="invalid_token"`],
}

/** Found as the body is read, behind a policy that asks two credentials. */
const LATE: Expectation = { status: 401, code: 'invalid_token', challenges: [CHALLENGES.bearer, SIGNATURE] }

export const echoCases: readonly Case[] = [
  {
    id: 'D10',
    title: 'a signed body is taken, and the answer is signed for that request',
    section: 'RFC 9421 section 2.4, RFC 9530',
    *steps(world) {
      const send = signed(world, world.mint(), BODY)
      yield {
        send,
        expect: {
          status: 200,
          json: { echo: { amount: 100, to: 'ada' } },
          also: (response) => checkAnswer(world, send, response),
        },
      }
    },
  },
  {
    id: 'D11',
    title: 'a token alone, or a signature alone, is half of it',
    section: 'RFC 9110 section 11.6.1',
    *steps(world) {
      const { headers: _, ...bare } = signed(world, world.mint(), BODY)
      const incomplete: Expectation = {
        status: 401,
        code: 'unauthenticated',
        challenges: [CHALLENGES.bearer, SIGNATURE],
      }
      yield { send: { ...bare, headers: [JSON_TYPE] }, expect: incomplete }
      yield { send: { ...bare, headers: [JSON_TYPE, bearer(world.mint())] }, expect: incomplete }
      const { headers = [], ...rest } = signed(world, world.mint(), BODY)
      const unsigned = headers.filter(([name]) => name !== 'Authorization')
      yield { send: { ...rest, headers: unsigned }, expect: incomplete }
    },
  },
  {
    id: 'D12',
    title: 'the digest is computed again: another body under a right signature',
    section: 'RFC 9530 section 6.6, RFC 9421 section 7.2.8',
    *steps(world) {
      const right = () => signed(world, world.mint(), BODY)
      yield { send: { ...right(), body: BODY.replace('100', '900') }, expect: LATE }
      yield { send: { ...right(), body: `${BODY} ` }, expect: LATE }
      yield { send: signed(world, world.mint(), BODY, { digest: digestOf('{}') }), expect: LATE }
      const open = ['@method', '@target-uri', 'authorization']
      yield { send: signed(world, world.mint(), BODY, { components: open }), expect: REFUSED }
    },
  },
  {
    id: 'D13',
    title: 'what is covered cannot change: target, method, token; a signature counts once, and soon',
    section: 'RFC 9421 section 7.2',
    *steps(world) {
      const token = world.mint()
      const good = signed(world, token, BODY)
      yield { send: good, expect: { status: 200 } }
      yield { send: good, expect: REFUSED }
      yield { send: signed(world, token, BODY, { target: `${world.audience}/echo/other` }), expect: REFUSED }
      yield { send: signed(world, token, BODY, { target: 'https://evil.example/echo/signed' }), expect: REFUSED }
      yield { send: signed(world, token, BODY, { method: 'PUT' }), expect: REFUSED }
      const loose = ['@method', '@target-uri', 'content-digest']
      yield { send: signed(world, token, BODY, { components: loose }), expect: REFUSED }
      const { headers = [], ...rest } = signed(world, token, BODY)
      const other = headers.map((line) => (line[0] === 'Authorization' ? bearer(world.mint()) : line))
      yield { send: { ...rest, headers: other }, expect: REFUSED }
      const at = (created: number) => `;created=${created};keyid="demo";nonce="${nonce()}"`
      yield { send: signed(world, token, BODY, { params: at(now() - 400) }), expect: REFUSED }
      yield { send: signed(world, token, BODY, { params: at(now() + 400) }), expect: REFUSED }
      yield { send: signed(world, token, BODY, { params: `;created=${now()};keyid="demo"` }), expect: REFUSED }
      const stranger = `;created=${now()};keyid="stranger";nonce="${nonce()}"`
      yield { send: signed(world, token, BODY, { params: stranger }), expect: REFUSED }
      const guessed = () => randomBytes(32).toString('base64')
      yield { send: signed(world, token, BODY, { signature: guessed }), expect: REFUSED }
    },
  },
  {
    id: 'D14',
    title: 'a JWE comes in, a JWE goes out',
    section: 'RFC 7516',
    *steps(world) {
      const send = (body: string, type: readonly [string, string] = JOSE): WireRequest => ({
        method: 'POST',
        path: '/echo/encrypted',
        headers: [type, bearer(world.mint())],
        body,
      })
      const echoed = (response: WireResponse) =>
        strictEqual(decrypted(response.body.toString()), `{"echo":${BODY}}`, 'what the answer says inside')
      yield { send: send(encrypted(BODY)), expect: { ...ENCRYPTED, also: echoed } }
      const wrong: Expectation = { status: 400, code: 'invalid_request' }
      yield { send: send(encrypted(BODY, {}, randomBytes(32))), expect: wrong }
      yield { send: send(encrypted(BODY, { enc: 'A128GCM' })), expect: wrong }
      yield { send: send(encrypted(BODY, { zip: 'DEF' })), expect: wrong }
      yield { send: send(encrypted(BODY, { alg: 'none' })), expect: wrong }
      yield { send: send(encrypted('{"a":1,"a":2}')), expect: wrong }
      yield { send: send(encrypted(BODY).slice(0, -1)), expect: wrong }
      const jwe = encrypted(BODY)
      yield { send: send(`${jwe.slice(0, -3)}${jwe.at(-3) === 'A' ? 'B' : 'A'}${jwe.slice(-2)}`), expect: wrong }
      yield { send: send(BODY), expect: wrong }
      yield { send: send(BODY, JSON_TYPE), expect: { status: 415, code: 'unsupported_media_type' } }
    },
  },
  {
    id: 'D15',
    title: 'an encrypted body is no credential',
    section: 'SAMPLE-API, routes',
    *steps() {
      yield {
        send: { method: 'POST', path: '/echo/encrypted', headers: [JOSE], body: encrypted(BODY) },
        expect: { status: 401, code: 'unauthenticated', challenges: [CHALLENGES.bearer] },
      }
    },
  },
]
