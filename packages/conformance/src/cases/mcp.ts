import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { bearer, type Case, JSON_TYPE, type World } from '../case.ts'
import type { WireRequest, WireResponse } from '../wire.ts'

const RESOURCE = 'https://api.sample.test/mcp'
const METADATA = 'https://api.sample.test/.well-known/oauth-protected-resource/mcp'
const CHALLENGE = `Bearer realm="sample", resource_metadata="${METADATA}"`
/** Of a 401: what to ask the authorization server for, too. */
const ASKS = CHALLENGE.replace(', resource', ', scope="posts:read", resource')
const HOST = ['Host', 'api.sample.test'] as const
const ACCEPT = ['Accept', 'application/json, text/event-stream'] as const

/** A token for the MCP server, of whom and with what. */
const as = (world: World, sub: string, scope: string, roles?: readonly string[]) =>
  bearer(world.mint({ claims: { aud: RESOURCE, sub, scope, roles } }))
const send = (credential: readonly [string, string], message: unknown): WireRequest => ({
  method: 'POST',
  path: '/mcp',
  headers: [HOST, credential, JSON_TYPE, ACCEPT],
  body: typeof message === 'string' ? message : JSON.stringify(message),
})
const call = (name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args },
})
const missing = (scope: string) => ({
  status: 403,
  code: 'insufficient_scope',
  challenges: [CHALLENGE.replace(', resource', `, error="insufficient_scope", scope="${scope}", resource`)],
})

/** The JSON-RPC result, from a JSON body or the one event of a stream. */
function resultOf(response: WireResponse): Readonly<Record<string, unknown>> {
  const text = `${response.body}`
  const data = /^data: (.*)$/m.exec(text)?.[1]
  return JSON.parse(data ?? text).result
}
const shows = (check: (text: string, result: Readonly<Record<string, unknown>>) => void) => ({
  status: 200,
  also(response: WireResponse) {
    const result = resultOf(response)
    check((result.content as { text: string }[])[0]?.text ?? '', result)
  },
})

export const mcpCases: readonly Case[] = [
  {
    id: 'N01',
    title: 'the API and its MCP server are two resources, each with its document',
    section: 'RFC 9728 section 3',
    *steps(world) {
      const document = {
        authorization_servers: [world.issuer],
        bearer_methods_supported: ['header'],
      }
      yield {
        send: { path: '/.well-known/oauth-protected-resource' },
        expect: {
          status: 200,
          json: {
            resource: world.audience,
            ...document,
            scopes_supported: ['posts:read', 'posts:write', 'posts:delete'],
            resource_name: 'Sample API',
          },
        },
      }
      yield {
        send: { path: '/.well-known/oauth-protected-resource/mcp' },
        expect: {
          status: 200,
          json: { resource: RESOURCE, ...document, scopes_supported: ['posts:read'], resource_name: 'Sample posts' },
        },
      }
      yield {
        send: { method: 'POST', path: '/mcp', headers: [HOST] },
        expect: { status: 401, code: 'unauthenticated', challenges: [ASKS] },
      }
      yield { send: { path: '/mcp', headers: [HOST] }, expect: { status: 405, headers: { allow: 'POST, OPTIONS' } } }
    },
  },
  {
    id: 'N02',
    title: 'a token for the one opens nothing of the other',
    section: 'RFC 8707 section 2',
    *steps(world) {
      const api = bearer(world.mint())
      const mcp = as(world, 'usr_admintak', 'posts:read')
      yield { send: send(mcp, call('list_posts')), expect: { status: 200 } }
      yield { send: { path: '/posts', headers: [api] }, expect: { status: 200 } }
      yield { send: send(api, call('list_posts')), expect: { status: 401, code: 'invalid_token' } }
      yield { send: { path: '/posts', headers: [mcp] }, expect: { status: 401, code: 'invalid_token' } }
    },
  },
  {
    id: 'N03',
    title: 'Host and Origin are looked at first, token or not',
    section: 'MCP, Transports: Security Warning (DNS rebinding)',
    *steps(world) {
      const good = send(as(world, 'usr_admintak', 'posts:read'), call('list_posts'))
      const at = (...lines: readonly (readonly [string, string])[]) => ({
        ...good,
        headers: [...(good.headers ?? []).filter(([name]) => name !== 'Host'), ...lines],
      })
      yield { send: good, expect: { status: 200 } }
      yield { send: at(['Host', 'evil.test']), expect: { status: 403, code: 'access_denied', challenges: [CHALLENGE] } }
      yield { send: at(HOST, ['Origin', 'https://evil.test']), expect: { status: 403, code: 'access_denied' } }
      yield { send: { ...at(['Host', 'evil.test']), headers: [['Host', 'evil.test']] }, expect: { status: 403 } }
      yield { send: at(HOST, ['Origin', 'https://api.sample.test']), expect: { status: 200 } }
    },
  },
  {
    id: 'N04',
    title: 'tools need what the routes need: scopes, all of them named, or the role',
    section: 'MCP, Authorization: Scope Challenge Handling',
    *steps(world) {
      const reader = as(world, 'usr_test', 'posts:read')
      const args = { title: 'a', body: 'b' }
      yield { send: send(as(world, 'usr_test', ''), call('list_posts')), expect: missing('posts:read') }
      yield { send: send(reader, call('create_post', args)), expect: missing('posts:read posts:write') }
      yield { send: send(reader, call('update_post', { id: 1, ...args })), expect: missing('posts:read posts:write') }
      yield { send: send(reader, call('delete_post', { id: 1 })), expect: missing('posts:read posts:delete') }
      yield { send: send(reader, call('drop_all')), expect: { status: 403, code: 'access_denied' } }
      yield { send: send(reader, [call('list_posts')]), expect: { status: 400, code: 'invalid_request' } }
      yield {
        send: send(as(world, 'usr_admintak', 'posts:read', ['admin']), call('delete_post', { id: 999_999 })),
        expect: shows((text) => strictEqual(text, 'There is no such post.')),
      }
    },
  },
  {
    id: 'N05',
    title: 'a post over its life, by tools; another’s is changed by nobody but an admin',
    section: 'SAMPLE-API, routes',
    *steps(world) {
      const author = as(world, 'usr_admintak01', 'posts:read posts:write')
      const other = as(world, 'usr_test', 'posts:read posts:write')
      const admin = as(world, 'usr_admintak', 'posts:read posts:write posts:delete', ['admin'])
      let id = 0
      yield {
        send: send(author, call('create_post', { title: 'By tool', body: 'b', tags: ['t'] })),
        expect: shows((text) => {
          const post = JSON.parse(text)
          id = post.id
          deepStrictEqual([post.author, post.title, post.tags], ['usr_admintak01', 'By tool', ['t']])
        }),
      }
      const change = (title: string) => call('update_post', { id, title, body: 'b' })
      yield {
        send: send(other, change('Mine now')),
        expect: shows((text, result) => deepStrictEqual([text, result.isError], ['This post is of another.', true])),
      }
      yield { send: send(author, change('Mine')), expect: shows((text) => strictEqual(JSON.parse(text).title, 'Mine')) }
      yield { send: send(admin, change('Ours')), expect: shows((text) => strictEqual(JSON.parse(text).title, 'Ours')) }
      yield {
        send: send(other, call('get_post', { id })),
        expect: shows((text) => strictEqual(JSON.parse(text).title, 'Ours')),
      }
      yield {
        send: send(other, call('list_posts', { limit: 1, cursor: id - 1 })),
        expect: shows((text) => strictEqual(JSON.parse(text).posts[0].id, id)),
      }
      yield { send: send(admin, call('delete_post', { id })), expect: shows((text) => ok(text.includes('deleted'))) }
      yield {
        send: send(other, call('get_post', { id })),
        expect: shows((_text, { isError }) => strictEqual(isError, true)),
      }
      for (const args of [{ title: '', body: 'b' }, { title: 'a', body: 'b', author: 'usr_admintak' }, {}])
        yield {
          send: send(author, call('create_post', args)),
          expect: { status: 200, also: (response) => ok(`${response.body}`.includes('nvalid')) },
        }
    },
  },
  {
    id: 'N06',
    title: 'bodies are as strict as those of the routes',
    section: 'SAMPLE-API, every route',
    *steps(world) {
      const reader = as(world, 'usr_test', 'posts:read')
      const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
      yield {
        send: send(reader, ping),
        expect: { status: 200, also: (response) => deepStrictEqual(resultOf(response), {}) },
      }
      for (const body of ['', '{', 'null', '7', '{"method":"ping","method":"tools/call"}', `\ufeff${ping}`])
        yield { send: send(reader, body), expect: { status: 400, code: 'invalid_request' } }
      const text = { ...send(reader, ping), headers: [HOST, reader, ['Content-Type', 'text/plain']] as const }
      yield { send: text, expect: { status: 415 } }
      yield { send: send(reader, `"${'x'.repeat(102_401)}"`), expect: { status: 413 } }
      yield {
        send: send(reader, { jsonrpc: '2.0', method: 'notifications/initialized' }),
        expect: { status: 202, headers: { 'content-type': null }, also: ({ body }) => strictEqual(body.length, 0) },
      }
    },
  },
  {
    id: 'N07',
    title: 'a token for the MCP server is refused once it is revoked, with its session',
    section: 'SAMPLE-API, POST /logout',
    async *steps(world) {
      const sid = `mcp-${world.port}`
      const logout = bearer(world.mint({ claims: { sid, jti: `api-${sid}` } }))
      const mcp = bearer(world.mint({ claims: { aud: RESOURCE, scope: 'posts:read', sid, jti: `mcp-${sid}` } }))
      yield { send: send(mcp, call('list_posts')), expect: { status: 200 } }
      yield { send: { method: 'POST', path: '/logout', headers: [logout] }, expect: { status: 204 } }
      yield { send: send(mcp, call('list_posts')), expect: { status: 401, code: 'invalid_token' } }
    },
  },
]
