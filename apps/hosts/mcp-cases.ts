import { ok } from 'node:assert/strict'
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
const NO_JSON = { status: 415, code: 'unsupported_media_type' } as const
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
    id: 'M04 policy',
    title: 'a 403 names what the policy wants too, so that a token for what is named opens both',
    section: 'MCP, Authorization: Scope Challenge Handling',
    *steps() {
      yield { send: post(call('create_post'), 'mcp:use posts:write posts:publish', '/scoped'), expect: THROUGH }
      yield { send: post(call('ping'), 'mcp:use', '/scoped'), expect: THROUGH }
      yield {
        send: post(call('create_post'), 'mcp:use posts:write', '/scoped'),
        expect: wants('mcp:use posts:write posts:publish'),
      }
    },
  },
  {
    id: 'M04 rule',
    title: 'a tool may have a rule in place of scopes',
    section: 'RFC 6750 section 3.1',
    *steps() {
      yield { send: post(call('delete_post'), 'posts:delete'), expect: THROUGH }
      yield { send: post(call('delete_post'), 'posts:read'), expect: wants('posts:delete') }
    },
  },
  {
    id: 'M11',
    title: 'a batch is refused: calls could hide in it, and no protocol version of today has them',
    section: 'MCP 2025-06-18, Key changes',
    *steps() {
      for (const batch of [[call('ping', 1), call('ping', 2)], [call('ping')], []])
        yield { send: post(batch, 'posts:read'), expect: { status: 400, code: 'invalid_request' } }
    },
  },
  {
    id: 'M12',
    title: 'prompts by name, resources by URI, methods by theirs, and completions by what they complete',
    section: 'MCP, Server features',
    *steps() {
      const ask = (method: unknown, params: object) => ({ jsonrpc: '2.0', id: 1, method, params })
      const NOBODY = { status: 403, code: 'access_denied' } as const
      const rows: readonly [method: unknown, params: object, scopes: string][] = [
        ['prompts/get', { name: 'review' }, 'prompts:review'],
        ['completion/complete', { ref: { type: 'ref/prompt', name: 'review' } }, 'prompts:review'],
        ['completion/complete', { ref: { type: 'ref/resource', uri: 'posts://drafts/1' } }, 'posts:drafts'],
        ['resources/read', { uri: 'posts://drafts/1' }, 'posts:drafts'],
        ['resources/subscribe', { uri: 'posts://drafts/1' }, 'posts:drafts'],
        ['resources/unsubscribe', { uri: 'posts://drafts/1' }, 'posts:drafts'],
        ['resources/read', { uri: 'posts://a' }, 'posts:read'],
        ['logging/setLevel', {}, 'admin'],
      ]
      for (const [method, params, scopes] of rows) {
        yield { send: post(ask(method, params), scopes), expect: THROUGH }
        yield { send: post(ask(method, params), 'other'), expect: wants(scopes) }
      }
      // As the SDK spells it before it looks.
      for (const uri of ['POSTS://drafts/1', 'posts://drafts/open/../1', 'posts://a/../drafts/1', ' posts://drafts/1'])
        yield {
          send: post(ask('resources/read', { uri }), 'other'),
          expect: wants(uri.includes('/a/') ? 'posts:read' : 'posts:drafts'),
        }
      yield { send: post(ask('resources/read', { uri: 'posts://drafts/open' }), ''), expect: THROUGH }
      yield { send: post(ask('prompts/get', { name: 'other' }), 'prompts:review'), expect: NOBODY }
      yield { send: post(ask('resources/read', { uri: 'files://a' }), 'posts:read'), expect: NOBODY }
      yield { send: post(ask('resources/read', {}), 'posts:read'), expect: NOBODY }
      for (const method of ['constructor', '__proto__']) yield { send: post(ask(method, {}), ''), expect: THROUGH }
    },
  },
  {
    id: 'M10',
    title: 'a Host that is none of the server’s is refused before anything, token or not',
    section: 'MCP, Transports: Security Warning (DNS rebinding)',
    *steps() {
      const at = (host: string, ...more: readonly (readonly [string, string])[]) => ({
        ...post(call('ping'), '', '/mcp', ['host', host], ...more),
      })
      for (const host of ['api.acme.com', 'API.acme.com:443', 'mcp.internal:8080', 'sample.test'])
        yield { send: at(host), expect: THROUGH }
      const WRONG = { status: 403, code: 'access_denied', challenges: [CHALLENGE] }
      for (const host of ['evil.test', 'api.acme.com.evil.test', 'api.acme.com:8443', 'localhost', 'mcp.internal'])
        yield { send: at(host), expect: WRONG }
      yield { send: at('evil.test', ['x-forwarded-host', 'api.acme.com']), expect: WRONG }
      yield { send: at('api.acme.com', ['host', 'evil.test']), expect: WRONG }
      yield { send: { method: 'POST', path: '/mcp', headers: [['host', 'evil.test']] }, expect: WRONG }
      const local = (host: string) => ({ method: 'POST', path: '/local', headers: [['host', host]] as const })
      for (const host of ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000'])
        yield { send: local(host), expect: THROUGH }
      for (const host of ['evil.test:3000', 'localhost:3001', 'localhost'])
        yield { send: local(host), expect: { status: 403, code: 'access_denied' } }
    },
  },
  {
    id: 'M10 origin',
    title: 'pages of an Origin that is none of the server’s get nowhere',
    section: 'MCP, Transports: Security Warning (DNS rebinding)',
    *steps() {
      const from = (...origins: readonly string[]) =>
        post(call('ping'), '', '/mcp', ...origins.map((origin) => ['origin', origin] as const))
      for (const origin of ['https://api.acme.com', 'https://app.acme.com'])
        yield { send: from(origin), expect: THROUGH }
      for (const origin of ['https://evil.test', 'null', '', 'http://api.acme.com', 'https://api.acme.com:8443'])
        yield { send: from(origin), expect: { status: 403, code: 'access_denied', challenges: [CHALLENGE] } }
      yield { send: from('https://app.acme.com', 'https://evil.test'), expect: { status: 403 } }
    },
  },
  {
    id: 'M13',
    title: 'behind a proxy the document is found with its prefix and without it',
    section: 'RFC 9728 section 5.1',
    *steps() {
      const also = ({ body }: { readonly body: Buffer }) => ok(`${body}`.includes('https://api.acme.com/v1/posts'))
      for (const path of [
        '/.well-known/oauth-protected-resource/v1/posts',
        '/v1/.well-known/oauth-protected-resource/posts',
        '/.well-known/oauth-protected-resource/posts',
      ])
        yield { send: { path }, expect: { status: 200, also } }
    },
  },
  {
    id: 'M14',
    title: 'our verifier behind the official SDK’s own requireBearerAuth',
    section: 'MCP TypeScript SDK 2, OAuthTokenVerifier',
    *steps() {
      const send = (scopes: string, issuer = 'now') => ({
        method: 'POST',
        path: '/sdk',
        headers: [token(scopes, issuer)],
      })
      yield {
        send: send('posts:read'),
        expect: {
          status: 200,
          json: {
            clientId: 'web',
            scopes: ['posts:read'],
            expiresAt: 4_102_444_800,
            resource: RESOURCE,
            resourceMetadataUrl: METADATA,
          },
        },
      }
      const challenge = (says: string) => [
        `Bearer error="invalid_token", error_description="${says}", resource_metadata="${METADATA}"`,
      ]
      const WRONG = { status: 401, foreign: true, challenges: challenge('The credential is not valid.') } as const
      yield { send: send('posts:read', 'nobody'), expect: WRONG }
      yield { send: { ...send(''), headers: [token('', 'now', 'https://other.test/')] }, expect: WRONG }
      yield {
        send: send('endless'),
        expect: { status: 401, foreign: true, challenges: challenge('The credential has no end.') },
      }
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
    title:
      'what needs no scope goes through: other methods, a tool with none, an answer, an empty object that was read',
    section: 'MCP, Server features: Tools',
    *steps() {
      const answer = { jsonrpc: '2.0', id: 1, result: {} }
      for (const body of [{ jsonrpc: '2.0', id: 1, method: 'tools/list' }, call('ping'), answer, {}])
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
      const charset = { headers: [token(''), ['content-type', 'Application/JSON; charset="UTF-8"']] } as const
      yield { send: { ...post(body, '', '/unparsed'), ...charset }, expect: BUG }
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
        const inChunks = { ...plain, body: '2\r\n{}\r\n0\r\n\r\n' }
        yield { send: { ...plain, headers: [token(''), JSON_TYPE, length], body: '{}' }, expect: BUG }
        yield { send: { ...inChunks, headers: [token(''), JSON_TYPE, chunked] }, expect: BUG }
        yield { send: { ...plain, headers: [token(''), length], body: '{}' }, expect: NO_JSON }
        yield { send: { ...inChunks, headers: [token(''), chunked] }, expect: NO_JSON }
      }
      yield { send: { method: 'POST', path: '/unparsed', headers: [token('')] }, expect: NO_JSON }
      yield { send: { method: 'POST', path: '/unparsed', headers: [token(''), JSON_TYPE] }, expect: NO_JSON }
      yield { send: { method: 'PUT', path: '/unparsed', headers: [token('')] }, expect: NO_JSON }
    },
  },
  {
    id: 'M09',
    title: 'a body of another media type, of none or of two is 415, whatever the parser left of it',
    section: 'RFC 9110 section 15.5.16',
    *steps() {
      const typed = (...types: readonly string[]) => ({
        ...post(call('ping'), ''),
        headers: [token(''), ...types.map((type) => ['content-type', type] as const)],
      })
      const json = 'application/json'
      yield { send: typed(json), expect: THROUGH }
      for (const type of ['text/plain', 'application/mcp+json', 'text/json', 'application/jsonx', `${json}, ${json}`])
        yield { send: typed(type), expect: NO_JSON }
      yield { send: typed(), expect: NO_JSON }
      for (const first of ['text/plain', json]) yield { send: typed(first, json), expect: NO_JSON }
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
        hosts: true,
        origins: true,
        'document elsewhere': true,
        'document misnamed': true,
        'document with a fragment': true,
        beside: true,
        policy: true,
        description: true,
        tools: true,
        'no tools': true,
        'no scope': true,
        'no needs': true,
        'no table': true,
        verifier: true,
        'verifier option': true,
        call: true,
      }
      yield { send: { path: '/misuse' }, expect: { status: 200, json: all } }
    },
  },
]

/** Where Express 4 is another: its parser leaves `{}` for a body that it did not take. */
export const mcp4Cases: readonly Case[] = [
  {
    id: 'M09 placeholder',
    title: 'a body of another type that the parser left as an empty object is 415',
    section: 'RFC 9110 section 15.5.16',
    *steps() {
      const send = {
        method: 'POST',
        path: '/mcp',
        headers: [token(''), ['content-type', 'text/plain']] as const,
        body: JSON.stringify(call('create_post')),
      }
      yield { send, expect: NO_JSON }
      yield { send: post({}, ''), expect: THROUGH }
    },
  },
]
