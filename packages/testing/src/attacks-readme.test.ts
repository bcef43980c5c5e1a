// The attack kit as README.md shows it: in the tests of an application of your own.
import { problems as expressProblems, protect as expressProtect } from '@countersign/express'
import { legacyTokens } from '@countersign/tokens'
import express from 'express'
import supertest from 'supertest'
import { describe } from 'vitest'

// What README.md shows begins here.

import { problems, protect } from '@countersign/fastify'
import { authError, Refused } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { attacksOn, serveAttackerKeys, testIssuer } from '@countersign/testing'
import fastify from 'fastify'
import { afterAll, expect, test } from 'vitest'

// Your application, told to trust the test issuer.
const issuer = testIssuer()
const readPosts = policy({ accept: bearer(issuer.verifier), scopes: ['posts:read'] })
const postOf = (id: string | undefined) => {
  if (id !== '1') throw new Refused(authError('not_found', 'post.unknown'))
  return { id }
}
const app = fastify()
app.register(problems)
app.get<{ Params: { id: string } }>('/posts/:id', { onRequest: protect(readPosts) }, async ({ params }) =>
  postOf(params.id),
)

const attacker = await serveAttackerKeys()
afterAll(() => attacker.close())
const { control, attacks } = await attacksOn(readPosts, {
  url: '/posts/1',
  issuer,
  others: ['/posts/2'],
  keyServer: attacker.url,
})
test.each([control, ...attacks])('$name', async ({ request, fault }) => {
  expect(fault(await app.inject(request))).toBeUndefined()
})

const server = express()
server.get('/posts/:id', expressProtect(readPosts), (req, res) => void res.json(postOf(req.params.id)))
server.use(expressProblems())

describe('supertest', () => {
  test.each([control, ...attacks])('$name', async ({ request: { method, url, headers, payload }, fault }) => {
    const verb = method.toLowerCase() as 'get' | 'head'
    expect(fault(await supertest(server)[verb](url).set(headers).send(payload))).toBeUndefined()
  })
})

describe('a shared secret', async () => {
  const secret = 'the secret of at least 32 bytes that signed them' // your app's, in the test
  const shared = testIssuer({ algorithm: 'HS256', secret, issuer: 'https://login.acme.com' })
  const { url, audience } = shared
  const old = legacyTokens({ algorithms: ['HS256'], secret, issuer: url, audience, type: 'JWT' })
  const caller = policy({ accept: bearer(old) })
  const good = { header: { typ: 'JWT', kid: undefined } } // as jsonwebtoken makes them
  const battery = await attacksOn(caller, { url: '/me', issuer: shared, good })
  app.get('/me', { onRequest: protect(caller) }, async (request) => ({ subject: caller.principal(request).subject }))
  test.each([battery.control, ...battery.attacks])('$name', async ({ request, fault }) => {
    expect(fault(await app.inject(request))).toBeUndefined()
  })
})
