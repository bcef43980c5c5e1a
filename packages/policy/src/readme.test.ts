// The examples of README.md, run.
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicLine, bearerLine, keyLine, request as message, tokens as tokensOf } from '../test/request.ts'
import { refusalOf } from './index.ts'

// What README.md shows of its other examples.

import diagnostics from 'node:diagnostics_channel'
import { readAuthorization } from '@countersign/credentials'
import { authError, isAuthError, type Principal, Refused, type RequestView } from '@countersign/http'
import { allOf, type Condition, type Presented, publicRoute, roleHierarchy, type Scheme } from '@countersign/policy'

// What README.md shows without a framework begins here.

import { createServer, type Server } from 'node:http'
import { anyOf, apiKey, basic, bearer, policy } from '@countersign/policy'

// Yours, or of the other packages: localIssuer, apiKeys, passwordLogin.
const known = new Map([
  ['ada-token', { subject: 'ada', scopes: ['posts:write'] }],
  ['eve-token', { subject: 'eve', scopes: [] }],
])
const tokens = ({ token }: { token: string }) => known.get(token)
const keys = ({ key }: { key: string }) => (key === 'k' ? { subject: 'bot', scopes: ['posts:write'] } : undefined)
const users = async ({ username }: { username: string }) => (username === 'bob' ? { subject: 'bob' } : undefined)

const writePosts = policy({
  name: 'write posts',
  accept: anyOf(bearer(tokens), apiKey(keys), basic(users)), // how a caller may prove who they are
  scopes: ['posts:write'], // what the credential must allow
})

const server: Server = createServer(async (request, response) => {
  const verdict = await writePosts.check(request)
  if (verdict?.status) return response.writeHead(verdict.status, verdict.headers).end(verdict.body)
  response.end(`written by ${writePosts.principal(request).subject}`)
})

describe('the one idea', () => {
  let url: string
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/posts`
  })
  afterAll(() => void server.close())
  const ask = (headers: Record<string, string>) => fetch(url, { method: 'POST', headers })

  test('it enforces, types and challenges', async () => {
    expect(await (await ask({ authorization: 'Bearer ada-token' })).text()).toBe('written by ada')
    expect(await (await ask({ 'x-api-key': 'k' })).text()).toBe('written by bot')
    expect((await ask({ authorization: 'Bearer eve-token' })).status).toBe(403)
    const refused = await ask({})
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="api", ApiKey realm="api", header="X-API-Key", Basic realm="api", charset="UTF-8"',
    )
  })
})

test('rules are data', async () => {
  const publish = policy({
    accept: bearer(tokens),
    allow: {
      allOf: [
        { scope: 'posts:write' },
        { anyOf: [{ role: 'editor' }, { name: 'is ada', test: ({ subject }) => subject === 'ada' }] },
      ],
    },
  })
  expect(await publish.check(message(bearerLine('ada-token')))).toBeUndefined()
  expect(await publish.check(message(bearerLine('eve-token')))).toMatchObject({ status: 403 })
})

interface Post {
  readonly author: string
  text: string
}
const posts = new Map<number, Post>([[1, { author: 'ada', text: 'Hello' }]])

const ownsIt = { name: 'owns the post', test: ({ subject }: Principal, { author }: Post) => subject === author }

async function editPost(request: RequestView, id: number, text: string): Promise<void> {
  const post = posts.get(id)
  if (!post) throw new Refused(authError('not_found', 'post.unknown'))
  const refusal = await writePosts.authorize(request, ownsIt, post)
  if (refusal) throw new Refused(refusal)
  post.text = text
}

test('the second phase', async () => {
  const [ada, bot] = [message(bearerLine('ada-token')), message(keyLine('k'))]
  for (const request of [ada, bot]) await writePosts.check(request)
  await editPost(ada, 1, 'Hello again')
  expect(posts.get(1)?.text).toBe('Hello again')
  const thrown = await editPost(bot, 1, 'Mine').catch((error: unknown) => error)
  expect(refusalOf(thrown, bot)).toMatchObject({ status: 403, error: { code: 'access_denied' } })
  expect(posts.get(1)?.text).toBe('Hello again')
})

test('modes', async () => {
  const greet = policy({ accept: bearer(tokens), mode: 'attempt' })
  const greeting = async (request: RequestView) => {
    await greet.check(request)
    const outcome = greet.decision(request)
    if (outcome.kind === 'authenticated') return `Hello ${outcome.decision.principal.subject}`
    return outcome.kind === 'absent' ? 'Hello stranger' : 'Please sign in again'
  }
  expect(await greeting(message())).toBe('Hello stranger')
  expect(await greeting(message(bearerLine('ada-token')))).toBe('Hello ada')
  expect(await greeting(message(bearerLine('old')))).toBe('Please sign in again')
})

test('allOf', async () => {
  const partner = policy({ accept: allOf(apiKey(keys), bearer(tokens)) })
  const request = message(keyLine('k'), bearerLine('ada-token'))
  await partner.check(request)
  const { principal, also } = partner.decision(request)
  expect([principal.subject, also[0].principal.subject]).toEqual(['bot', 'ada'])
})

test('explain', async () => {
  const explanation = await writePosts.explain(message(basicLine('bob', 'secret')))
  expect(explanation).toEqual({
    policy: 'write posts',
    passed: false,
    status: 403,
    code: 'insufficient_scope',
    challenges: ['Basic realm="api", charset="UTF-8"'],
    steps: [
      { what: 'bearer', held: null, steps: [] },
      { what: 'apiKey', held: null, steps: [] },
      {
        what: 'basic',
        held: true,
        steps: [
          { what: 'present', held: true },
          { what: 'verified', held: true },
        ],
      },
      { what: 'scope posts:write', held: false, expected: 'posts:write', got: 'no scopes' },
    ],
  })
})

test('a hierarchy of roles', async () => {
  const tokens = tokensOf({
    admin: { subject: 'ada', roles: ['admin'] },
    reader: { subject: 'eve', roles: ['reader'] },
  })
  const roles = roleHierarchy({ admin: ['editor'], editor: ['reader'] })
  const editors = policy({ accept: bearer(tokens), allow: roles.atLeast('editor') })
  expect(await editors.check(message(bearerLine('admin')))).toBeUndefined()
  expect(await editors.check(message(bearerLine('reader')))).toMatchObject({ status: 403 })
})

let closed = false
const maintenance: Condition = {
  name: 'maintenance',
  refuses: ['temporarily_unavailable'],
  before: () => (closed ? authError('temporarily_unavailable', 'maintenance') : undefined),
}
test('a condition', async () => {
  const door = publicRoute({ name: 'door', conditions: [maintenance] })
  expect(await door.check(message())).toBeUndefined()
  closed = true
  expect(await door.check(message())).toMatchObject({ status: 503, error: { reason: 'maintenance' } })
})

test('describe', () => {
  expect(policy({ accept: bearer(tokens), scopes: ['posts:read'], maxAge: 300 }).describe()).toEqual({
    name: 'posts:read',
    mode: 'required',
    accept: {
      scheme: 'bearer',
      sources: ['authorization:bearer'],
      openapi: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    },
    allow: { scope: 'posts:read' },
    maxAge: 300,
    conditions: [],
  })
})

test('events', async () => {
  const refused: unknown[] = []
  const onRefused = (event: unknown) => void refused.push(event)
  diagnostics.subscribe('countersign:unauthenticated', onRefused)
  await writePosts.check(message(bearerLine('old')))
  diagnostics.unsubscribe('countersign:unauthenticated', onRefused)
  expect(refused).toEqual([
    {
      type: 'unauthenticated',
      at: expect.any(Number),
      policy: 'write posts',
      scheme: 'bearer',
      code: 'invalid_token',
      reason: 'credential.wrong',
      method: 'GET',
      path: '/posts',
    },
  ])
})

interface Seat extends Presented {
  readonly value: string
}
const ticket: Scheme<'ticket', { subject: string }> = {
  kind: 'scheme',
  of: [],
  name: 'ticket',
  sources: ['authorization:ticket'],
  openapi: { type: 'http', scheme: 'ticket' },
  read(request) {
    const value = readAuthorization(request, 'ticket')
    if (value === undefined || isAuthError(value)) return value
    const seat: Seat = { from: 'header', value }
    return seat
  },
  verify: async (credential) => seats.get((credential as Seat).value),
  challenge: (error) => ({ scheme: 'Ticket', params: error ? { error: error.code } : {} }),
}

const seats = new Map([['12A', { subject: 'ada' }]])

test('a scheme of your own', async () => {
  const seated = policy({ accept: ticket })
  const request = message(['Authorization', 'Ticket 12A'])
  await seated.check(request)
  expect(seated.principal(request)).toEqual({ subject: 'ada' })
  expect(await seated.check(message(['Authorization', 'Ticket 99Z']))).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Ticket error="invalid_token"' },
  })
  expect(await seated.check(message(['Authorization', 'Ticket']))).toMatchObject({ status: 400 })
})
