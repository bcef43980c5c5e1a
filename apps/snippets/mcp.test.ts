import { request } from 'node:http'
import { testIssuer } from '@countersign/testing'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runSnippet } from './snippet.ts'

describe.each(['mcp-server.ts', 'mcp-server-fastify.ts'])('(f) %s', (file) => {
  let idp: Awaited<ReturnType<ReturnType<typeof testIssuer>['listen']>>
  let app: Awaited<ReturnType<typeof runSnippet>>
  beforeAll(async () => {
    idp = await testIssuer().listen()
    app = await runSnippet(file, { ISSUER: idp.url })
  })
  const resource = () => `${app.url}/mcp`
  const metadata = () => `${app.url}/.well-known/oauth-protected-resource/mcp`
  const signedIn = (scopes: readonly string[], aud = resource()) => idp.headers({ scopes, claims: { aud } })
  afterAll(async () => {
    app.stop()
    await idp.close()
  })
  const send = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${app.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify(body),
    })
  const call = (name: string, args: object = {}) => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: args },
  })

  test('who brings nothing is told where the metadata is, and the document says whose tokens open it', async () => {
    const refused = await send(call('list_posts'))
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="api", scope="posts:read", resource_metadata="${metadata()}"`,
    )
    const document = await fetch(metadata())
    expect(document.headers.get('access-control-allow-origin')).toBe('*')
    expect(await document.json()).toEqual({
      resource: resource(),
      authorization_servers: [idp.url],
      bearer_methods_supported: ['header'],
      scopes_supported: ['posts:read'],
    })
  })

  test('it has checked itself, and says what a client would miss', async () => {
    // This issuer has keys and tokens, and nowhere to sign in.
    await vi.waitFor(() => expect(app.output()).toContain('names no authorization or token endpoint'))
    expect(app.output()).toContain(`clients would not find their way to ${resource()}`)
    expect(app.output()).not.toContain('document ')
    expect(app.output()).not.toContain('challenge ')
  })

  test('the official client calls a tool with a token for this resource, and the tool knows the caller', async () => {
    const { authorization } = await signedIn(['posts:read', 'posts:write'])
    const client = new Client({ name: 'test', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(new URL(resource()), {
      requestInit: { headers: { authorization } },
    })
    const errors: unknown[] = []
    client.onerror = (error) => errors.push(error)
    await client.connect(transport)
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['list_posts', 'create_post'])
    const written = await client.callTool({ name: 'create_post', arguments: { title: 'Second' } })
    expect(written.content).toEqual([{ type: 'text', text: expect.stringMatching(/^\S+ wrote Second$/) }])
    await client.close()
    expect(errors).toEqual([])
  })

  test('there is no stream to get: 405, with a token and without', async () => {
    for (const headers of [{}, await signedIn(['posts:read'])]) {
      const answer = await fetch(resource(), { headers: { ...headers, accept: 'text/event-stream' } })
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toBe('POST')
    }
  })

  test('a body that is not one JSON document by its media type is 415', async () => {
    const reader = await signedIn(['posts:read'])
    for (const type of ['text/plain', 'application/mcp+json', 'application/json, application/json'])
      expect((await send(call('list_posts'), { ...reader, 'content-type': type })).status, type).toBe(415)
  })

  test('a scope that is missing is refused before the tool runs, with every scope that the request needs', async () => {
    const reader = await signedIn(['posts:read'])
    const refused = await send(call('create_post', { title: 'Never' }), reader)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="api", error="insufficient_scope", scope="posts:read posts:write", resource_metadata="${metadata()}"`,
    )
    const read = await send(call('list_posts'), reader)
    expect(read.status).toBe(200)
    expect(await read.text()).not.toContain('Never')
    expect((await send(call('list_posts'), await signedIn([]))).status).toBe(403)
    expect((await send([call('list_posts')], reader)).status).toBe(400)
  })

  test('a token for another resource does not open this one', async () => {
    for (const aud of [app.url, `${resource()}/`, 'https://other.test/mcp'])
      expect((await send(call('list_posts'), await signedIn(['posts:read'], aud))).status, aud).toBe(401)
  })

  test('a page that was bound to this machine, and one from elsewhere, get nowhere', async () => {
    const reader = await signedIn(['posts:read'])
    expect((await send(call('list_posts'), { ...reader, origin: 'https://evil.test' })).status).toBe(403)
    expect((await send(call('list_posts'), { ...reader, origin: app.url })).status).toBe(200)
    const { port } = new URL(app.url)
    const status = await new Promise((resolve) =>
      request({
        host: '127.0.0.1',
        port,
        path: '/mcp',
        method: 'POST',
        headers: { ...reader, host: `evil.test:${port}` },
      })
        .on('response', (message) => resolve(message.resume().statusCode))
        .end(),
    )
    expect(status).toBe(403)
  })
})

describe('mcp-sdk-auth.ts', () => {
  test('the SDK’s own middleware takes our verifier: 401 for a wrong token, the tool for a good one', async () => {
    const idp = await testIssuer().listen()
    const app = await runSnippet('mcp-sdk-auth.ts', { ISSUER: idp.url })
    const resource = `${app.url}/mcp`
    const metadata = `${app.url}/.well-known/oauth-protected-resource/mcp`
    try {
      for (const aud of [app.url, 'https://other.test/mcp']) {
        const { authorization } = await idp.headers({ claims: { aud } })
        const refused = await fetch(resource, { method: 'POST', headers: { authorization }, body: '{}' })
        expect(refused.status).toBe(401)
        expect(refused.headers.get('www-authenticate')).toBe(
          `Bearer error="invalid_token", error_description="The credential is not valid.", resource_metadata="${metadata}"`,
        )
      }
      expect(await (await fetch(metadata)).json()).toMatchObject({ resource })
      const { authorization } = await idp.headers({ claims: { aud: resource, client_id: 'web' } })
      const client = new Client({ name: 'test', version: '1.0.0' })
      const requestInit = { headers: { authorization } }
      const stream = await fetch(resource, { headers: { authorization } })
      expect([stream.status, stream.headers.get('allow')]).toEqual([405, 'POST'])
      await client.connect(new StreamableHTTPClientTransport(new URL(resource), { requestInit }))
      const written = await client.callTool({ name: 'create_post', arguments: { title: 'Third' } })
      expect(written.content).toEqual([{ type: 'text', text: 'web wrote Third' }])
      await client.close()
    } finally {
      app.stop()
      await idp.close()
    }
  })
})
