import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { problems, protect } from '@countersign/fastify'
import { type AnyPolicy, allOf, anyOf, anyone, apiKey, basic, bearer, policy } from '@countersign/policy'
import { remoteIssuer } from '@countersign/tokens'
import express from 'express'
import fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { type Attack, type AttackAnswer, type AttackOptions, attacksOn, sendAttack, testIssuer } from './index.ts'

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
const users = basic(() => undefined)
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
    { headers: { 'X-API-Key': 'GoodKey-1' } },
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
      const { attacks } = await attacksOn(guard, { ...options, others: method === 'GET' ? ['/other'] : [] })
      expect(attacks[0]?.id).toBe('control')
      for (const { id, request, fault } of attacks) {
        const response = await app.inject(request)
        expect(fault(response), `${id} by inject: ${JSON.stringify(request)}`).toBeUndefined()
      }
      const origin = await originOf(plain.listen(0, '127.0.0.1'))
      for (const attack of attacks)
        expect(attack.fault(await sendAttack(origin, attack)), `${attack.id} over a socket`).toBeUndefined()
      server?.closeAllConnections()
      server?.close()
    }
  },
)

const scoped = policy({ accept: anyOf(token, keys, users), scopes: ['a'], maxAge: 60 })
const full: AttackOptions = { url: '/a?x=1', issuer, others: ['/b'], headers: { 'x-api-key': 'GoodKey-1' } }

test('every attack is told when it is let in, when the server breaks, and when the good request is refused', async () => {
  const { attacks, leftOut } = await attacksOn(scoped, full)
  expect(leftOut).toEqual([])
  const [control, ...rest] = attacks as [Attack, ...Attack[]]
  expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length)
  for (const { id, fault } of rest) expect(fault({ status: 200, headers: {} }), id).toBe('let in: 200')
  for (const { id, fault } of attacks) expect(fault({ status: 500, headers: {} }), id).toBe('the server broke: 500')
  expect(control.fault({ status: 401, headers: {} })).toContain('the good request was refused: 401')
  expect(control.fault({ statusCode: 404, headers: {} })).toContain('give "method", "url" and "body" of a real one')
})

test('a 401 without a challenge, and a refusal of another kind than wanted, are told', async () => {
  const { attacks } = await attacksOn(scoped, full)
  const fault = (id: string, answer: AttackAnswer) => attacks.find((attack) => attack.id === id)?.fault(answer)
  expect(fault('none', { status: 401, headers: {} })).toContain('a 401 without WWW-Authenticate')
  expect(fault('none', { status: 401, headers: new Headers({ 'WWW-Authenticate': 'Bearer' }) })).toBeUndefined()
  expect(fault('none', { status: 302, headers: {} })).toBe('answered 302, expected 401')
  expect(fault('scope.none', { status: 401, headers: {} })).toBe('answered 401, expected 403')
  expect(fault('other /b', { status: 404, headers: {} })).toBeUndefined()
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
    if (attack.fault(await sendAttack(origin, attack))?.startsWith('let in')) letIn.push(attack.id)
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

test('a token alone can be broken; what needs the issuer is left out, with the reason', async () => {
  const guard = policy({ accept: token, scopes: ['a'] })
  const { attacks, leftOut } = await attacksOn(guard, { url: '/', token: await issuer.token() })
  expect(attacks.map(({ id }) => id)).toContain('alg.none')
  expect(leftOut).toContainEqual({ id: 'expired', why: 'needs "issuer": its key must sign it' })
  expect(leftOut).toContainEqual({ id: 'confusion.pem', why: 'needs the public keys of the server' })
  expect((await attacksOn(guard, { url: '/' })).leftOut).toContainEqual({
    id: 'token',
    why: 'needs "issuer" or "token"',
  })
})

test('a policy that refuses nobody, and options that say nothing, are told', async () => {
  await expect(attacksOn(anyone, { url: '/' })).rejects.toThrow('policy "anyone" refuses nobody (anyone)')
  await expect(attacksOn(policy({ accept: token, mode: 'attempt' }), { url: '/' })).rejects.toThrow(
    'refuses nobody (attempt)',
  )
  await expect(attacksOn(scoped, { url: 'posts' })).rejects.toThrow('"url" must be the path of a real request')
  await expect(attacksOn(scoped, { path: '/' } as never)).rejects.toThrow('attacksOn has no option "path"')
  await expect(attacksOn(scoped, { url: '/', issuer: { ...issuer, token: async () => '' } })).rejects.toThrow(
    'must come from testIssuer()',
  )
})
