import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { isAuthError, type Message, type RequestView, Unavailable } from '@countersign/http'
import { allOf, anyone, apiKey, bearer, type Condition, policy } from '@countersign/policy'
import { describe, expect, test } from 'vitest'
import { type AuthCheckOptions, authCheck, type GatewayRoute, gatewayRoutes } from './index.ts'

const accept = bearer(({ token }) =>
  token === 'good' ? { subject: 'usr_1', scopes: ['a', 'b'], roles: ['x'] } : undefined,
)
const guard = policy({ accept, scopes: ['a'] })

const message = (rawHeaders: readonly string[], from = '127.0.0.1', url = '/auth/check', method = 'GET'): Message => {
  const headers: Record<string, string> = {}
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers[(rawHeaders[at] as string).toLowerCase()] = rawHeaders[at + 1] as string
  return { rawHeaders, headers, method, url, socket: { remoteAddress: from } }
}
const good = ['Authorization', 'Bearer good']
const about = (method: string, uri: string) => ['X-Original-Method', method, 'X-Original-URI', uri]
const options = { trustedPeers: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'] }
const ask = async (
  request: RequestView,
  what: Parameters<typeof authCheck>[0] = guard,
  how: AuthCheckOptions = options,
) => {
  const { status, headers, body } = await authCheck(what, how).handle(request)
  return { status, headers, body: Buffer.from(body).toString() }
}

describe('the answer', () => {
  test('of a caller: 204 with subject, scheme and scopes, not to be stored', async () => {
    expect(await ask(message([...good, ...about('GET', '/')]))).toEqual({
      status: 204,
      headers: {
        'x-auth-subject': 'usr_1',
        'x-auth-scheme': 'bearer',
        'x-auth-scopes': 'a b',
        'cache-control': 'no-store',
      },
      body: '',
    })
  })

  test('of nobody, where nobody has to be known: all three, empty', async () => {
    const { status, headers } = await ask(message(about('GET', '/')), anyone)
    expect([status, headers['x-auth-subject'], headers['x-auth-scheme'], headers['x-auth-scopes']]).toEqual([
      204,
      '',
      '',
      '',
    ])
  })

  test('of a refusal: its own bytes and challenge', async () => {
    const request = message(about('GET', '/'))
    const verdict = await guard.check(request)
    expect(await ask(request)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="api"', 'content-type': 'application/problem+json' },
      body: Buffer.from(verdict?.status ? verdict.body : '').toString(),
    })
  })

  test('has the scopes in force, where the application names more than the credential has', async () => {
    const wide = bearer(() => ({ subject: 'usr_1', scopes: ['a'] }), {
      principal: () => ({ subject: 'usr_1', scopes: ['a', 'admin'] }),
    })
    expect(
      (await ask(message([...good, ...about('GET', '/')]), policy({ accept: wide }))).headers['x-auth-scopes'],
    ).toBe('a')
    const key = apiKey(() => ({ subject: 'svc', scopes: ['a', 'c'] }))
    const both = policy({ accept: allOf(accept, key) })
    const { headers } = await ask(message([...good, 'X-API-Key', 'k', ...about('GET', '/')]), both)
    expect(headers['x-auth-scopes']).toBe('a')
  })

  test('of what a header cannot hold is percent-encoded', async () => {
    const strange = policy({ accept: bearer(() => ({ subject: 'a\r\nb, "c" \ud800é%', scopes: ['x y', 'z'] })) })
    const { headers } = await ask(message([...good, ...about('GET', '/')]), strange)
    expect(headers['x-auth-subject']).toBe('a%0D%0Ab%2C%20%22c%22%20%EF%BF%BD%C3%A9%25')
    expect(headers['x-auth-scopes']).toBe('x%20y z')
  })
})

describe('with ?nginx=1', () => {
  const nginx = (rawHeaders: readonly string[]) => message(rawHeaders, '127.0.0.1', '/auth/check?nginx=1')
  const down = policy({
    accept: bearer(() => {
      throw new Unavailable('the key source', { retryAfter: 7 })
    }),
  })
  test.each([
    [nginx([...good, ...about('GET', '/')]), guard, 204, undefined],
    [nginx(about('GET', '/')), guard, 401, undefined],
    [nginx([...good, ...about('GET', '/')]), policy({ accept, scopes: ['z'] }), 403, undefined],
    [nginx([...good, ...good, ...about('GET', '/')]), guard, 401, '400'],
    [nginx([...good, ...about('GET', '/')]), down, 403, '503'],
    [nginx(good), guard, 401, '400'],
    [nginx([...good, ...about('GET', '/b')]), [{ methods: '*', path: '/a', policy: guard }], 403, '404'],
    [nginx([...good, ...about('PUT', '/a')]), [{ methods: ['GET'], path: '/a', policy: guard }], 403, '405'],
  ] as const)('%#: a status that nginx lets through, and the true one', async (request, what, status, true_) => {
    const got = await ask(request, what)
    expect([got.status, got.headers['x-auth-status']]).toEqual([status, true_])
  })

  test('what must be on the answer stays there: Retry-After, and the challenges in one line', async () => {
    expect((await ask(nginx([...good, ...about('GET', '/')]), down)).headers['retry-after']).toBe('7')
    const two = policy({
      accept: allOf(
        accept,
        apiKey(() => undefined),
      ),
    })
    expect((await ask(nginx(about('GET', '/')), two)).headers['www-authenticate']).toBe(
      'Bearer realm="api", ApiKey realm="api", header="X-API-Key"',
    )
  })
})

describe('the request that is asked about', () => {
  const writes = bearer(() => ({ subject: 'usr_1' }), { cookie: 'session' })

  test('is the original: a cookie does not let a POST through because the question is a GET', async () => {
    const cookie = ['Cookie', 'session=good']
    expect((await ask(message([...cookie, ...about('GET', '/')]), policy({ accept: writes }))).status).toBe(204)
    expect((await ask(message([...cookie, ...about('POST', '/')]), policy({ accept: writes }))).status).toBe(403)
  })

  test.each([
    ['127.0.0.1', 204],
    ['::ffff:127.0.0.1', 204],
    ['10.1.2.3', 204],
    ['::ffff:10.1.2.3', 204],
    ['fd00::1', 204],
    ['11.0.0.1', 400],
    ['127.0.0.2', 400],
    ['fe80::1', 400],
    ['', 400],
  ])('is named by a trusted peer alone, by the address of its socket: %s', async (from, status) => {
    const said = [...good, ...about('GET', '/'), 'X-Forwarded-For', '127.0.0.1']
    const got = await ask(
      message(said, from),
      policy({ accept: bearer(() => ({ subject: 'usr_1' }), { cookie: 'session' }) }),
    )
    expect(got.status).toBe(status)
  })

  test('does not matter to a policy without cookies: what another peer says of it is not heard', async () => {
    const got = await ask(message([...good, ...about('DELETE', '/other')], '192.0.2.1'))
    expect([got.status, got.headers['x-auth-subject']]).toEqual([204, 'usr_1'])
  })

  test('is, of any other peer, its own', async () => {
    expect((await ask(message(good, '192.0.2.1'))).status).toBe(204)
    expect((await ask(message([], '192.0.2.1'))).status).toBe(401)
  })

  test.each([
    ['nothing', []],
    ['a method alone', ['X-Original-Method', 'GET']],
    ['a target alone', ['X-Original-URI', '/']],
    ['two targets', [...about('GET', '/'), 'x-original-uri', '/public']],
    [
      'both pairs, of which the client may have sent one',
      [...about('GET', '/'), 'X-Forwarded-Method', 'GET', 'X-Forwarded-Uri', '/'],
    ],
    ['a half of the other pair', [...about('GET', '/'), 'X-Forwarded-Uri', '/public']],
    ['a target with a space', about('GET', '/a b')],
    ['a target that is no path', about('GET', 'http://a/')],
    ['a method in lower case', about('get', '/')],
  ])('is not guessed from %s: 400', async (_what, headers) => {
    expect((await ask(message([...good, ...headers]))).status).toBe(400)
  })

  test('comes from whom the framework says: conditions see that address and protocol before a credential is read', async () => {
    const seen: unknown[] = []
    const conditions: Condition[] = [
      { name: 'seen', refuses: [], before: ({ ip, protocol, host }) => void seen.push([ip, protocol, host]) },
    ]
    const raw = message(about('GET', '/'))
    const asked = { ...raw, ip: '203.0.113.7', protocol: 'https', host: 'api.acme.com' }
    const watched = policy({ accept, conditions })
    expect((await ask(asked, watched)).status).toBe(401)
    expect((await ask(asked, [{ methods: '*', path: '/', policy: watched }])).status).toBe(401)
    const asEnvoy = { ...asked, url: '/auth/check/' }
    expect((await ask(asEnvoy, watched, { ...options, path: '/auth/check/*' })).status).toBe(401)
    expect(seen).toEqual(Array(3).fill(['203.0.113.7', 'https', 'api.acme.com']))
  })

  test('Caddy and Traefik name it otherwise', async () => {
    expect((await ask(message([...good, 'X-Forwarded-Method', 'GET', 'X-Forwarded-Uri', '/a']))).status).toBe(204)
  })

  test('Envoy names it by the request itself', async () => {
    const routes: GatewayRoute[] = [{ methods: ['POST'], path: '/posts', policy: guard }]
    const how = { ...options, path: '/auth/check/*' }
    expect(authCheck(routes, how)).toMatchObject({ method: '*', path: '/auth/check/*' })
    expect((await ask(message(good, '10.0.0.1', '/auth/check/posts?a=b', 'POST'), routes, how)).status).toBe(204)
    expect((await ask(message(good, '10.0.0.1', '/auth/check/posts', 'GET'), routes, how)).status).toBe(405)
    expect((await ask(message(good, '192.0.2.1', '/auth/check/posts', 'POST'), routes, how)).status).toBe(400)
    expect((await ask(message(good, '10.0.0.1', '/auth/check/posts?nginx=1', 'GET'), routes, how)).status).toBe(405)
  })
})

describe('a table of routes', () => {
  const read = policy({ accept, name: 'read' })
  const write = policy({ accept, name: 'write' })
  const admin = policy({ accept, name: 'admin' })
  const find = gatewayRoutes([
    { methods: ['GET'], path: '/posts/*', policy: read },
    { methods: ['POST'], path: '/posts/*', policy: write },
    { methods: '*', path: '/admin/*', policy: admin },
    { methods: ['GET'], path: '/*', policy: anyone },
  ])
  const at = (method: string, path: string) => {
    const found = find(method, path)
    return isAuthError(found) ? `${found.reason}` : found.policy.name
  }

  test.each([
    ['GET', '/posts', 'read'],
    ['HEAD', '/posts/7', 'read'],
    ['POST', '/posts/7/a', 'write'],
    ['GET', '/', 'anyone'],
    ['GET', '/postsx', 'anyone'],
    ['PATCH', '/admin', 'admin'],
    ['PATCH', '/admin/', 'admin'],
    ['DELETE', '/posts', 'route.method'],
    ['GET', '/b%C3%BCcher', 'anyone'],
  ])('%s %s: %s', (method, path, name) => {
    expect(at(method, path)).toBe(name)
  })

  test.each([
    '/ADMIN',
    '/Admin/users',
    '/%61dmin',
    '/posts/../admin',
    '/a/./b',
    '//admin',
    '/x//admin',
    '/posts%2f..%2fadmin',
    '/admin%2Fusers',
    '/%2e%2e/admin',
    '/admin;a=b',
    '/admin%3ba',
    '/ad\\min',
    '/admin%5cusers',
    '/admin%00',
    '/admin%0a',
    '/%',
    '/%zz',
    '/%ff',
    '/a b',
    '/"',
    '/<',
    '/%252e',
    '/\u212a',
    '/a#b',
  ])('%s is not guessed at: 404', (path) => {
    expect(find('GET', path)).toMatchObject({ code: 'not_found', reason: 'route.ambiguous' })
  })

  test('an answer of 405 lists what there is, once', () => {
    expect(find('DELETE', '/posts/7')).toMatchObject({ headers: { allow: 'GET, HEAD, POST' } })
  })

  test.each([
    [[], 'takes a list of routes'],
    [[{ methods: '*', path: '/a/../b', policy: anyone }], 'path must be literal'],
    [[{ methods: '*', path: '/a/:id', policy: anyone }], 'path must be literal'],
    [[{ methods: '*', path: '/a*', policy: anyone }], 'path must be literal'],
    [[{ methods: ['get'], path: '/a', policy: anyone }], "must be '*' or list methods"],
    [[{ methods: '*', path: '/a' }], 'policy of "/a" must be a policy'],
    [
      [
        { methods: '*', path: '/*', policy: anyone },
        { methods: ['GET'], path: '/a', policy: read },
      ],
      '/a is never reached behind /*',
    ],
    [
      [
        { methods: ['GET'], path: '/a', policy: anyone },
        { methods: ['GET'], path: '/a', policy: read },
      ],
      'never reached',
    ],
  ])('that could not mean what it says is an error when it is made, %#', (routes, message) => {
    expect(() => gatewayRoutes(routes as never)).toThrow(message)
  })
})

describe('wrong options say what to do', () => {
  test.each([
    [undefined, 'trustedPeers must list the addresses of your gateways'],
    [{ trustedPeers: ['gateway'] }, 'neither an address nor a range'],
    [{ trustedPeers: ['10.0.0.0/33'] }, 'neither an address nor a range'],
    [{ trustedPeers: ['10.0.0.0/8/8'] }, 'neither an address nor a range'],
    [{ trustedPeers: ['0.0.0.0/0'] }, 'which is everybody'],
    [{ trustedPeers: ['::/0'] }, 'which is everybody'],
    [{ trustedPeers: ['0.0.0.0/00'] }, 'neither an address nor a range'],
    [{ trustedPeers: ['::/000'] }, 'neither an address nor a range'],
    [{ trustedPeers: ['10.0.0.0/08'] }, 'neither an address nor a range'],
    [{ trustedPeers: ['::ffff:0.0.0.0/96'] }, 'which is everybody'],
    [{ trustedPeers: [], path: 'check' }, 'path must be literal'],
    [{ trustedPeers: [], peers: [] }, 'no option "peers"'],
  ])('%#', (how, message) => {
    expect(() => authCheck(guard, how as never)).toThrow(message)
  })
  test('no policy', () => expect(() => authCheck({} as never, options)).toThrow('takes a policy, or a list of routes'))
})

test('a question that cannot be asked is told of, with who asked and why: a gateway that is set up wrong is no riddle', async () => {
  const events: unknown[] = []
  const listen = (event: unknown) => void events.push(event)
  subscribe('countersign:unauthenticated', listen)
  try {
    const routes = [{ methods: ['GET'], path: '/a', policy: anyone }] as const
    const check = authCheck(routes, { trustedPeers: ['10.0.0.1'] })
    const { status } = await check.handle(message(about('GET', '/a'), '192.0.2.7'))
    expect(status).toBe(400)
    expect(events).toMatchObject([{ code: 'invalid_request', reason: 'forward-auth.peer', ip: '192.0.2.7' }])
  } finally {
    unsubscribe('countersign:unauthenticated', listen)
  }
})
