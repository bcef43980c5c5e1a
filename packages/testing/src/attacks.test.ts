import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { problems, protect } from '@countersign/fastify'
import { type AnyPolicy, allOf, anyOf, anyone, apiKey, basic, bearer, policy } from '@countersign/policy'
import { legacyTokens, remoteIssuer } from '@countersign/tokens'
import express from 'express'
import fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { type AttackAnswer, type AttackOptions, attacksOn, sendAttack, serveAttackerKeys, testIssuer } from './index.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})
const originOf = async (started: Server) => {
  server = started
  if (!started.listening) await new Promise((resolve) => started.once('listening', resolve))
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`
}

const issuer = testIssuer({ algorithm: 'RS256' })
const keys = apiKey(({ key }) => (key === 'GoodKey-1' ? { subject: 'k', scopes: ['a', 'b'] } : undefined))
const users = basic(({ username, password }) =>
  username === 'ada' && password === 'Good:Password-1' ? { subject: 'ada', scopes: ['a', 'b'] } : undefined,
)
const ADA = `Basic ${Buffer.from('ada:Good:Password-1').toString('base64')}`
const token = bearer(issuer.verifier)
const remote = bearer(remoteIssuer(issuer.url, { audience: issuer.audience, fetch: issuer.fetch, clock: issuer.clock }))

const both = (method: 'GET' | 'POST', guard: AnyPolicy) => {
  const app = fastify()
  app.register(problems)
  app.route({ method, url: '/a', onRequest: protect(guard), handler: async () => ({ ok: true }) })
  app.get('/other', { onRequest: protect(guard) }, async (_request, reply) => reply.code(404).send())
  const plain = express()
  const handle = plain[method === 'GET' ? 'get' : 'post'].bind(plain)
  handle('/a', expressProtect(guard), (_req, res) => void res.json({ ok: true }))
  plain.get('/other', expressProtect(guard), (_req, res) => void res.status(404).end())
  plain.use(expressProblems())
  return { app, plain }
}

const POLICIES: readonly [string, AnyPolicy, Partial<AttackOptions>][] = [
  ['a scope', policy({ accept: token, scopes: ['a', 'b'] }), {}],
  ['a remote issuer', policy({ accept: remote, scopes: ['a'] }), {}],
  [
    'a role or a scope',
    policy({ accept: token, allow: { anyOf: [{ scope: 'a' }, { role: 'r' }] }, maxAge: 60, clock: issuer.clock }),
    {},
  ],
  [
    'any of three',
    policy({ accept: anyOf(token, keys, users), scopes: ['a'] }),
    { headers: { 'X-API-Key': 'GoodKey-1', Authorization: ADA } },
  ],
  ['a password alone', policy({ accept: users, scopes: ['a'] }), { headers: { authorization: ADA, 'x-tenant': 't' } }],
  [
    'a password and a key',
    policy({ accept: allOf(users, keys) }),
    { headers: { authorization: ADA, 'X-API-Key': 'GoodKey-1' } },
  ],
  ['all of two', policy({ accept: allOf(keys, token) }), { headers: { 'X-API-Key': 'GoodKey-1' } }],
  ['a key alone', policy({ accept: keys, scopes: ['a'] }), { headers: { 'x-api-key': 'GoodKey-1', 'x-tenant': 't' } }],
  ['an optional token', policy({ accept: token, mode: 'optional' }), {}],
  ['named places', policy({ accept: bearer(issuer.verifier, { query: 'access_token', cookie: 'jwt' }) }), {}],
]

test.each(POLICIES)(
  '%s: no attack gets in, by inject and over a socket, on Fastify and on Express',
  async (_name, guard, more) => {
    for (const method of ['GET', 'POST'] as const) {
      const { app, plain } = both(method, guard)
      const options = { method, url: '/a', issuer, others: ['/other'], ...(method === 'POST' && { body: {} }), ...more }
      const { control, attacks } = await attacksOn(guard, { ...options, others: method === 'GET' ? ['/other'] : [] })
      for (const { name, request, fault } of [control, ...attacks]) {
        const response = await app.inject(request)
        expect(fault(response), `${name} by inject: ${JSON.stringify(request)}`).toBeUndefined()
      }
      const origin = await originOf(plain.listen(0, '127.0.0.1'))
      for (const attack of [control, ...attacks])
        expect(attack.fault(await sendAttack(origin, attack)), `${attack.name} over a socket`).toBeUndefined()
      server?.closeAllConnections()
      server?.close()
    }
  },
)

const scoped = policy({ accept: anyOf(token, keys, users), scopes: ['a'], maxAge: 60 })
const full: AttackOptions = {
  url: '/a?x=1',
  issuer,
  keyServer: 'http://127.0.0.1:9',
  others: ['/b'],
  headers: { 'x-api-key': 'GoodKey-1', authorization: ADA },
}

test('every attack is told when it is let in, when the server breaks, and when the good request is refused', async () => {
  const { control, attacks, leftOut } = await attacksOn(scoped, full)
  expect(leftOut).toEqual([{ id: 'signature.zero', why: 'its tokens have another algorithm' }])
  expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length)
  for (const { id, fault } of attacks) {
    expect(fault({ status: 200, headers: {} }), id).toEqual({ kind: 'let in', says: 'let in: 200' })
    expect(fault({ status: 500, headers: {} }), id).toEqual({ kind: 'broke', says: 'the server broke: 500' })
  }
  const refused = { kind: 'refused', says: 'the good request was refused: 401, so no attack proves anything' }
  expect(control.fault({ status: 401, headers: {} })).toEqual(refused)
  expect(control.fault({ statusCode: 404, headers: {} })?.kind).toBe('another status')
  expect(control.fault({ statusCode: 503, headers: {} })?.kind).toBe('broke')
  expect(control.fault({ statusCode: 422, headers: {} })).toBeUndefined()
})

test('an attack is a way in or strictness by who can send it', async () => {
  const { attacks } = await attacksOn(scoped, full)
  const severity = (id: string) => attacks.find((attack) => attack.id === id)?.severity
  for (const id of [
    'none',
    'path.case',
    'alg.none',
    'key.jku',
    'expired',
    'scope.a',
    'cookie',
    'other./b',
    'basic.password',
  ])
    expect(severity(id), id).toBe('way in')
  for (const id of [
    'signature.padding',
    'header.doubled',
    'query',
    'exp.milliseconds',
    'claims.duplicate',
    'x-api-key.doubled',
  ])
    expect(severity(id), id).toBe('strictness')
})

test('a 401 without a challenge, and a refusal of another kind than wanted, are told', async () => {
  const { attacks } = await attacksOn(scoped, full)
  const fault = (id: string, answer: AttackAnswer) => attacks.find((attack) => attack.id === id)?.fault(answer)?.says
  expect(fault('none', { status: 401, headers: {} })).toContain('a 401 without WWW-Authenticate')
  expect(fault('none', { status: 401, headers: new Headers({ 'WWW-Authenticate': 'Bearer' }) })).toBeUndefined()
  expect(fault('none', { status: 302, headers: {} })).toBe('answered 302, expected 401')
  expect(fault('scope.none', { status: 401, headers: {} })).toBe('answered 401, expected 403')
  expect(fault('other./b', { status: 404, headers: {} })).toBeUndefined()
})

test('a server that only reads tokens lets all but the unreadable ones in', async () => {
  const careless = createServer((request, response) => {
    const [, payload = ''] = (request.headers.authorization ?? '').split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString() || 'null')
    response.writeHead(claims ? 200 : 401, { 'www-authenticate': 'Bearer' }).end()
  })
  const origin = await originOf(careless.listen(0, '127.0.0.1'))
  const { attacks } = await attacksOn(policy({ accept: token, scopes: ['a'] }), { url: '/', issuer })
  const letIn: string[] = []
  for (const attack of attacks)
    if (attack.fault(await sendAttack(origin, attack))?.kind === 'let in') letIn.push(attack.id)
  for (const id of [
    'alg.none',
    'expired',
    'aud.other',
    'iss.other',
    'typ.dpop',
    'signature.foreign',
    'confusion.pem',
    'kid.unknown',
    'claims.padding',
    'scope.none',
  ])
    expect(letIn).toContain(id)
  expect(letIn).not.toContain('none')
})

describe('a shared secret, as express-jwt servers have it', () => {
  const secret = 'the secret of at least 32 bytes that signed them'
  const shared = testIssuer({ algorithm: 'HS256', secret })
  const common = { algorithms: ['HS256'], secret, type: 'JWT' } as const
  const { url, audience } = shared
  const plain = { header: { typ: 'JWT', kid: undefined } }
  const unsaid = { ...plain, claims: { iss: undefined, aud: undefined } }

  test.each([
    ['an own issuer', bearer(shared.verifier), {}, []],
    [
      'legacyTokens',
      bearer(legacyTokens({ ...common, issuer: url, audience })),
      plain,
      [['id-token', 'its issuer makes no ID tokens']],
    ],
    [
      'legacyTokens that waives what the tokens do not say',
      bearer(legacyTokens({ ...common, issuer: false, audience: false })),
      unsaid,
      [
        ...['aud.other', 'aud.missing', 'aud.longer', 'iss.other', 'iss.missing', 'iss.array'].map((id) => [
          id,
          'the good token does not say it',
        ]),
        ['id-token', 'its issuer makes no ID tokens'],
      ],
    ],
  ])('%s: every attack that applies is made, and none gets in', async (_name, accept, good, unmade) => {
    const guard = policy({ accept, scopes: ['a'] })
    const { app } = both('GET', guard)
    const { control, attacks, leftOut } = await attacksOn(guard, {
      ...full,
      url: '/a',
      headers: {},
      issuer: shared,
      good,
    })
    for (const { name, request, fault } of [control, ...attacks])
      expect(fault(await app.inject(request)), name).toBeUndefined()
    const other = ['signature.zero', 'key.x5c', 'key.x5u'].map((id) => [id, 'its tokens have another algorithm'])
    const confused = leftOut.filter(({ id }) => id.startsWith('confusion.'))
    expect(confused.map(({ why }) => why)).toEqual(Array(5).fill('its tokens have another algorithm'))
    const rest = leftOut.filter((one) => !confused.includes(one)).map(({ id, why }) => [id, why])
    expect(rest.sort()).toEqual([...other, ...unmade].sort())
    expect(attacks.map(({ id }) => id)).toContain('expired')
  })
})

test.each(['EdDSA', 'ES256', 'RS256'] as const)(
  '%s: padded is what a decoder that takes padding takes',
  async (algorithm) => {
    const guard = policy({ accept: token })
    const { attacks } = await attacksOn(guard, { url: '/', issuer: testIssuer({ algorithm }) })
    const segment = (id: string, at: number) =>
      `${attacks.find((attack) => attack.id === id)?.request.headers.authorization}`.split('.')[at] ?? ''
    for (const padded of [segment('claims.padding', 1), segment('signature.padding', 2)]) {
      expect(padded).toMatch(/=$/)
      expect(padded.length % 4).toBe(0)
    }
  },
)

test.each(['EdDSA', 'ES256', 'RS256'] as const)('%s: one bit of the signature is another', async (algorithm) => {
  const { control, attacks } = await attacksOn({ url: '/', issuer: testIssuer({ algorithm }) })
  const bits = ({ request }: Pick<typeof control, 'request'> | undefined = control) =>
    [...Buffer.from(`${request.headers.authorization}`.split('.')[2] ?? '', 'base64url')]
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('')
  const [good, changed] = [bits(), bits(attacks.find(({ id }) => id === 'signature.changed'))]
  expect(changed.length).toBe(good.length)
  expect([...good].filter((bit, at) => bit !== changed[at]).length).toBe(1)
})

test('a token alone, without a policy, can be broken; what needs more is left out, with the reason', async () => {
  const { attacks, leftOut } = await attacksOn({ url: '/', token: await issuer.token() })
  const ids = attacks.map(({ id }) => id)
  expect(ids).toContain('alg.none')
  expect(leftOut).toContainEqual({ id: 'expired', why: 'the issuer would have to sign it' })
  expect(leftOut).toContainEqual({ id: 'confusion.pem', why: 'no public keys' })
  expect(leftOut).toContainEqual({ id: 'key.jku', why: 'no server of keys' })
  expect(leftOut).toContainEqual({ id: 'scope.*', why: 'no scope is asked for' })
  expect(leftOut).toContainEqual({ id: 'other.*', why: 'no object of somebody else' })
  const nothing = (await attacksOn(policy({ accept: anyOf(token, keys, users), scopes: ['a'] }), { url: '/' })).leftOut
  for (const id of [...ids.filter((id) => /^(alg|signature|key|kid)\./.test(id)), 'header.*', 'query', 'cookie'])
    expect(nothing).toContainEqual({ id, why: 'no good token' })
  for (const id of ['x-api-key.truncated', 'basic.password', 'basic.truncated'])
    expect(nothing).toContainEqual({ id, why: 'no good credential of its scheme' })
  expect(nothing).toContainEqual({ id: 'scope.a', why: 'the issuer would have to sign it' })
})

test('what is left out is what is there when it is given what it needs', async () => {
  const attacker = await serveAttackerKeys()
  const { leftOut } = await attacksOn(scoped, { url: '/', headers: {} })
  const { attacks } = await attacksOn(scoped, {
    ...full,
    keyServer: attacker.url,
    issuer: testIssuer({ algorithm: 'ES256' }),
  })
  await attacker.close()
  for (const { id } of leftOut)
    expect(
      attacks.some((attack) => attack.id === id || attack.id.startsWith(id.replace('*', '~').split('~')[0] ?? id)),
      id,
    ).toBe(true)
})

test('an HMAC token is forged with HMAC, so that no list of algorithms refuses it', async () => {
  const text = [{ alg: 'HS256' }, { sub: 'ada' }].map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'))
  const { attacks, leftOut } = await attacksOn({
    url: '/',
    token: `${text.join('.')}.AAAA`,
    keyServer: 'http://127.0.0.1:9',
  })
  const jwk = attacks.find(({ id }) => id === 'key.jwk')?.request.headers.authorization
  const [header = ''] = `${jwk}`.slice('Bearer '.length).split('.')
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'HS256', jwk: { kty: 'oct' } })
  for (const id of ['key.x5c', 'key.x5u', 'signature.zero', 'signature.noncanonical'])
    expect(leftOut).toContainEqual({ id, why: 'its tokens have another algorithm' })
})

test('only the good credential goes out with an attack, and with no credential only what every request needs', async () => {
  const headers = { authorization: ADA, 'X-API-Key': 'GoodKey-1', 'X-Tenant': 't', Cookie: 'session=1' }
  const { attacks } = await attacksOn(policy({ accept: anyOf(token, keys, users) }), { url: '/', issuer, headers })
  const request = (id: string) => attacks.find((attack) => attack.id === id)?.request.headers
  expect(request('none')).toEqual({ 'x-tenant': 't' })
  expect(request('query')).toEqual({ 'x-tenant': 't', cookie: 'session=1' })
  expect(Object.keys(request('cookie') ?? {})).toEqual(['x-tenant', 'cookie'])
  expect(request('x-api-key.wrong')).toEqual({ 'x-tenant': 't', cookie: 'session=1', 'x-api-key': 'made-up-key' })
  const decoded = (id: string) => Buffer.from(`${request(id)?.authorization}`.slice(6), 'base64').toString()
  expect(decoded('basic.truncated')).toBe('ada:Good:Password-')
  expect(decoded('basic.password')).toBe('ada:made-up-password')
  expect(request('basic.doubled')?.authorization).toEqual([ADA, ADA])
})

test('a key without letters has no other case', async () => {
  const { attacks } = await attacksOn(policy({ accept: keys }), { url: '/', headers: { 'x-api-key': '1234' } })
  expect(attacks.map(({ id }) => id)).not.toContain('x-api-key.case')
})

test('a scheme of your own is left out, and its credential is not sent with the others', async () => {
  const ticket = { ...users, name: 'ticket', sources: ['authorization:ticket', 'cookie:ticket'] } as never
  const guard = policy({ accept: anyOf(ticket, keys) })
  const headers = { authorization: 'Ticket good', 'x-api-key': 'GoodKey-1' }
  const { control, attacks, leftOut } = await attacksOn(guard, { url: '/', headers })
  expect(leftOut).toContainEqual({ id: 'authorization:ticket.*', why: 'no attacks are known for it' })
  expect(leftOut).toContainEqual({ id: 'cookie:ticket.*', why: 'no attacks are known for it' })
  expect(control.request.headers).toEqual({ authorization: 'Ticket good' })
  for (const { id, request } of attacks) expect(request.headers, id).not.toMatchObject({ authorization: 'Ticket good' })
})

test.each([
  ['text', 'SecretBytes'],
  ['no claims', 'e30'],
  ['two segments', 'e30.e30'],
  ['null for a header', 'bnVsbA.e30.AAAA'],
  ['an array for claims', 'e30.W10.AAAA'],
  ['text for claims', 'e30.IlNlY3JldCI.AAAA'],
  ['no JSON', 'U2VjcmV0.U2VjcmV0.AAAA'],
  ['no text', 7 as never],
])('a token that is %s is told, with nothing of it', async (_name, token) => {
  const error = await attacksOn({ url: '/', token }).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message).toBe('attacksOn: "token" must be a JWT')
  expect(error.cause).toBeUndefined()
})

test('a policy that refuses nobody, and options that say nothing, are told', async () => {
  await expect(attacksOn(anyone, { url: '/' })).rejects.toThrow('policy "anyone" refuses nobody (anyone)')
  await expect(attacksOn(policy({ accept: token, mode: 'attempt' }), { url: '/' })).rejects.toThrow(
    'refuses nobody (attempt)',
  )
  const wrong = (more: object) => expect(attacksOn(scoped, { url: '/', ...more } as never)).rejects
  await wrong({ headers: { authorization: 'Bearer x' } }).toThrow('give the bearer token as "token", not in "headers"')
  await wrong({ headers: { authorization: 'Ticket x' } }).toThrow('no scheme of the policy reads the Authorization')
  await wrong({ headers: { authorization: 'Basic eA==' } }).toThrow('must be Basic with user name and password')
  await wrong({ publicKeys: [{ kty: 'oct', k: 'AAAA' }] }).toThrow('"publicKeys" must be JWKs of public keys')
  await wrong({ keyServer: 'keys' }).toThrow('"keyServer" must be the url of serveAttackerKeys()')
  await expect(attacksOn(scoped, undefined as never)).rejects.toThrow(TypeError)
  await expect(attacksOn(scoped, { url: 'posts' })).rejects.toThrow('"url" must be the path of a real request')
  await expect(attacksOn(scoped, { path: '/' } as never)).rejects.toThrow('attacksOn has no option "path"')
  await expect(attacksOn(scoped, { url: '/', issuer: { ...issuer, token: async () => '' } })).rejects.toThrow(
    'must come from testIssuer()',
  )
})
