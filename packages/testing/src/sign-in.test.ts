import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { isAuthError, type RequestView } from '@countersign/http'
import { allOf, anyOf, anyone, apiKey, basic, bearer, decisionOf, policy } from '@countersign/policy'
import fastify from 'fastify'
import { expect, expectTypeOf, test } from 'vitest'
import { signIn, testIssuer } from './index.ts'

const token = bearer((): { subject: string; scopes?: string[]; roles?: string[]; plan: 'pro' } | undefined => undefined)
const user = basic((): { subject: string; email: string } | undefined => undefined)
const key = apiKey((): { subject: string; keyId: string } | undefined => undefined)
const ada = { subject: 'ada', plan: 'pro' } as const
const stub = (): RequestView => ({ headers: {}, rawHeaders: [], method: 'GET', url: '/', socket: {} })

const required = policy({ accept: token, scopes: ['posts:read'] })

test('principal, decision and decisionOf answer with the caller, on every kind of request', async () => {
  const message = new IncomingMessage(new Socket())
  for (const request of [stub(), message, { raw: message, ip: '::1' }]) {
    signIn(required, request, ada)
    expect(required.principal(request)).toBe(ada)
    expect(required.decision(request)).toEqual({ scheme: 'bearer', principal: ada })
    expect(decisionOf(request)?.principal).toBe(ada)
  }
  const app = fastify()
  app.get('/', { onRequest: async (request) => signIn(required, request, ada) }, async (request) =>
    required.principal(request.raw),
  )
  expect((await app.inject('/')).json()).toEqual(ada)
})

test('it signs in for one policy and one request only', () => {
  const request = stub()
  signIn(required, request, ada)
  expect(() => policy({ accept: token, name: 'another' }).principal(request)).toThrow('policy "another" did not pass')
  expect(() => required.principal(stub())).toThrow('did not pass')
})

test('it gets nobody past check', async () => {
  const request = stub()
  signIn(required, request, ada)
  expect((await required.check(request))?.status).toBe(401)
})

test('the latest of two on one request holds', () => {
  const request = stub()
  signIn(required, request, ada)
  signIn(required, request, { subject: 'bob', plan: 'pro' })
  expect(required.principal(request).subject).toBe('bob')
})

test('authorize judges by the scopes and roles of the principal, or by those that are given', async () => {
  const request = stub()
  signIn(required, request, { ...ada, scopes: ['a'], roles: ['admin'] })
  expect(required.authorize(request, { allOf: [{ scope: 'a' }, { role: 'admin' }] })).toBeUndefined()
  const refusal = await required.authorize(request, { scope: 'b' })
  expect(refusal).toMatchObject({
    status: 403,
    headers: { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope", scope="b"' },
  })
  signIn(required, request, ada, { scopes: ['b'], roles: ['author'] })
  expect(required.authorize(request, { allOf: [{ scope: 'b' }, { role: 'author' }] })).toBeUndefined()
  expect((await required.authorize(request, { scope: 'a' }))?.status).toBe(403)
})

test('a rule with a test sees the principal that was signed in, and the resource', () => {
  const request = stub()
  signIn(required, request, ada)
  const owns = {
    name: 'owns',
    test: (who: { subject: string }, post: { author: string }) => who.subject === post.author,
  }
  expect(required.authorize(request, owns, { author: 'ada' })).toBeUndefined()
  expect(required.authorize(request, owns, { author: 'bob' })).toMatchObject({ status: 403 })
})

test('undefined signs nobody in where the mode lets a request pass without a principal', async () => {
  const optional = policy({ accept: token, mode: 'optional' })
  const attempt = policy({ accept: token, mode: 'attempt' })
  const request = stub()
  signIn(optional, request, undefined)
  signIn(attempt, request, undefined)
  expect(optional.principal(request)).toBeUndefined()
  expect(optional.decision(request)).toBeUndefined()
  expect(attempt.decision(request)).toEqual({ kind: 'absent' })
  expect(decisionOf(request)).toBeUndefined()
  expect((await optional.authorize(request, { scope: 'a' }))?.status).toBe(401)
  signIn(optional, request, ada)
  signIn(attempt, request, ada)
  expect(optional.principal(request)).toBe(ada)
  expect(attempt.decision(request)).toMatchObject({ kind: 'authenticated', decision: { scheme: 'bearer' } })
})

test('undefined throws where the mode lets nobody pass without one', () => {
  // @ts-expect-error required: there is always a principal
  expect(() => signIn(required, stub(), undefined)).toThrow('policy "posts:read" lets nobody pass without a principal')
  // @ts-expect-error a principal is an object
  expect(() => signIn(required, stub(), 'ada')).toThrow(
    "a principal that is an object, got string: signIn(policy, request, { subject: 'ada' })",
  )
})

test('the first scheme of accept is the one that is said to have proved it, unless another is named', () => {
  const any = policy({ accept: anyOf(token, user) })
  const request = stub()
  signIn(any, request, ada)
  expect(any.decision(request).scheme).toBe('bearer')
  signIn(any, request, { subject: 'ada', email: 'a@x' }, { scheme: 'basic' })
  expect(any.decision(request).scheme).toBe('basic')
  // @ts-expect-error not a scheme of this policy
  expect(() => signIn(any, request, ada, { scheme: 'apiKey' })).toThrow('accepts bearer, basic, not apiKey')
  // @ts-expect-error not what basic yields
  const wrong = () => signIn(any, request, { subject: 'ada', plan: 'pro' }, { scheme: 'basic' })
  expectTypeOf(wrong).toBeFunction()
})

test('allOf wants to be told what the other schemes proved', () => {
  const both = policy({ accept: anyOf(allOf(key, token), user) })
  const request = stub()
  const caller = { subject: 'partner', keyId: 'k1' }
  signIn(both, request, caller, { scheme: 'apiKey', also: [{ scheme: 'bearer', principal: ada }] })
  const decision = both.decision(request)
  expect(decision).toEqual({ scheme: 'apiKey', principal: caller, also: [{ scheme: 'bearer', principal: ada }] })
  expect(() => signIn(both, request, caller, { scheme: 'apiKey' })).toThrow('needs { also } with 1 more')
  signIn(both, request, { subject: 'ada', email: 'a@x' }, { scheme: 'basic' })
  expect(both.decision(request)).not.toHaveProperty('also')
  // @ts-expect-error basic stands alone
  const alone = () => signIn(both, request, { subject: 'a', email: 'e' }, { scheme: 'basic', also: [] })
  expect(alone).toThrow('yields no "also" with basic')
  // @ts-expect-error bearer is not the caller here
  expect(() => signIn(both, request, ada, { scheme: 'bearer' })).toThrow('name the first of its allOf()')
})

test('the principal is typed by the policy', () => {
  // @ts-expect-error the plan is missing
  const missing = () => signIn(required, stub(), { subject: 'ada' })
  expectTypeOf(missing).toBeFunction()
  expect(isAuthError(ada)).toBe(false)
})

test('a misspelled option is named', () => {
  expect(() => signIn(required, stub(), ada, { scope: ['a'] } as never)).toThrow('signIn has no option "scope"')
})

test('of the claims a test gives those that its handler reads, or none', () => {
  const caller = policy({ accept: bearer(testIssuer().verifier) })
  const request = stub()
  signIn(caller, request, { subject: 'ada' })
  expect(caller.principal(request)).toEqual({ subject: 'ada' })
  signIn(caller, request, { subject: 'ada', claims: { tenant: 'a' } })
  expect(caller.principal(request).claims.tenant).toBe('a')
  signIn(caller, request, { subject: 'ada', claims: { exp: 1 } })
  // @ts-expect-error exp is a number
  const wrong = () => signIn(caller, request, { subject: 'ada', claims: { exp: 'soon' } })
  expectTypeOf(wrong).toBeFunction()
})

test('a principal of the application, which has no subject, is taken', () => {
  const caller = policy({ accept: bearer(testIssuer().verifier, { principal: () => ({ id: 7 }) }) })
  const request = stub()
  signIn(caller, request, { id: 7 })
  expect(caller.principal(request)).toEqual({ id: 7 })
})

test.each<[string, readonly unknown[], string]>([
  ['no policy', [{}, stub(), ada], 'the first argument must be a policy, got object'],
  ['undefined for a policy', [undefined, stub(), ada], 'the first argument must be a policy, got undefined'],
  ['anyone', [anyone, stub(), ada], '`anyone` has no principal'],
  ['no request', [required, undefined, ada], 'must be the request that the handler gets, got undefined; a stub is {'],
  [
    'a stub without rawHeaders',
    [required, { headers: {} }, ada],
    'a stub is { headers: {}, rawHeaders: [], socket: {} }',
  ],
  ['principal and request exchanged', [required, ada, stub()], 'the second argument must be the request'],
  ['null', [required, stub(), null], 'a principal that is an object, got null'],
  ['a list', [required, stub(), [ada]], 'a principal that is an object, got a list'],
  [
    'a number for the subject',
    [required, stub(), { subject: 7 }],
    '"subject" must be a string that is not empty, got number',
  ],
  ['no subject', [required, stub(), { subject: '' }], 'got an empty string'],
  [
    'scopes as text',
    [required, stub(), { ...ada, scopes: 'a b' }],
    '"scopes" of the principal must be a list of strings, got string',
  ],
  ['roles as text', [required, stub(), { ...ada, roles: 'a' }], '"roles" of the principal must be a list of strings'],
  [
    'scopes of the options as text',
    [required, stub(), ada, { scopes: 'a' }],
    'option "scopes" must be a list of strings',
  ],
  [
    'claims as a token',
    [required, stub(), { ...ada, claims: 'eyJ' }],
    '"claims" must be an object, or left out, got string',
  ],
])('%s is told, with what to write', (_what, given, message) => {
  const call = () => (signIn as (...all: readonly unknown[]) => void)(...given)
  expect(call).toThrow(TypeError)
  expect(call).toThrow(message)
})
