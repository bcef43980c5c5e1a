import { isRefused, type RequestView } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { testIssuer } from '@countersign/testing'
import { localIssuer, remoteIssuer } from '@countersign/tokens'
import { describe, expect, test, vi } from 'vitest'
import { protectedResource, protectTools, toolScopes } from './index.ts'

const RESOURCE = 'https://api.acme.com/mcp'
const issuerOf = (idp: ReturnType<typeof testIssuer>) => remoteIssuer(idp.url, { fetch: idp.fetch, clock: idp.clock })
const idp = testIssuer({ issuer: 'https://login.acme.com', audience: RESOURCE })
const other = testIssuer({ issuer: 'https://id.partner.com', audience: RESOURCE })
const mcp = protectedResource({ resource: RESOURCE, issuers: [issuerOf(idp), issuerOf(other)] })
const caller = policy({ accept: bearer(mcp) })
const requestWith = (authorization: string, body?: unknown): RequestView & { body?: unknown } => ({
  headers: {},
  rawHeaders: ['Host', 'api.acme.com', 'Authorization', authorization],
  method: 'POST',
  url: '/mcp',
  socket: {},
  body,
})

describe('protectedResource', () => {
  test.each([
    ['https://api.acme.com/mcp', '/.well-known/oauth-protected-resource/mcp'],
    ['https://api.acme.com', '/.well-known/oauth-protected-resource'],
    ['https://api.acme.com/', '/.well-known/oauth-protected-resource'],
    ['http://127.0.0.1:3000/a/b', '/.well-known/oauth-protected-resource/a/b'],
  ])('%s: the document is at %s of its origin (RFC 9728 section 3.1)', (resource, path) => {
    const made = protectedResource({ resource, issuers: [issuerOf(idp)] })
    expect(made.endpoints.map((endpoint) => endpoint.path)).toEqual([path])
    expect(made.metadataUrl).toBe(new URL(resource).origin + path)
    expect(made.challenge).toEqual({ resource_metadata: made.metadataUrl })
  })

  test('behind a proxy that hands on nothing on its root the document is where `metadataUrl` says', () => {
    const metadataUrl = 'https://acme.com/api/.well-known/oauth-protected-resource/mcp'
    const made = protectedResource({ resource: 'https://acme.com/api/mcp', issuers: [issuerOf(idp)], metadataUrl })
    expect(made.challenge).toEqual({ resource_metadata: metadataUrl })
    expect(made.endpoints.map(({ path }) => path)).toEqual([
      '/.well-known/oauth-protected-resource/api/mcp',
      '/api/.well-known/oauth-protected-resource/mcp', // the proxy keeps its prefix
      '/.well-known/oauth-protected-resource/mcp', // or takes it off
    ])
  })

  test('an issuer of one’s own serves a second resource, whose tokens open nothing else', async () => {
    const own = localIssuer({ issuer: 'https://api.acme.com', audience: 'https://api.acme.com', store: memoryStore() })
    const beside = protectedResource({ resource: RESOURCE, issuers: [own] })
    const { access_token: token } = await own.issue({ subject: 'ada' })
    expect(await own.verify(token)).toMatchObject({ subject: 'ada' })
    expect(await beside.verify(token)).toMatchObject({ reason: 'token.audience' })
    expect(beside.issuers).toEqual(['https://api.acme.com'])
  })

  test('in another process: on the store revocations are heard within 2 s, by the published keys never', async () => {
    const [issuer, store] = ['https://login.acme.com', memoryStore()]
    const server = localIssuer({ issuer, audience: RESOURCE, store })
    const sameStore = localIssuer({ issuer, audience: 'https://api.acme.com', store })
    const elsewhere = remoteIssuer(issuer, {
      jwksUri: `${issuer}/.well-known/jwks.json`,
      fetch: async () => Response.json(await server.jwks()),
    })
    const [near, far] = [sameStore, elsewhere].map((one) => protectedResource({ resource: RESOURCE, issuers: [one] }))
    const { access_token: token } = await server.issue({ subject: 'ada' })
    for (const one of [near, far]) expect(await one?.verify(token)).toMatchObject({ subject: 'ada' })
    const principal = await server.verify(token)
    if (!principal || !('subject' in principal)) throw new Error('it is not good')
    await server.revoke(principal)
    await vi.waitFor(async () => expect(await near?.verify(token)).toMatchObject({ reason: 'token.revoked' }), 2000)
    expect(await far?.verify(token)).toMatchObject({ subject: 'ada' })
  })

  test('document, challenge and audience come from one value', async () => {
    const scoped = protectedResource({ resource: RESOURCE, issuers: [issuerOf(idp)], scopes: ['a'], name: 'Posts' })
    const answer = await scoped.endpoints[0]?.handle()
    expect(JSON.parse(new TextDecoder().decode(answer?.body))).toEqual({
      resource: RESOURCE,
      authorization_servers: ['https://login.acme.com'],
      bearer_methods_supported: ['header'],
      scopes_supported: ['a'],
      resource_name: 'Posts',
    })
    const refused = await policy({ accept: bearer(scoped), scopes: ['a'] }).check(requestWith('Bearer x'))
    expect(refused?.headers['www-authenticate']).toBe(
      `Bearer realm="api", error="invalid_token", scope="a", resource_metadata="${scoped.metadataUrl}"`,
    )
    const open = await policy({ accept: bearer(scoped) }).check(requestWith('Bearer x'))
    expect(open?.headers['www-authenticate']).not.toContain('scope')
  })

  test('tokens of any of its issuers, for this resource alone', async () => {
    for (const issuer of [idp, other]) {
      expect(await mcp.verify(await issuer.token({ subject: 'ada' }))).toMatchObject({ subject: 'ada' })
      expect(await mcp.verify(await issuer.token({ claims: { aud: 'https://api.acme.com' } }))).toMatchObject({
        reason: 'token.audience',
      })
    }
    expect(
      await mcp.verify(await testIssuer({ issuer: 'https://evil.test', audience: RESOURCE }).token()),
    ).toBeUndefined()
    const one = policy({ accept: bearer(protectedResource({ resource: RESOURCE, issuers: [issuerOf(idp)] })) })
    const { steps } = await one.explain(requestWith(`Bearer ${await other.token()}`))
    expect(steps[0]?.steps?.at(-1)).toMatchObject({ reason: 'token.issuer', expected: 'https://login.acme.com' })
  })

  const loose = protectedResource as unknown as (options: unknown) => unknown
  const issuers = [issuerOf(idp)]
  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /"resource" must be the URL/],
    ['a path', { resource: '/mcp', issuers }, /"resource" must be the URL/],
    ['plain http', { resource: 'http://api.acme.com/mcp', issuers }, /with https/],
    ['a fragment', { resource: `${RESOURCE}#a`, issuers }, /without a fragment/],
    ['an empty fragment', { resource: `${RESOURCE}#`, issuers }, /without a fragment/],
    ['a user', { resource: 'https://a:b@api.acme.com/mcp', issuers }, /"resource" must be the URL/],
    ['no issuers', { resource: RESOURCE, issuers: [] }, /"issuers" must be a list of remoteIssuer\(url\)/],
    [
      'an issuer that has an audience',
      { resource: RESOURCE, issuers: [remoteIssuer('https://a.test', { audience: 'b' })] },
      /without an audience: the resource is the audience/,
    ],
    ['a misspelled option', { resource: RESOURCE, issuers, scope: [] }, /no option "scope"/],
    [
      'two issuers of one name',
      { resource: RESOURCE, issuers: [issuerOf(idp), issuerOf(idp)] },
      /two issuers https:\/\/login\.acme\.com/,
    ],
    ['scopes as text', { resource: RESOURCE, issuers, scopes: 'a' }, /"scopes" must be a list/],
    ['hosts as text', { resource: RESOURCE, issuers, hosts: 'a' }, /"hosts" must list/],
    ['a host with a path', { resource: RESOURCE, issuers, hosts: ['a.test/b'] }, /"hosts" must list/],
    ['a URL as a host', { resource: RESOURCE, issuers, hosts: ['https://a.test'] }, /"hosts" must list/],
    ['any origin', { resource: RESOURCE, issuers, origins: ['*'] }, /"origins" must list/],
    ['an origin with a path', { resource: RESOURCE, issuers, origins: ['https://a.test/'] }, /"origins" must list/],
    ['no origin at all', { resource: RESOURCE, issuers, origins: ['null'] }, /"origins" must list/],
    [
      'a document elsewhere',
      { resource: RESOURCE, issuers, metadataUrl: 'https://a.test/.well-known/oauth-protected-resource' },
      /"metadataUrl" must be a URL on the origin of "resource"/,
    ],
    [
      'a document under another name',
      { resource: RESOURCE, issuers, metadataUrl: 'https://api.acme.com/metadata' },
      /with \/.well-known\/oauth-protected-resource in its path/,
    ],
  ])('%s is refused at creation', (_what, options, message) => expect(() => loose(options)).toThrow(message))

  test('an issuer without an audience judges nothing by itself', () => {
    // @ts-expect-error it has no verify
    expect(() => bearer(remoteIssuer('https://a.test'))).toThrow(
      'an issuer without an audience, for which any token would do',
    )
    expect(() => remoteIssuer('https://a.test', { audience: process.env.MISSING as string })).toThrow(
      'audience must be',
    )
  })
})

describe('protectTools', () => {
  const tools = toolScopes({
    create_post: ['posts:write', 'posts:publish'],
    list_posts: ['posts:read'],
    delete_post: { anyOf: [{ scope: 'posts:delete' }, { role: 'admin' }] },
    ping: [],
  })
  const run = async (name: string, scopes: readonly string[], by = caller, claims = {}) => {
    const body = { method: 'tools/call', params: { name } }
    const request = requestWith(`Bearer ${await idp.token({ scopes, claims })}`, body)
    expect(await by.check(request)).toBeUndefined()
    return new Promise<unknown>((resolve) => protectTools(by, tools)(request, {}, resolve))
  }

  const judged = (body: unknown, method: string, ...rawHeaders: string[]) =>
    new Promise<unknown>((resolve) =>
      protectTools(caller, tools)({ headers: {}, rawHeaders, method, url: '/mcp', socket: {}, body }, {}, resolve),
    )

  test('passes what may, and refuses with every scope that the call needs', async () => {
    expect(await run('list_posts', ['posts:read'])).toBeUndefined()
    expect(await run('ping', [])).toBeUndefined()
    const refused = await run('create_post', ['posts:write'])
    if (!isRefused(refused)) throw new Error('it passed')
    expect(refused.status).toBe(403)
    expect(refused.headers['www-authenticate']).toContain(
      'error="insufficient_scope", scope="posts:write posts:publish"',
    )
  })

  test('names what the policy wants too: a token for what is named opens both', async () => {
    const strict = policy({
      accept: bearer(mcp),
      allow: { allOf: [{ scope: 'mcp' }, { anyOf: [{ scope: 'a' }, { role: 'b' }] }] },
    })
    const refused = await run('list_posts', ['mcp', 'a'], strict)
    if (!isRefused(refused)) throw new Error('it passed')
    expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope", scope="mcp posts:read"')
    expect(await run('list_posts', ['mcp', 'a', 'posts:read'], strict)).toBeUndefined()
    expect(await run('ping', ['mcp', 'a'], strict)).toBeUndefined()
  })

  test('a rule in place of scopes', async () => {
    expect(await run('delete_post', ['posts:delete'])).toBeUndefined()
    expect(await run('delete_post', [], caller, { roles: ['admin'] })).toBeUndefined()
    expect(await run('delete_post', ['posts:read'])).toMatchObject({ status: 403, code: 'insufficient_scope' })
  })

  test('a batch is 400: no protocol version of today has them', async () => {
    const request = requestWith(`Bearer ${await idp.token({ scopes: ['posts:read'] })}`, [{ method: 'ping' }])
    await caller.check(request)
    const told = await new Promise((resolve) => protectTools(caller, tools)(request, {}, resolve))
    expect(told).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  test('a tool that is not listed is 403', async () => {
    expect(await run('drop_all', ['posts:read'])).toMatchObject({ status: 403, code: 'access_denied' })
  })

  test('a request that the policy never let pass is a bug, and is told', async () => {
    const request = requestWith('', { method: 'tools/call', params: { name: 'list_posts' } })
    const told = await new Promise((resolve) => protectTools(caller, tools)(request, {}, resolve))
    expect(`${told}`).toContain('did not pass on this request')
  })

  test('a body that nobody parsed never passes: the SDK would read it by itself', async () => {
    const json = ['Content-Type', 'application/json']
    for (const body of [undefined, null, '{}', Buffer.from('{}'), 7])
      expect(`${await judged(body, 'POST', ...json, 'Content-Length', '2')}`).toContain('put it behind the body parser')
    expect(`${await judged(undefined, 'DELETE', ...json, 'Transfer-Encoding', 'chunked')}`).toContain('body parser')
    expect(await judged(undefined, 'GET')).toBeUndefined()
    expect(await judged(undefined, 'DELETE', 'Accept', '*/*')).toBeUndefined()
  })

  test.each([
    ['another', ['Content-Type', 'text/plain']],
    ['one that ends in +json', ['Content-Type', 'application/mcp+json']],
    ['another charset', ['Content-Type', 'application/json; charset=utf-16']],
    ['two in one line', ['Content-Type', 'application/json, application/json']],
    ['two lines', ['Content-Type', 'application/json', 'content-type', 'application/json']],
    ['none', []],
  ])('%s: whom the parser left out is 415, not a bug', async (_what, lines) => {
    for (const body of [undefined, '{}', Buffer.from('{}')])
      expect(await judged(body, 'POST', ...lines, 'Content-Length', '2')).toMatchObject({
        status: 415,
        code: 'unsupported_media_type',
        error: { reason: 'tool.body' },
      })
  })

  test('two media types are 415 even where a parser took the first', async () => {
    const lines = ['Content-Type', 'application/json', 'Content-Type', 'text/plain', 'Content-Length', '2']
    expect(await judged({}, 'POST', ...lines)).toMatchObject({ status: 415, error: { reason: 'tool.body' } })
  })

  test('no body at all is 415, however it is called', async () => {
    for (const lines of [[], ['Content-Type', 'application/json']])
      expect(await judged(undefined, 'POST', ...lines)).toMatchObject({ status: 415, error: { reason: 'tool.body' } })
  })

  test('what body-parser 1 leaves for a body that it did not take is no body: 415', async () => {
    const request = { ...requestWith('', {}), readableDidRead: false }
    const told = await new Promise((resolve) => protectTools(caller, tools)(request, {}, resolve))
    expect(told).toMatchObject({ status: 415, code: 'unsupported_media_type' })
  })

  test('what is no policy or no scopes is refused at once', () => {
    expect(() => protectTools({} as never, tools)).toThrow('protectTools() takes a policy')
    expect(() => protectTools(caller, {} as never)).toThrow('protectTools() takes a policy')
    expect(() => protectTools({ authorize() {} } as never, tools)).toThrow('protectTools() takes a policy')
  })
})
