import { testIssuer } from '@countersign/testing'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runSnippet } from './snippet.ts'

const RESOURCE = 'https://api.acme.com/mcp'
const METADATA = 'https://api.acme.com/.well-known/oauth-protected-resource/mcp'

describe.each(['mcp-server.ts', 'mcp-server-fastify.ts'])('(f) %s', (file) => {
  let idp: Awaited<ReturnType<ReturnType<typeof testIssuer>['listen']>>
  let app: Awaited<ReturnType<typeof runSnippet>>
  beforeAll(async () => {
    idp = await testIssuer({ audience: RESOURCE }).listen()
    app = await runSnippet(file, { ISSUER: idp.url })
  })
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
    expect(refused.headers.get('www-authenticate')).toBe(`Bearer realm="api", resource_metadata="${METADATA}"`)
    const document = await fetch(app.url + new URL(METADATA).pathname)
    expect(document.headers.get('access-control-allow-origin')).toBe('*')
    expect(await document.json()).toEqual({
      resource: RESOURCE,
      authorization_servers: [idp.url],
      bearer_methods_supported: ['header'],
    })
  })

  test('the official client calls a tool with a token for this resource', async () => {
    const { authorization } = await idp.headers({ scopes: ['posts:read', 'posts:write'] })
    const client = new Client({ name: 'test', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), {
      requestInit: { headers: { authorization } },
    })
    await client.connect(transport)
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['list_posts', 'create_post'])
    const written = await client.callTool({ name: 'create_post', arguments: { title: 'Second' } })
    expect(written.content).toEqual([{ type: 'text', text: 'wrote Second' }])
    await client.close()
  })

  test('a scope that is missing is refused before the tool runs, with every scope that it needs', async () => {
    const { authorization } = await idp.headers({ scopes: ['posts:read'] })
    const refused = await send(call('create_post', { title: 'Never' }), { authorization })
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="api", error="insufficient_scope", scope="posts:write", resource_metadata="${METADATA}"`,
    )
    const read = await send(call('list_posts'), { authorization })
    expect(read.status).toBe(200)
    expect(await read.text()).not.toContain('Never')
    const none = await idp.headers({ scopes: [] })
    expect((await send(call('list_posts'), none)).status).toBe(403)
    expect((await send([call('list_posts'), call('create_post')], { authorization })).status).toBe(403)
  })

  test('a token for another resource does not open this one', async () => {
    for (const aud of ['https://api.acme.com', `${RESOURCE}/`, 'https://other.test/mcp']) {
      const headers = await idp.headers({ scopes: ['posts:read'], claims: { aud } })
      expect((await send(call('list_posts'), headers)).status, aud).toBe(401)
    }
  })
})
