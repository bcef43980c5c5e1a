import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Unavailable } from '@countersign/http'
import { testIssuer } from '@countersign/testing'
import { remoteIssuer } from '@countersign/tokens'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth as requireBearerAuth1 } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import {
  type AuthInfo,
  createMcpHandler,
  McpServer,
  OAuthError,
  requireBearerAuth,
  verifyBearerToken,
} from '@modelcontextprotocol/server'
import express from 'express'
import { describe, expect, test } from 'vitest'
import { protectedResource, sdkAuthInfo, sdkVerifier } from './index.ts'

const RESOURCE = 'https://api.acme.com/mcp'
const idp = testIssuer({ issuer: 'https://login.acme.com', audience: RESOURCE })
const mcp = protectedResource({
  resource: RESOURCE,
  issuers: [remoteIssuer(idp.url, { fetch: idp.fetch, clock: idp.clock })],
})
const verifier = sdkVerifier(mcp)
const gate = requireBearerAuth({
  verifier,
  requiredScopes: ['posts:read'],
  resourceMetadataUrl: mcp.metadataUrl,
  expectedResource: new URL(RESOURCE),
})
const ask = async (token: string) =>
  gate(new Request(RESOURCE, { method: 'POST', headers: { authorization: `Bearer ${token}` } }))

describe('sdkVerifier, behind the SDK’s own requireBearerAuth', () => {
  test('a good token becomes its AuthInfo', async () => {
    const now = Math.floor(Date.now() / 1000)
    const token = await idp.token({
      subject: 'ada',
      scopes: ['posts:read'],
      claims: { client_id: 'web', exp: now + 60 },
    })
    const info = await ask(token)
    expect(info).toMatchObject({
      token,
      clientId: 'web',
      scopes: ['posts:read'],
      expiresAt: now + 60,
      resource: new URL(RESOURCE),
      resourceMetadataUrl: mcp.metadataUrl,
      extra: { principal: { subject: 'ada' } },
    })
  })

  test.each<[string, () => string | Promise<string>]>([
    ['nonsense', () => 'nonsense'],
    ['for another resource', () => idp.token({ claims: { aud: 'https://api.acme.com' } })],
    ['of nobody', () => testIssuer({ issuer: 'https://evil.test', audience: RESOURCE }).token()],
    ['expired', () => idp.token({ claims: { exp: 1000 } })],
  ])('a token that is %s: 401, not 500, and no more is said', async (_what, make) => {
    const answer = await ask(await make())
    if (!(answer instanceof Response)) throw new Error('it passed')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain(`resource_metadata="${mcp.metadataUrl}"`)
    expect(await answer.json()).toEqual({
      error: 'invalid_token',
      error_description: 'The credential is not valid.',
    })
  })

  test('too few scopes: 403', async () => {
    const answer = await ask(await idp.token({ scopes: ['other'] }))
    expect(answer).toMatchObject({ status: 403 })
  })

  test('the SDK knows the error for its own', async () => {
    const error = await verifyBearerToken('Bearer nonsense', { verifier }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OAuthError)
    expect(error).toMatchObject({ code: 'invalid_token', name: 'OAuthError' })
  })

  test('what is down is not the caller’s fault: 500', async () => {
    const down = { ...mcp, verify: () => Promise.reject(new Unavailable('the key source')) }
    const request = new Request(RESOURCE, { headers: { authorization: 'Bearer x' } })
    expect(await requireBearerAuth({ verifier: sdkVerifier(down) })(request)).toMatchObject({ status: 500 })
  })

  test('a token without an end is refused: the SDK would take it for a bug', async () => {
    const endless = { ...mcp, verify: () => ({ subject: 'ada' }) }
    await expect(sdkVerifier(endless).verifyAccessToken('x')).rejects.toBeInstanceOf(OAuthError)
  })

  test('SDK 1 gets its own error: 401 from its own middleware, and without that 500', async () => {
    const ask = async (by: ReturnType<typeof sdkVerifier>, authorization: string) => {
      const app = express()
      app.get(
        '/',
        requireBearerAuth1({ verifier: by }),
        (request, response) => void response.json(request.auth?.clientId),
      )
      const server = app.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization, connection: 'close' } })
      server.close()
      return response.status
    }
    const first = sdkVerifier(mcp, { error: InvalidTokenError })
    expect(await ask(first, `Bearer ${await idp.token()}`)).toBe(200)
    expect(await ask(first, 'Bearer nonsense')).toBe(401)
    expect(await ask(verifier, 'Bearer nonsense')).toBe(500)
  })

  test('misuse', () => {
    expect(() => sdkVerifier({} as never)).toThrow('sdkVerifier() takes a protectedResource')
    expect(() => sdkVerifier(mcp, { errors: Error } as never)).toThrow('no option "errors"')
  })
})

test('sdkAuthInfo: a caller whom a policy let pass, without the token', () => {
  const principal = { subject: 'ada', scopes: ['a'], expiresAt: 9, credential: { client: 'web' } }
  expect(sdkAuthInfo(mcp, principal)).toEqual({
    token: '',
    clientId: 'web',
    scopes: ['a'],
    expiresAt: 9,
    resource: new URL(RESOURCE),
    resourceMetadataUrl: mcp.metadataUrl,
    extra: { principal },
  })
  expect(sdkAuthInfo(mcp, { subject: 'ada' })).toMatchObject({ clientId: '', scopes: [] })
})

test('sdkAuthInfo is what a tool of the SDK finds in its context', async () => {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'test', version: '1.0.0' })
    server.registerTool('who', {}, (ctx) => {
      const { clientId, extra } = ctx.http?.authInfo ?? {}
      return { content: [{ type: 'text', text: JSON.stringify([clientId, extra?.principal]) }] }
    })
    return server
  })
  const authInfo: AuthInfo = sdkAuthInfo(mcp, { subject: 'ada', credential: { client: 'web' } })
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'who', arguments: {} } }
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const request = new Request(RESOURCE, { method: 'POST', headers, body: JSON.stringify(message) })
  const said = await (await handler.fetch(request, { authInfo })).text()
  expect(said).toContain(JSON.stringify(JSON.stringify(['web', { subject: 'ada', credential: { client: 'web' } }])))
})
