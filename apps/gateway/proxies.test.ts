// Real proxies that ask GET /auth/check, with the configuration that docs/gateways shows.
import { readFileSync } from 'node:fs'
import { authCheck } from '@countersign/gateway'
import { authError, type Principal, Unavailable } from '@countersign/http'
import { anyOf, anyone, apiKey, basic, bearer, findEndpoint, policy, publicRoute } from '@countersign/policy'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listen, type Running } from './listen.ts'
import { freePort, type Started } from './processes.ts'
import { docs, isInstalled, PROXIES, startProxy } from './proxies.ts'
import { raw, request } from './raw.ts'
import type { Shown } from './upstream.ts'

const PEOPLE: Readonly<Record<string, Principal>> = {
  'good-token': { subject: 'usr_1', scopes: ['posts:read', 'posts:write'] },
  'reader-token': { subject: 'usr_2', scopes: ['posts:read'] },
  'strange-token': { subject: 'Zoë\r\nX-Admin: 1, "%', scopes: ['posts:read', 'a\nb', 'c d'] },
}
const verify = ({ token }: { readonly token: string }): Principal | undefined => PEOPLE[token]
const accept = anyOf(
  bearer(verify),
  apiKey(({ key }: { readonly key: string }) =>
    key === 'good-key' ? { subject: 'svc_1', scopes: ['posts:read'] } : undefined,
  ),
  basic(() => undefined),
)
const keyed = apiKey(({ key }: { readonly key: string }) => (key === 'good-key' ? { subject: 'svc_1' } : undefined), {
  header: ['apikey'],
})
const limit = {
  name: 'limit',
  refuses: ['too_many_requests'],
  before: () => authError('too_many_requests', 'test', { headers: { 'retry-after': '9' } }),
} as const
const down = bearer(() => {
  throw new Unavailable('the key source', { retryAfter: 7 })
})
const check = authCheck(
  [
    { methods: ['GET'], path: '/posts/*', policy: policy({ accept, scopes: ['posts:read'] }) },
    { methods: ['POST'], path: '/posts/*', policy: policy({ accept, scopes: ['posts:write'] }) },
    { methods: ['GET'], path: '/keys', policy: policy({ accept: keyed }) },
    { methods: '*', path: '/public', policy: anyone },
    { methods: ['GET'], path: '/limited', policy: publicRoute({ conditions: [limit] }) },
    { methods: ['GET'], path: '/down', policy: policy({ accept: down }) },
  ],
  { trustedPeers: ['127.0.0.1'] },
)

const seen: Shown[] = []
const questions: (readonly string[])[] = []
let gateway: Running
let service: Running
beforeAll(async () => {
  gateway = await listen(async (incoming, response) => {
    questions.push(incoming.rawHeaders)
    const endpoint = findEndpoint([check], incoming.method, (incoming.url ?? '').split('?')[0] ?? '')
    const { status, headers, body } = (await endpoint?.handle(incoming)) ?? { status: 404, headers: {}, body: '' }
    response.writeHead(status, headers).end(body)
  })
  service = await listen(async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming) body += chunk
    seen.push({ method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.rawHeaders, body })
    response.end('done')
  })
})
afterAll(async () => {
  await gateway.stop()
  await service.stop()
})

describe.each(Object.keys(PROXIES).filter(isInstalled))('%s', (name) => {
  let proxy: Started
  let port = 0
  beforeAll(async () => {
    port = await freePort()
    proxy = await startProxy(name, { proxy: port, gateway: gateway.port, service: service.port })
  })
  afterAll(() => proxy?.stop())
  beforeEach(() => {
    seen.length = 0
    questions.length = 0
  })

  const call = (path: string, token?: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(init.headers as object) },
    })
  const valuesOf = (wanted: string, headers: readonly string[]) =>
    headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === wanted)
  const values = (wanted: string) => seen.flatMap(({ headers }) => valuesOf(wanted, headers))

  test('a good token: the service gets who called, and not the token', async () => {
    expect((await call('/posts/7?draft=1', 'good-token')).status).toBe(200)
    expect(seen[0]?.url).toBe('/posts/7?draft=1')
    expect(values('x-auth-subject')).toEqual(['usr_1'])
    expect(values('x-auth-scheme')).toEqual(['bearer'])
    expect(values('x-auth-scopes')).toEqual(['posts:read posts:write'])
    expect(values('authorization')).toEqual([])
  })

  test('a good API key', async () => {
    expect((await call('/posts', undefined, { headers: { 'x-api-key': 'good-key' } })).status).toBe(200)
    expect([values('x-auth-subject'), values('x-api-key')]).toEqual([['svc_1'], []])
  })

  test.each([...['Authorization', 'Cookie', 'X-API-Key', 'API-Key', 'apikey', 'DPoP', 'Signature', 'Signature-Input']])(
    '%s of a client reaches the checker, and the service never',
    async (header) => {
      await raw(port, request('GET /posts', ['Host: a', `${header}: CANARY=1`, 'Connection: close']))
      expect(questions.map((one) => valuesOf(header.toLowerCase(), one))).toEqual([['CANARY=1']])
      expect(JSON.stringify(seen)).not.toContain('CANARY')
    },
  )

  test('a good key under another of the names that schemes read', async () => {
    expect((await call('/keys', undefined, { headers: { apikey: 'good-key' } })).status).toBe(200)
    expect([values('x-auth-subject'), values('apikey')]).toEqual([['svc_1'], []])
  })

  test('a body goes on whole, and is not sent to the gateway', async () => {
    const body = 'a'.repeat(50_000)
    expect((await call('/posts', 'good-token', { method: 'POST', body })).status).toBe(200)
    expect(seen[0]?.body).toBe(body)
  })

  test.each([
    ['no credential', undefined, '/posts', 'GET', 401, /^Bearer realm="api", ApiKey .*, Basic /],
    ['a wrong token', 'wrong', '/posts', 'GET', 401, /^Bearer realm="api", error="invalid_token", ApiKey .*, Basic /],
    [
      'a missing scope',
      'reader-token',
      '/posts',
      'POST',
      403,
      /^Bearer .*error="insufficient_scope", scope="posts:write"$/,
    ],
    ['a malformed token', 'a b', '/posts', 'GET', 400, undefined],
    ['a route that is not listed', 'good-token', '/elsewhere', 'GET', 404, undefined],
    ['a method that is not listed', 'good-token', '/posts', 'DELETE', 405, undefined],
    ['too many requests', undefined, '/limited', 'GET', 429, undefined],
    ['a key source that is down', 'good-token', '/down', 'GET', 503, undefined],
  ])('%s: the service is not asked', async (_what, token, path, method, status, challenge) => {
    const answer = await call(path, token, { method })
    expect(answer.status).toBe(status)
    expect(seen).toEqual([])
    expect(questions).toHaveLength(1)
    expect(answer.headers.get('content-type')).toMatch('application/problem+json')
    expect(await answer.json()).toMatchObject({ status })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    if (challenge) expect(answer.headers.get('www-authenticate')).toMatch(challenge)
    if (status === 429) expect(answer.headers.get('retry-after')).toBe('9')
    if (status === 503) expect(answer.headers.get('retry-after')).toBe('7')
    if (status === 405) expect(answer.headers.get('allow')).toBe('GET, HEAD, POST')
  })

  test.each([
    'X-Auth-Subject',
    'x-auth-subject',
    'X_Auth_Subject',
    'X-Auth_Subject',
    'X_AUTH-Scopes',
    'X-Auth-Scheme',
    'X-User',
    'X_User',
    'Remote-User',
    'X-Forwarded-User',
  ])('%s of a client never reaches the service, be there a caller or nobody', async (header) => {
    const forged = [`${header}: root`, `${header}: root`]
    const authorization = 'Authorization: Bearer good-token'
    const known = await raw(port, request('GET /posts', ['Host: a', authorization, ...forged, 'Connection: close']))
    const nobody = await raw(port, request('GET /public', ['Host: a', ...forged, 'Connection: close']))
    expect([known.status, nobody.status]).toEqual([200, 200])
    expect(seen).toHaveLength(2)
    expect(JSON.stringify(seen)).not.toContain('root')
    expect(values('x-auth-subject').filter((value) => value !== '')).toEqual(['usr_1'])
  })

  test('Connection: X-Auth-Subject does not take the name of the caller off', async () => {
    const headers = ['Host: a', 'Authorization: Bearer good-token', 'Connection: close, X-Auth-Subject']
    await raw(port, request('GET /posts', headers))
    expect(values('x-auth-subject')).toEqual(['usr_1'])
  })

  test.each([
    ...['Cookie', 'DPoP', 'API-Key', 'ApiKey', 'Signature', 'Signature-Input', 'Proxy-Authorization'],
    ...['X-Real-IP', 'X_Real_IP', 'Forwarded', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Forwarded-Port'],
    ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Prefix', 'X-Forwarded-Server', 'X_Forwarded_For'],
    ...['X-Original-URL', 'X-Original-URI', 'X-Original-Method', 'X-Original-Host', 'X_Original_URL', 'X-Rewrite-URL'],
    ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-Host'],
    ...['X-Role', 'X-Roles', 'X_Roles', 'X-Scope', 'X-Scopes', 'X-Subject', 'X-Email', 'X-Groups', 'X-UserID'],
    ...['X-User-Email', 'X-User-Roles', 'Remote-Groups', 'X-Remote-Email', 'X-Forwarded-Email', 'X-Forwarded-Groups'],
    ...['X-Access-Token', 'X-Id-Token', 'X-Client-Cert', 'Client-Cert', 'X-Forwarded-Client-Cert', 'SSL-Client-Verify'],
    ...[
      'OIDC_CLAIM_sub',
      'OIDC-Claim-Sub',
      'X-Shib-User',
      'eppn',
      'Auth-User',
      'X-Sub',
      'X-Account',
      'X-Uid',
      'X-Login',
    ],
    ...['Fastly-Client-IP', 'X-Azure-ClientIP', 'X_Azure_ClientIP', 'X-Originating-IP', 'X-Appengine-User-IP'],
    ...['X-ProxyUser-Ip', 'X-Envoy-Original-Path', 'Fly-Client-IP', 'Client-IP', 'X-Forwarded'],
    ...['X-WebAuth-User', 'X-Authenticated-User', 'X-Consumer-Username', 'Countersign-Identity'],
  ])('%s of a client ends here: the service never sees it', async (header) => {
    const sent = ['Host: a', `${header}: CANARY`, 'Connection: close']
    expect((await raw(port, request('GET /public', sent))).status).toBe(200)
    expect(seen).toHaveLength(1)
    expect(JSON.stringify(seen)).not.toContain('CANARY')
  })

  test('what the checker is told of the address, the scheme and the host is the word of the proxy alone', async () => {
    const forged = [
      ...['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-For: 203.0.113.9', 'X-Real-IP: 203.0.113.9'],
      ...['X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.test', 'X-Forwarded-Port: 443'],
      ...['Forwarded: for=203.0.113.9;proto=https;host=evil.test', 'X_Forwarded_For: 203.0.113.9'],
      ...['X-Forwarded_For: 203.0.113.9', 'X-Client-IP: 203.0.113.9', 'True-Client-IP: 203.0.113.9'],
    ]
    const got = await raw(port, request('GET /public', ['Host: api.acme.com', ...forged, 'Connection: close']))
    expect(got.status).toBe(200)
    const [question = []] = questions
    expect(questions).toHaveLength(1)
    expect(valuesOf('x-forwarded-for', question)).toEqual(['127.0.0.1'])
    expect(valuesOf('x-forwarded-proto', question)).toEqual(['http'])
    expect(valuesOf('x-forwarded-host', question)).toEqual(['api.acme.com'])
    expect(JSON.stringify(question)).not.toMatch(/203\.0\.113\.9|evil|https|"443"/)
    expect([values('x-forwarded-for'), values('x-forwarded-proto')]).toEqual([['127.0.0.1'], ['http']])
  })

  test('a client cannot choose which request the gateway is asked about', async () => {
    const own = [
      ...['X-Original-URI: /public', 'X-Original-Method: GET', 'X-Forwarded-Uri: /public', 'X-Forwarded-Method: GET'],
      'Connection: close',
    ]
    const got = await raw(port, request('POST /posts', ['Host: a', ...own, 'Content-Length: 0']))
    expect([400, 401]).toContain(got.status)
    expect(seen).toEqual([])
  })

  test.each([
    '//posts',
    '/posts//7',
    '/posts/%2e%2e/public',
    '/public/../posts',
    '/posts%2f7',
    '/PUBLIC',
    '/public/',
    '/public%00',
    '/public;a',
    '/%70ublic',
  ])('%s: what is judged is what the service would get', async (path) => {
    const got = await raw(port, request(`GET ${path}`, ['Host: a', 'Connection: close']))
    expect([400, 401, 404]).toContain(got.status)
    expect(seen).toEqual([])
  })

  test('a name that no header can hold is encoded: no line, no second word', async () => {
    expect((await call('/posts', 'strange-token')).status).toBe(200)
    expect(values('x-auth-subject')).toEqual(['Zo%C3%AB%0D%0AX-Admin:%201%2C%20%22%25'])
    expect(values('x-auth-scopes')).toEqual(['posts:read a%0Ab c%20d'])
    expect(values('x-admin')).toEqual([])
  })

  test.each([
    [
      'a length beside chunks',
      ['Content-Length: 4', 'Transfer-Encoding: chunked'],
      '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
    ],
    ['two lengths', ['Content-Length: 0', 'Content-Length: 35'], 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s: nothing is smuggled past the question', async (_what, headers, body) => {
    await raw(port, request('POST /posts', ['Host: a', 'Authorization: Bearer good-token', ...headers], body))
    expect(seen.map(({ url }) => url)).not.toContain('/smuggled')
  })
})

describe.each(Object.keys(PROXIES).filter(isInstalled))('%s, where the gateway is down', (name) => {
  test('refuses everything', async () => {
    const port = await freePort()
    const nobody = await freePort()
    const proxy = await startProxy(name, { proxy: port, gateway: nobody, service: service.port })
    seen.length = 0
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/public`, { headers: { authorization: 'Bearer good-token' } })
      expect([502, 503]).toContain(answer.status)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(seen).toEqual([])
    } finally {
      await proxy.stop()
    }
  })
})

test.each([
  ['nginx.md', 'nginx.conf'],
  ['caddy.md', 'Caddyfile'],
  ['haproxy.md', 'haproxy.cfg'],
  ['haproxy.md', 'auth-check.lua'],
])('docs/gateways/%s shows %s as it is run', (page, file) => {
  const text = readFileSync(docs(file), 'utf8')
  expect(readFileSync(docs(page), 'utf8')).toContain(`\n${text}\`\`\`\n`)
})
