// Clients that nobody here knew: by a document of theirs, by registering; and requests that were pushed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authorizeUrl,
  browser,
  CALLBACK,
  codeFor,
  hiddenOf,
  pkce,
  post,
  type Running,
  redeem,
  running,
  SECRET,
} from './flow.ts'
import { hasOpenssl, overTls } from './tls.ts'

const DOCUMENT = 'https://client.example/oauth.json'
const documents = new Map<string, { status?: number; body: unknown; headers?: Record<string, string> }>()
const fetched: string[] = []
const CALLED = ['backchannel_logout_uri', 'jwks_uri', 'sector_identifier_uri', 'initiate_login_uri', 'logo_uri']
let at: Running

beforeAll(async () => {
  const good = {
    client_id: DOCUMENT,
    client_name: 'A stranger',
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  }
  documents.set(DOCUMENT, { body: good })
  documents.set('https://client.example/other-id', { body: good })
  documents.set('https://client.example/secret', {
    body: { ...good, client_id: 'https://client.example/secret', client_secret: 'x'.repeat(32) },
  })
  documents.set('https://client.example/basic', {
    body: { ...good, client_id: 'https://client.example/basic', token_endpoint_auth_method: 'client_secret_basic' },
  })
  documents.set('https://client.example/script', {
    body: { ...good, client_id: 'https://client.example/script', redirect_uris: ['javascript:alert(1)'] },
  })
  documents.set('https://client.example/service', {
    body: {
      ...good,
      client_id: 'https://client.example/service',
      grant_types: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [] },
    },
  })
  const calling = Object.fromEntries(CALLED.map((name) => [name, 'https://client.example/called']))
  documents.set('https://client.example/calling', {
    body: { ...good, client_id: 'https://client.example/calling', ...calling },
  })
  documents.set('https://client.example/keys', {
    body: {
      ...good,
      client_id: 'https://client.example/keys',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://client.example/called',
    },
  })
  documents.set('https://client.example/redirects', {
    body: {
      ...good,
      client_id: 'https://client.example/redirects',
      redirect_uris: Array.from({ length: 21 }, (_, at) => `${CALLBACK}/${at}`),
    },
  })
  documents.set('https://client.example/name', {
    body: { ...good, client_id: 'https://client.example/name', client_name: 'Mine \u202egro.elpmaxe' },
  })
  documents.set('https://client.example/moved', { status: 302, body: '', headers: { location: DOCUMENT } })
  documents.set('https://client.example/large', {
    body: { ...good, client_id: 'https://client.example/large', x: 'x'.repeat(10_000) },
  })
  documents.set('https://client.example/text', { body: 'not JSON' })
  at = await running({
    clientDocuments: true,
    registration: true,
    backchannelLogout: true,
    clients: [
      { id: 'web', redirectUris: [CALLBACK] },
      { id: 'pushing', redirectUris: [CALLBACK], secret: SECRET, pushedRequests: true },
    ],
    fetch: async (url) => {
      fetched.push(String(url))
      const found = documents.get(String(url))
      if (!found) throw new Error('no such place')
      const text = typeof found.body === 'string' ? found.body : JSON.stringify(found.body)
      return new Response(text, {
        status: found.status ?? 200,
        headers: { 'content-type': 'application/json', ...found.headers },
      })
    },
  })
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const ask = (client_id: string, more: Record<string, string> = {}) =>
  browser(at.url).go(
    authorizeUrl({
      client_id,
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      ...more,
    }),
  )

describe('a client by its document (OAuth Client ID Metadata Document)', () => {
  test('whoever serves it is the client; users are asked, and see where it is', async () => {
    const got = await codeFor(at, { client_id: DOCUMENT })
    const { status, body } = await redeem(at, got)
    expect(status).toBe(200)
    expect(await at.own.verify(body.access_token)).toMatchObject({
      credential: { client: DOCUMENT },
      scopes: ['openid', 'posts:read'],
    })
    await codeFor(at, { client_id: DOCUMENT })
    expect(fetched.filter((url) => url === DOCUMENT)).toHaveLength(1) // kept
  })

  test.each([
    'other-id',
    'secret',
    'basic',
    'script',
    'service',
    'keys',
    'redirects',
    'name',
    'moved',
    'large',
    'text',
    'nothing',
  ])('refused: %s', async (name) => {
    const { status, location } = await ask(`https://client.example/${name}`)
    expect([status, location]).toEqual([400, null])
  })

  test('nothing that it names is called: neither when it signs in, nor when its session ends', async () => {
    const client_id = 'https://client.example/calling'
    const got = await codeFor(at, { client_id })
    expect((await redeem(at, got)).status).toBe(200)
    const page = await got.user.go('/oauth/logout')
    const out = await got.user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
    expect(out.location).toContain('/oauth/logout/success')
    expect(fetched).toContain(client_id)
    expect(fetched).not.toContain('https://client.example/called')
  })

  test('nothing is fetched from elsewhere than https', async () => {
    const before = fetched.length
    for (const id of [
      'http://client.example/x',
      'https://user@client.example/x',
      'file:///etc/passwd',
      'https://client.example/a/../x',
      'https://client.example/#x',
    ])
      expect((await ask(id)).status).toBe(400)
    expect(fetched).toHaveLength(before)
  })
})

describe.skipIf(!hasOpenssl)('a document over TLS', () => {
  const document = (client_id: string) => ({
    client_id,
    client_name: 'A stranger',
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'none',
  })
  const serving = (more: Parameters<typeof overTls>[1] = {}) => {
    const asked: string[] = []
    const place = overTls((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(document(`https://${request.headers.host}${request.url}`)))
    }, more)
    return place.then((made) => ({ ...made, asked }))
  }
  const statusFor = async (running: Running, client_id: string) => {
    const members = { client_id, redirect_uri: CALLBACK, scope: 'openid', code_challenge_method: 'S256' }
    const target = authorizeUrl({ ...members, code_challenge: pkce().challenge })
    return (await browser(running.url).go(target)).status
  }

  test('is fetched where `fetch` reaches it, once, and its client signs people in', async () => {
    const place = await serving()
    const there = await running({ clientDocuments: true, fetch })
    const client_id = `https://localhost:${place.port}/client.json`
    const { status, body } = await redeem(there, await codeFor(there, { client_id }))
    expect([status, place.asked]).toEqual([200, ['GET /client.json']])
    expect(await there.own.verify(body.access_token)).toMatchObject({ credential: { client: client_id } })
    expect(there.faults).toEqual([])
    await Promise.all([there.stop(), place.stop()])
  })

  test('with a certificate that nobody signed is none', async () => {
    const place = await serving({ isTrusted: false })
    const there = await running({ clientDocuments: true, fetch })
    expect(await statusFor(there, `https://localhost:${place.port}/client.json`)).toBe(400)
    expect([place.connections() > 0, place.asked]).toEqual([true, []])
    await Promise.all([there.stop(), place.stop()])
  })

  test('by default this machine and private networks are not so much as connected to', async () => {
    const place = await serving()
    const [plain, told] = await Promise.all([
      running({ clientDocuments: true }),
      running({ clientDocuments: true, fetch }),
    ])
    const hosts = ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1']
    const ids = hosts.map((host) => `https://${host}:${place.port}/client.json`)
    for (const id of [...ids, 'https://10.0.0.1/x', 'https://169.254.169.254/latest'])
      expect([id, await statusFor(plain, id)]).toEqual([id, 400])
    expect(place.connections()).toBe(0)
    // The same listener is connected to where that is allowed: nothing but the guard kept it from being.
    for (const id of ids) await statusFor(told, id)
    expect(place.connections()).toBeGreaterThanOrEqual(ids.length)
    await Promise.all([plain.stop(), told.stop(), place.stop()])
  })
})

describe('registering (RFC 7591)', () => {
  const register = async (body: unknown, type = 'application/json') => {
    const response = await fetch(`${at.url}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  test('a public client, as MCP clients are', async () => {
    const { status, body } = await register({
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      client_name: 'Mine',
      scope: 'openid posts:read',
    })
    expect([status, body.client_secret]).toEqual([201, undefined])
    const got = await codeFor(at, { client_id: body.client_id as string })
    expect((await redeem(at, got)).body.scope).toBe('openid posts:read')
    // What it wrote into `scope` is no ceiling: the user is asked.
    expect(body.scope).toBeUndefined()
    const more = await codeFor(at, { client_id: body.client_id as string, scope: 'openid posts:write' })
    expect((await redeem(at, more)).body.scope).toBe('openid posts:write')
  })

  test("one on the user's own device: any port", async () => {
    const { body } = await register({
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    })
    expect((await ask(body.client_id as string, { redirect_uri: 'http://127.0.0.1:4321/callback' })).location).toMatch(
      /^\/oauth\/interaction/,
    )
  })

  test('a confidential one: its secret is shown once, and works', async () => {
    const { body } = await register({ redirect_uris: [CALLBACK] })
    const got = await codeFor(at, { client_id: body.client_id as string })
    const headers = (secret: string) => ({
      authorization: `Basic ${btoa(`${encodeURIComponent(body.client_id as string)}:${encodeURIComponent(secret)}`)}`,
    })
    expect((await redeem(at, got, { client_id: '' }, headers('wrong'))).status).toBe(401)
    expect((await redeem(at, got, { client_id: '' }, headers(body.client_secret as string))).status).toBe(200)
  })

  test.each([
    ['no redirect', {}],
    ['script', { redirect_uris: ['javascript:alert(1)'] }],
    ['a fragment', { redirect_uris: [`${CALLBACK}#x`] }],
    ["a scheme that is anyone's", { redirect_uris: ['myapp:/callback'], application_type: 'native' }],
    ['no TLS', { redirect_uris: ['http://app.example/callback'] }],
    ['a grant that is not there', { redirect_uris: [CALLBACK], grant_types: ['password'] }],
    ['implicit', { redirect_uris: [CALLBACK], response_types: ['token'], grant_types: ['implicit'] }],
    ['client_secret_jwt', { redirect_uris: [CALLBACK], token_endpoint_auth_method: 'client_secret_jwt' }],
    ['a list', []],
    ['no JSON', 'x'],
    ['no body', ''],
    ['a member twice', `{"redirect_uris":["https://other.example/"],"redirect_uris":["${CALLBACK}"]}`],
    ['21 redirects', { redirect_uris: Array.from({ length: 21 }, (_, at) => `${CALLBACK}/${at}`) }],
    [
      '21 places after logout',
      {
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: Array.from({ length: 21 }, (_, at) => `${CALLBACK}/${at}`),
      },
    ],
    ['a name of 101 characters', { redirect_uris: [CALLBACK], client_name: 'x'.repeat(101) }],
    ['a name with a line break', { redirect_uris: [CALLBACK], client_name: 'Mine\nYours' }],
    ['a name that turns its direction', { redirect_uris: [CALLBACK], client_name: 'Mine \u202egro.elpmaxe' }],
    ['a name that hides', { redirect_uris: [CALLBACK], client_name: 'Mi\u200bne' }],
    [
      'keys that would have to be fetched',
      {
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: 'https://client.example/jwks',
      },
    ],
  ])('%s', async (_, body) => {
    const { status, body: said } = await register(body)
    expect([status, said.error]).toEqual([400, expect.stringMatching(/^invalid_/)])
  })

  test.each([
    ['no list of redirects', {}, 'invalid_redirect_uri', 'redirect_uris'],
    ['none in it', { redirect_uris: [] }, 'invalid_redirect_uri', 'redirect_uris'],
    ['text for a list', { redirect_uris: CALLBACK }, 'invalid_redirect_uri', 'redirect_uris'],
    ['no TLS', { redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri', 'https'],
    ['script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri', 'redirect_uris'],
    [
      "a scheme that is anyone's",
      { redirect_uris: ['app:/cb'], application_type: 'native' },
      'invalid_redirect_uri',
      'a scheme with a dot',
    ],
    [
      '21 redirects',
      { redirect_uris: Array.from({ length: 21 }, (_, at) => `${CALLBACK}/${at}`) },
      'invalid_redirect_uri',
      'more than 20',
    ],
    ['no object', [], 'invalid_client_metadata', 'object'],
    ['no JSON', 'x', 'invalid_client_metadata', 'JSON'],
    ['no body', '', 'invalid_request', 'body'],
  ])('%s: the error and its reason (RFC 7591 section 3.2.2)', async (_, body, error, reason) => {
    const { body: said } = await register(body)
    expect([said.error, said.error_description]).toEqual([error, expect.stringContaining(reason)])
  })

  test('20 redirects and a name of 100 characters are not too many', async () => {
    const { status } = await register({
      redirect_uris: Array.from({ length: 20 }, (_, at) => `${CALLBACK}/${at}`),
      client_name: '가'.repeat(100),
    })
    expect(status).toBe(201)
  })

  test('what would make this server call somewhere is not taken, and nothing is called', async () => {
    const before = fetched.length
    const { status, body } = await register({
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'none',
      scope: 'admin',
      request_uris: ['https://client.example/request'],
      ...Object.fromEntries(CALLED.map((name) => [name, 'https://client.example/called'])),
    })
    expect(status).toBe(201)
    for (const name of [...CALLED, 'request_uris', 'scope']) expect(body).not.toHaveProperty(name)
    expect(fetched).toHaveLength(before)
  })

  test('a registered client speaks for no one but its users', async () => {
    for (const more of [{}, { response_types: [], redirect_uris: [] }]) {
      const grants = ['authorization_code', 'client_credentials']
      const { status, body } = await register({ redirect_uris: [CALLBACK], grant_types: grants, ...more })
      expect([status, body.error]).toEqual([400, 'invalid_client_metadata'])
    }
  })
})

describe('requests that are pushed (RFC 9126)', () => {
  const push = (members: Record<string, string>) => {
    const { challenge } = pkce()
    return post(`${at.url}/oauth/par`, {
      client_id: 'web',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...members,
    })
  }

  test('once, by the client that pushed it', async () => {
    const { verifier, challenge } = pkce()
    const { status, body } = await push({ code_challenge: challenge })
    expect(status).toBe(201)
    expect(body.request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:/)
    const got = await codeFor(at, { request_uri: body.request_uri })
    expect((await redeem(at, { ...got, verifier })).status).toBe(200)
    expect((await ask('web', { request_uri: body.request_uri })).location ?? 'page').toMatch(/invalid_request_uri|page/)
  })

  test('what would be refused in a link is refused here', async () => {
    for (const members of [
      { redirect_uri: 'https://evil.example' },
      { code_challenge_method: 'plain' },
      { response_type: 'token' },
      { scope: 'openid', resource: 'https://evil.example' },
      { client_id: 'nobody' },
      { request_uri: 'urn:x' },
    ])
      expect((await push(members as Record<string, string>)).status).toBeGreaterThanOrEqual(400)
  })

  test('a client that must push', async () => {
    expect((await ask('pushing')).location).toContain('error=invalid_request')
    const { body, status } = await push({ client_id: 'pushing', client_secret: SECRET })
    expect(status).toBe(201)
    const { location } = await browser(at.url).go(
      `/oauth/authorize?client_id=pushing&request_uri=${encodeURIComponent(body.request_uri)}`,
    )
    expect(location).toMatch(/^\/oauth\/interaction/)
  })
})
