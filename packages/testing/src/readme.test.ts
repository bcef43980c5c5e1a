// The examples of README.md, run.

// What they import, but for the first.

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { protect } from '@countersign/express'
import { memoryStore } from '@countersign/store'
import { type TokenRequest, testClock } from '@countersign/testing'
import { type JwtVerifier, localIssuer, remoteIssuer } from '@countersign/tokens'
import express from 'express'
import fastify, { type FastifyRequest } from 'fastify'
import { afterEach } from 'vitest'

// What README.md shows first begins here.

import type { RequestView } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { signIn, testIssuer } from '@countersign/testing'
import { expect, test } from 'vitest'

// Yours, in your application: a policy, and a handler behind it.
const readPosts = policy({ accept: bearer(testIssuer().verifier), scopes: ['posts:read'] })
const me = (request: RequestView) => ({ subject: readPosts.principal(request).subject })

test('a handler called directly', () => {
  const request = { headers: {}, rawHeaders: [], method: 'GET', url: '/me', socket: {} }
  signIn(readPosts, request, { subject: 'ada' })
  expect(me(request)).toEqual({ subject: 'ada' })
})

const ada = { subject: 'ada' }
const writePosts = policy({ accept: bearer(testIssuer().verifier), scopes: ['posts:write'] })
const createPost = async (request: FastifyRequest) => ({
  ...(request.body as { title: string }),
  author: writePosts.principal(request).subject,
})

test('a Fastify handler', async () => {
  const app = fastify()
  app.post('/posts', { onRequest: async (request) => signIn(writePosts, request, ada) }, createPost)
  const response = await app.inject({ method: 'POST', url: '/posts', payload: { title: 'Hello' } })
  expect(response.json()).toEqual({ title: 'Hello', author: 'ada' })
})

function makeApp(verifier: JwtVerifier) {
  const read = policy({ accept: bearer(verifier), scopes: ['posts:read'] })
  const app = express()
  app.get('/posts', protect(read), (req, res) => res.json({ author: read.principal(req).subject }))
  return app
}

/** As a main.ts makes the app from `process.env`. */
function appFrom(env: { readonly ISSUER: string; readonly AUDIENCE: string }) {
  return makeApp(remoteIssuer(env.ISSUER, { audience: env.AUDIENCE }))
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

test('the real app, which is told its issuer', async () => {
  const idp = await testIssuer().listen() // a new issuer, whose `iss` is its URL: take tokens from this one
  const url = await serve(appFrom({ ISSUER: idp.url, AUDIENCE: idp.audience }))
  const headers = await idp.headers({ subject: 'ada', scopes: ['posts:read'] })
  expect((await fetch(`${url}/posts`, { headers })).status).toBe(200)
  await idp.close()
})

test('the real app, which is an issuer itself', async () => {
  const clock = testClock()
  const issuer = 'https://api.acme.com'
  const own = localIssuer({ issuer, audience: issuer, store: memoryStore({ clock }), clock }) // the app's own
  const url = await serve(makeApp(own))
  const { access_token } = await own.issue({ subject: 'ada', scopes: ['posts:read'] }) // or through its login route
  const get = () => fetch(`${url}/posts`, { headers: { authorization: `Bearer ${access_token}` } })
  expect((await get()).status).toBe(200)
  clock.advance(400) // it lived for 300 s
  expect((await get()).status).toBe(401)
})

test('roles that Keycloak keeps in realm_access', async () => {
  const idp = testIssuer({ issuer: 'https://id.acme.com/realms/acme', audience: 'https://api.acme.com' })
  const { url, audience, fetch } = idp
  const keycloak = remoteIssuer(url, { audience, fetch })
  const admins = policy({
    accept: bearer(keycloak, {
      principal: ({ subject, claims }) => {
        const { roles = [] } = (claims.realm_access ?? {}) as { readonly roles?: readonly string[] }
        return { subject, roles }
      },
    }),
    allow: { role: 'admin' },
  })
  const statusOf = async (roles: readonly string[]) => {
    const { authorization } = await idp.headers({ claims: { typ: 'Bearer', realm_access: { roles } } })
    const rawHeaders = ['Authorization', authorization]
    return (await admins.check({ headers: {}, rawHeaders, socket: {} }))?.status ?? 200
  }
  expect([await statusOf(['admin']), await statusOf(['user'])]).toEqual([200, 403])
})
