import { bearer, type Case, JSON_TYPE } from '@countersign/conformance'

const RESOURCE = 'https://api.acme.com/mcp?tenant=a'
const METADATA = 'https://api.acme.com/.well-known/oauth-protected-resource/mcp?tenant=a'
const CHALLENGE = `Bearer realm="api", resource_metadata="${METADATA}"`
const encoded = (text: string) => Buffer.from(text).toString('base64url')
const token = (scopes: string, issuer = 'now', audience = RESOURCE) =>
  bearer(`${issuer}.${encoded(audience)}.${encoded(scopes)}`)
const call = (name: unknown, id = 1) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } })
const post = (body: unknown, scopes: string, path = '/mcp', ...more: readonly (readonly [string, string])[]) => ({
  method: 'POST',
  path,
  headers: [token(scopes), JSON_TYPE, ...more],
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const THROUGH = { status: 200, json: { through: true } } as const
const BUG = { status: 500, code: 'server_error' } as const
const wants = (scopes: string) => ({
  status: 403,
  code: 'insufficient_scope',
  challenges: [
    `${CHALLENGE.replace(', ', ', error="insufficient_scope", ').replace(', resource', `, scope="${scopes}", resource`)}`,
  ],
})

/** What the door of an MCP server does, whatever is behind it. */
export const mcpCases: readonly Case[] = [
  {
    id: 'M01',
    title:
      'clients find the authorization servers: the challenge leads to the document, the document is of this resource',
    section: 'RFC 9728 sections 3 and 5.1',
    *steps() {
      yield {
        send: { method: 'POST', path: '/mcp' },
        expect: { status: 401, code: 'unauthenticated', challenges: [CHALLENGE] },
      }
      const headers = { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' }
      yield {
        send: { path: '/.well-known/oauth-protected-resource/mcp?tenant=a' },
        expect: {
          status: 200,
          headers,
          json: {
            resource: RESOURCE,
            authorization_servers: ['https://later.acme.com', 'https://now.acme.com'],
            bearer_methods_supported: ['header'],
            scopes_supported: ['posts:read', 'posts:write'],
            resource_name: 'Posts',
          },
        },
      }
    },
  },
  {
    id: 'M01 root',
    title: 'the document of a resource without a path has none behind it, and says nothing that it was not told',
    section: 'RFC 9728 section 3.1',
    *steps() {
      yield {
        send: { path: '/.well-known/oauth-protected-resource' },
        expect: {
          status: 200,
          json: {
            resource: 'https://api.acme.com/',
            authorization_servers: ['https://later.acme.com', 'https://now.acme.com'],
            bearer_methods_supported: ['header'],
          },
        },
      }
    },
  },
  {
    id: 'M02',
    title: 'a token for another resource is refused',
    section: 'RFC 8707 section 2',
    *steps() {
      const send = (audience: string) => ({
        ...post(call('ping'), ''),
        headers: [token('', 'now', audience), JSON_TYPE],
      })
      yield { send: send(RESOURCE), expect: THROUGH }
      for (const other of ['https://api.acme.com/mcp', 'https://api.acme.com/mcp?tenant=b', 'https://other.test/'])
        yield { send: send(other), expect: { status: 401, code: 'invalid_token' } }
    },
  },
  {
    id: 'M03',
    title: "each of the issuers is asked for its own tokens, one that answers later too, and nobody's are refused",
    section: 'RFC 9728 section 2',
    *steps() {
      for (const issuer of ['now', 'later'])
        yield {
          send: { ...post(call('ping'), ''), headers: [token('', issuer), JSON_TYPE] },
          expect: THROUGH,
        }
      yield {
        send: { ...post(call('ping'), ''), headers: [token('', 'nobody'), JSON_TYPE] },
        expect: { status: 401, code: 'invalid_token' },
      }
    },
  },
  {
    id: 'M04',
    title: 'a tool is called with all of its scopes, or 403 names them',
    section: 'RFC 6750 section 3.1',
    *steps() {
      yield { send: post(call('create_post'), 'posts:write posts:publish'), expect: THROUGH }
      for (const scopes of ['posts:write', 'posts:publish', 'posts:read'])
        yield { send: post(call('create_post'), scopes), expect: wants('posts:write posts:publish') }
      yield { send: post(call('list_posts'), 'posts:read'), expect: THROUGH }
      yield { send: post(call('list_posts'), 'posts:write'), expect: wants('posts:read') }
      yield { send: post(call('*'), 'posts:write'), expect: wants('posts:read') }
      yield { send: post(call({ toString: 'ping' }), 'posts:write'), expect: wants('posts:read') }
    },
  },
  {
    id: 'M04 batch',
    title: 'a batch needs what each of its calls needs',
    section: 'JSON-RPC 2.0 section 6',
    *steps() {
      const batch = [call('ping', 1), call('create_post', 2), call('list_posts', 3)]
      yield { send: post(batch, 'posts:read posts:write posts:publish'), expect: THROUGH }
      yield { send: post(batch, 'posts:read'), expect: wants('posts:write posts:publish posts:read') }
    },
  },
  {
    id: 'M05',
    title: 'a tool that is not listed is called by nobody',
    section: 'OWASP API5:2023',
    *steps() {
      yield { send: post(call('list_posts'), 'posts:read', '/strict'), expect: THROUGH }
      for (const name of ['drop_all', '__proto__', 'constructor', '*'])
        yield {
          send: post(call(name), 'posts:read posts:write', '/strict'),
          expect: { status: 403, code: 'access_denied' },
        }
    },
  },
  {
    id: 'M06',
    title: 'what needs no scope goes through: other methods, a tool with none, an empty object that was read',
    section: 'MCP, Server features: Tools',
    *steps() {
      for (const body of [{ jsonrpc: '2.0', id: 1, method: 'tools/list' }, call('ping'), {}, []])
        yield { send: post(body, ''), expect: THROUGH }
    },
  },
  {
    id: 'M07',
    title: 'a body that no parser took as JSON never passes',
    section: 'MCP, Transports: the SDK would read it by itself',
    *steps() {
      const body = JSON.stringify(call('create_post'))
      for (const path of ['/unparsed', '/text', '/bytes']) yield { send: post(body, '', path), expect: BUG }
      yield { send: post('null', '', '/null'), expect: BUG }
    },
  },
  {
    id: 'M07 method',
    title: 'without a body, GET and DELETE pass; with one they do not',
    section: 'MCP, Transports: GET opens a stream, DELETE ends a session',
    *steps() {
      const length = ['content-length', '2'] as const
      const chunked = ['transfer-encoding', 'chunked'] as const
      for (const method of ['GET', 'DELETE']) {
        const plain = { method, path: '/unparsed', headers: [token('')] }
        yield { send: plain, expect: THROUGH }
        yield { send: { ...plain, headers: [token(''), length], body: '{}' }, expect: BUG }
        yield { send: { ...plain, headers: [token(''), chunked], body: '2\r\n{}\r\n0\r\n\r\n' }, expect: BUG }
      }
      yield { send: { method: 'POST', path: '/unparsed', headers: [token('')] }, expect: BUG }
      yield { send: { method: 'PUT', path: '/unparsed', headers: [token('')] }, expect: BUG }
    },
  },
  {
    id: 'M08',
    title: 'misuse is refused where it is made',
    section: 'DESIGN section 5',
    *steps() {
      const all = {
        good: false,
        option: true,
        http: true,
        fragment: true,
        issuers: true,
        'one issuer': true,
        'bound issuer': true,
        'nameless issuer': true,
        twice: true,
        scopes: true,
        beside: true,
        policy: true,
        tools: true,
      }
      yield { send: { path: '/misuse' }, expect: { status: 200, json: all } }
    },
  },
]

/** Where Express 4 is another: its parser leaves `{}` for a body that it did not take. */
export const mcp4Cases: readonly Case[] = [
  {
    id: 'M09',
    title: 'a body of another type that the parser left as an empty object is 415',
    section: 'RFC 9110 section 15.5.16',
    *steps() {
      const send = {
        method: 'POST',
        path: '/mcp',
        headers: [token(''), ['content-type', 'text/plain']] as const,
        body: JSON.stringify(call('create_post')),
      }
      yield { send, expect: { status: 415, code: 'unsupported_media_type' } }
      yield { send: post({}, ''), expect: THROUGH }
    },
  },
]
