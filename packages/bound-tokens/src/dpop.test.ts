import { hash, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { problems as fastifyProblems, protect as fastifyProtect } from '@countersign/fastify'
import { anyOf, bearer, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import express from 'express'
import Fastify from 'fastify'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dpop } from './index.ts'

const ORIGIN = 'https://api.acme.com'
const store = memoryStore()
const own = localIssuer({ issuer: ORIGIN, audience: ORIGIN, store })
const secret = randomBytes(32)
const plain = policy({ name: 'plain', accept: dpop(own, { origin: ORIGIN, replay: store }), scopes: ['read'] })
const either = policy({ name: 'either', accept: anyOf(bearer(own), dpop(own, { origin: ORIGIN, replay: store })) })
const withNonce = policy({ name: 'nonce', accept: dpop(own, { origin: `${ORIGIN}/`, replay: store, nonce: secret }) })
const POLICIES = { '/posts': plain, '/either': either, '/nonce': withNonce } as const

const client = await keyOf('ES256')
const stranger = await keyOf('EdDSA')

async function keyOf(alg: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwk = await exportJWK(publicKey)
  return { alg, privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) }
}

interface Made {
  readonly key?: typeof client
  readonly header?: object
  readonly claims?: object
}
let token: string

function proof(path: string, { key = client, header, claims }: Made = {}): Promise<string> {
  const payload = {
    htm: 'GET',
    htu: ORIGIN + path,
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    ath: hash('sha256', token, 'base64url'),
    ...claims,
  }
  return new SignJWT(payload)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...header } as never)
    .sign(key.privateKey)
}

const close: (() => void | Promise<void>)[] = []
const ports: Record<string, number> = {}
beforeAll(async () => {
  token = (await own.issue({ subject: 'ada', scopes: ['read'] }, { jkt: client.jkt })).access_token
  const app = express()
  const fastify = Fastify()
  fastify.register(fastifyProblems)
  for (const [path, one] of Object.entries(POLICIES)) {
    app.get(path, expressProtect(one), (request, response) => void response.json(who(one, request)))
    fastify.get(path, { onRequest: fastifyProtect(one) }, async (request) => who(one, request))
  }
  app.use(expressProblems())
  const server = createServer(app).listen(0, '127.0.0.1')
  const bare = createServer((request, response) => void onNode(request, response)).listen(0, '127.0.0.1')
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  ports.node = (bare.address() as AddressInfo).port
  ports.express = (server.address() as AddressInfo).port
  ports.fastify = (fastify.server.address() as AddressInfo).port
  close.push(
    () => void server.close(),
    () => void bare.close(),
    () => fastify.close(),
  )
})
afterAll(() => Promise.all(close.map((end) => end())))

/** The policy with no adapter. */
async function onNode(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const one = POLICIES[request.url?.split('?')[0] as keyof typeof POLICIES]
  const verdict = await one.check(request)
  if (verdict?.status !== undefined) response.writeHead(verdict.status, verdict.headers).end(verdict.body)
  else response.writeHead(200, verdict?.headers).end(JSON.stringify(who(one, request)))
}

function who(one: (typeof POLICIES)[keyof typeof POLICIES], request: Parameters<typeof plain.principal>[0]) {
  return { subject: one.principal(request).subject, scheme: one.decision(request).scheme }
}

interface Answer {
  readonly status: number
  readonly challenges: readonly string[]
  readonly nonce: string | undefined
  readonly body: Record<string, unknown>
}

async function ask(host: string, path: string, lines: readonly (readonly [string, string])[]): Promise<Answer> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = ['Host', 'evil.test', 'X-Forwarded-Host', 'evil.test', ...lines.flat()]
    send({ host: '127.0.0.1', port: ports[host], path, headers }, resolve).on('error', reject).end()
  })
  const chunks = await message.toArray()
  const challenges = message.rawHeaders.filter(
    (_, at) => message.rawHeaders[at - 1]?.toLowerCase() === 'www-authenticate',
  )
  const nonce = message.headers['dpop-nonce']
  return {
    status: message.statusCode as number,
    challenges,
    nonce: typeof nonce === 'string' ? nonce : undefined,
    body: JSON.parse(Buffer.concat(chunks).toString()),
  }
}
const shown = (made: string, scheme = 'DPoP') =>
  [
    ['Authorization', `${scheme} ${token}`],
    ['DPoP', made],
  ] as const
const CHALLENGE = /^DPoP realm="api", algs="ES256 EdDSA [^"]*"/

describe.each(['node', 'express', 'fastify'])('D01 on %s', (host) => {
  test('a proof for this request by the key of the token: passes, whatever Host and X-Forwarded-Host say', async () => {
    expect(await ask(host, '/posts', shown(await proof('/posts')))).toMatchObject({
      status: 200,
      body: { subject: 'ada', scheme: 'dpop' },
    })
    expect(await ask(host, '/posts?page=2', shown(await proof('/posts')))).toMatchObject({ status: 200 })
    const spelled = await proof('/posts', { claims: { htu: 'HTTPS://API.acme.com:443/posts' } })
    expect(await ask(host, '/posts', shown(spelled))).toMatchObject({ status: 200 })
  })

  test('nothing: 401 with the challenge and its algorithms, no error', async () => {
    const { status, challenges } = await ask(host, '/posts', [])
    expect(status).toBe(401)
    expect(challenges).toEqual([expect.stringMatching(CHALLENGE)])
    expect(challenges[0]).not.toContain('error')
  })

  test('the token as a bearer token is refused, where bearer tokens are welcome too', async () => {
    const refused = await ask(host, '/either', [['Authorization', `Bearer ${token}`]])
    expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
    expect(refused.challenges[0]).toBe('Bearer realm="api", error="invalid_token"')
    const free = (await own.issue({ subject: 'ada' })).access_token
    expect(await ask(host, '/either', [['Authorization', `Bearer ${free}`]])).toMatchObject({ status: 200 })
  })

  test('a token that is bound to nothing does not become one that is', async () => {
    const free = (await own.issue({ subject: 'ada', scopes: ['read'] })).access_token
    const made = await proof('/posts', { claims: { ath: hash('sha256', free, 'base64url') } })
    const refused = await ask(host, '/posts', [
      ['Authorization', `DPoP ${free}`],
      ['DPoP', made],
    ])
    expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
  })

  test('a proof that was used', async () => {
    const made = await proof('/posts')
    expect(await ask(host, '/posts', shown(made))).toMatchObject({ status: 200 })
    expect(await ask(host, '/posts', shown(made))).toMatchObject({ status: 401, body: { code: 'invalid_dpop_proof' } })
  })

  test('of 20 at the same moment with one proof, one passes', async () => {
    const made = await proof('/posts')
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(host, '/posts', shown(made))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  const now = () => Math.floor(Date.now() / 1000)
  test.each<[string, () => Made, string?]>([
    ['another method', () => ({ claims: { htm: 'POST' } })],
    ['a method in lower case', () => ({ claims: { htm: 'get' } })],
    ['no method', () => ({ claims: { htm: undefined } })],
    ['another path', () => ({ claims: { htu: `${ORIGIN}/other` } })],
    ['another host', () => ({ claims: { htu: 'https://evil.test/posts' } })],
    ['another scheme', () => ({ claims: { htu: 'http://api.acme.com/posts' } })],
    ['a query in htu', () => ({ claims: { htu: `${ORIGIN}/posts?a=1` } })],
    ['a fragment in htu', () => ({ claims: { htu: `${ORIGIN}/posts#a` } })],
    ['a user name in htu', () => ({ claims: { htu: 'https://x@api.acme.com/posts' } })],
    ['another token', () => ({ claims: { ath: hash('sha256', 'other', 'base64url') } })],
    ['no hash of the token', () => ({ claims: { ath: undefined } })],
    ['too old', () => ({ claims: { iat: now() - 70 } })],
    ['of the future', () => ({ claims: { iat: now() + 20 } })],
    ['no time', () => ({ claims: { iat: undefined } })],
    ['a time as text', () => ({ claims: { iat: `${now()}` } })],
    ['no id', () => ({ claims: { jti: undefined } })],
    ['an empty id', () => ({ claims: { jti: '' } })],
    ['a long id', () => ({ claims: { jti: 'x'.repeat(257) } })],
    ['an access token’s type', () => ({ header: { typ: 'at+jwt' } })],
    ['no type', () => ({ header: { typ: undefined } })],
    ['no key', () => ({ header: { jwk: undefined } })],
    ['the key of another in the header', () => ({ header: { jwk: stranger.jwk } }), 'invalid_token'],
    ['another’s proof', () => ({ key: stranger }), 'invalid_token'],
    ['a private key in the header', () => ({ header: { jwk: { ...client.jwk, d: 'AAAA' } } })],
  ])('a proof with %s', async (_what, made, code = 'invalid_dpop_proof') => {
    const refused = await ask(host, '/posts', shown(await proof('/posts', made())))
    expect(refused).toMatchObject({ status: 401, body: { code } })
    expect(refused.challenges).toEqual([expect.stringMatching(new RegExp(`${CHALLENGE.source}, error="${code}"`))])
  })

  test('no proof, two proofs, a proof that is none, one signed with a secret', async () => {
    const made = await proof('/posts')
    const [head, body] = made.split('.') as [string, string]
    const none = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'none', jwk: client.jwk })).toString('base64url')
    const others = ['', 'x', `${head}.${body}.`, `${none}.${body}.`, `${made}=`, 'x'.repeat(9000)]
    for (const lines of [
      [],
      [
        ['DPoP', made],
        ['DPoP', made],
      ],
      ...others.map((one) => [['DPoP', one]]),
    ] as [string, string][][])
      expect(await ask(host, '/posts', [['Authorization', `DPoP ${token}`], ...lines])).toMatchObject({
        status: 401,
        body: { code: 'invalid_dpop_proof' },
      })
  })

  test('a nonce is asked for, given, taken, and changes', async () => {
    const first = await ask(host, '/nonce', shown(await proof('/nonce')))
    expect(first).toMatchObject({ status: 401, body: { code: 'use_dpop_nonce' } })
    expect(first.challenges[0]).toContain('error="use_dpop_nonce"')
    const again = await ask(host, '/nonce', shown(await proof('/nonce', { claims: { nonce: first.nonce } })))
    expect(again).toMatchObject({ status: 200, nonce: first.nonce })
    for (const nonce of ['', 'x'.repeat(32), 5, null])
      expect(await ask(host, '/nonce', shown(await proof('/nonce', { claims: { nonce } })))).toMatchObject({
        status: 401,
      })
  })
})

test('a nonce is good for its turn and the next, for every process with the secret, and no longer', async () => {
  const time = { now: Date.now() }
  const clock = () => time.now
  const make = (nonce = secret) =>
    policy({ name: 'x', accept: dpop(own, { origin: ORIGIN, replay: false, nonce, clock, maxAge: 300 }) })
  const told = async (one: ReturnType<typeof make>, nonce: string) => {
    const made = await proof('/posts', { claims: { nonce, iat: Math.floor(time.now / 1000) } })
    const rawHeaders = ['authorization', `DPoP ${token}`, 'dpop', made]
    return one.check({ method: 'GET', url: '/posts', headers: {}, rawHeaders, socket: {} })
  }
  const [one, other, foreign] = [make(), make(), make(randomBytes(32))]
  const nonce = (await told(one, ''))?.headers['dpop-nonce'] as string
  expect((await told(other, nonce))?.status).toBeUndefined()
  expect((await told(foreign, nonce))?.status).toBe(401)
  time.now += 299_000
  expect((await told(other, nonce))?.status).toBeUndefined()
  time.now += 301_000
  expect((await told(other, nonce))?.status).toBe(401)
})

test('a store that is down is 503, not a pass', async () => {
  const down = {
    commit: () => Promise.reject(Object.assign(new Error('down'), { '~unavailable': true, retryAfter: 1 })),
  }
  const one = policy({ accept: dpop(own, { origin: ORIGIN, replay: down }) })
  const rawHeaders = ['authorization', `DPoP ${token}`, 'dpop', await proof('/posts')]
  expect(await one.check({ method: 'GET', url: '/posts', headers: {}, rawHeaders, socket: {} })).toMatchObject({
    status: 503,
  })
})

test.each([
  [{ origin: 'api.acme.com', replay: false }, 'origin must be'],
  [{ origin: `${ORIGIN}?a`, replay: false }, 'origin must be'],
  [{ origin: ORIGIN }, 'replay must be a store'],
  [{ origin: ORIGIN, replay: false, nonce: Buffer.alloc(8) }, 'at least 32 random bytes'],
  [{ origin: ORIGIN, replay: false, maxAge: 301 }, 'maxAge must be'],
  [{ origin: ORIGIN, replay: false, algorithms: ['HS256'] }, 'algorithms must be a list of'],
  [{ origin: ORIGIN, replay: false, orgin: 'x' }, 'has no option "orgin"'],
])('wrong options: %j', (options, message) => {
  expect(() => dpop(own, options as never)).toThrow(message)
})
