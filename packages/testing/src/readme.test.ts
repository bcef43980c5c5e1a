// The examples of README.md, run.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { protect } from '@countersign/express'
import type { RequestView } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { remoteIssuer, type TokenVerifier } from '@countersign/tokens'
import express from 'express'
import fastify, { type FastifyRequest } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { signIn, type TokenRequest, testIssuer } from './index.ts'

const claims = { exp: 0 }
const ada = { subject: 'ada', claims }
const readPosts = policy({ accept: bearer(testIssuer().verifier), scopes: ['posts:read'] })
const writePosts = policy({ accept: bearer(testIssuer().verifier), scopes: ['posts:write'] })

const me = (request: RequestView) => ({ subject: readPosts.principal(request).subject })
const createPost = async (request: FastifyRequest) => ({
  ...(request.body as { title: string }),
  author: writePosts.principal(request).subject,
})
function makeApp(verifier: TokenVerifier) {
  const read = policy({ accept: bearer(verifier), scopes: ['posts:read'] })
  const app = express()
  app.get('/posts', protect(read), (req, res) => res.json({ author: read.principal(req).subject }))
  return app
}

let server: Server | undefined
afterEach(() => server?.close())
async function serve(app: ReturnType<typeof makeApp>): Promise<string> {
  const listening = await new Promise<Server>((resolve) => {
    const started = app.listen(0, '127.0.0.1', () => resolve(started))
  })
  server = listening
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
}

test('a handler called directly', () => {
  const request = { headers: {}, rawHeaders: [], method: 'GET', url: '/me', socket: {} }
  signIn(readPosts, request, { subject: 'ada', claims })
  expect(me(request)).toEqual({ subject: 'ada' })
})

test('a Fastify handler', async () => {
  const app = fastify()
  app.post('/posts', { onRequest: async (request) => signIn(writePosts, request, ada) }, createPost)
  const response = await app.inject({ method: 'POST', url: '/posts', payload: { title: 'Hello' } })
  expect(response.json()).toEqual({ title: 'Hello', author: 'ada' })
})

test('a whole Express route', async () => {
  const issuer = testIssuer()
  const url = await serve(makeApp(issuer.verifier))
  const get = async (wanted?: TokenRequest) => fetch(`${url}/posts`, { headers: await issuer.headers(wanted) })
  expect((await get({ subject: 'ada', scopes: ['posts:read'] })).status).toBe(200)
  expect((await get({ scopes: [] })).status).toBe(403)
  expect((await get({ scopes: ['posts:read'], expiresIn: -60 })).status).toBe(401)
  expect((await get({ scopes: ['posts:read'], claims: { aud: 'other' } })).status).toBe(401)
})

test('code that has a remoteIssuer of its own', async () => {
  const issuer = testIssuer({ issuer: 'https://acme.eu.auth0.com/', audience: 'https://api.acme.com' })
  const acme = remoteIssuer(issuer.url, { audience: issuer.audience, fetch: issuer.fetch, clock: issuer.clock })
  const token = await issuer.token({ subject: 'ada', header: { typ: 'JWT' } })
  expect(await acme.verify(token)).toMatchObject({ subject: 'ada' })
  issuer.clock.advance(3600)
  expect(await acme.verify(token)).toMatchObject({ code: 'invalid_token', reason: 'token.expired' })
})
