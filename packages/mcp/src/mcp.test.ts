import { isRefused, type RequestView } from '@countersign/http'
import { bearer, policy } from '@countersign/policy'
import { testIssuer } from '@countersign/testing'
import { remoteIssuer } from '@countersign/tokens'
import { describe, expect, test } from 'vitest'
import { protectedResource, protectTools, toolScopes } from './index.ts'

const RESOURCE = 'https://api.acme.com/mcp'
const issuerOf = (idp: ReturnType<typeof testIssuer>) => remoteIssuer(idp.url, { fetch: idp.fetch, clock: idp.clock })
const idp = testIssuer({ issuer: 'https://login.acme.com', audience: RESOURCE })
const other = testIssuer({ issuer: 'https://id.partner.com', audience: RESOURCE })
const mcp = protectedResource({ resource: RESOURCE, issuers: [issuerOf(idp), issuerOf(other)] })
const caller = policy({ accept: bearer(mcp) })
const requestWith = (authorization: string, body?: unknown): RequestView & { body?: unknown } => ({
  headers: {},
  rawHeaders: ['Authorization', authorization],
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
      `Bearer realm="api", error="invalid_token", resource_metadata="${scoped.metadataUrl}"`,
    )
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

describe('toolScopes', () => {
  const tools = toolScopes({ create_post: ['posts:write'], '*': ['posts:read'] })
  const call = (name: unknown) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } })

  test.each<[string, object, readonly string[] | undefined]>([
    ['a tool that is named', call('create_post'), ['posts:write']],
    ['another', call('list_posts'), ['posts:read']],
    ['two in a batch', [call('create_post'), call('list_posts')], ['posts:write', 'posts:read']],
    ['a method that calls none', { method: 'tools/list' }, []],
    ['a name from a prototype', call('constructor'), ['posts:read']],
    ['a name that is none', call({ toString: 'create_post' }), ['posts:read']],
    ['no params', { method: 'tools/call' }, ['posts:read']],
  ])('%s', (_what, body, scopes) => expect(tools.scopesFor(body)).toEqual(scopes))

  test('without * a tool that is not named is called by nobody, * itself included', () => {
    const strict = toolScopes({ create_post: ['posts:write'] })
    for (const name of ['list_posts', '__proto__', '*', undefined]) expect(strict.scopesFor(call(name))).toBeUndefined()
  })

  test.each([[undefined], [{}], [{ a: 'posts:write' }], [{ a: [''] }]])('%j is refused', (scopes) =>
    expect(() => toolScopes(scopes as never)).toThrow('toolScopes() takes scopes by tool'),
  )
})

describe('protectTools', () => {
  const tools = toolScopes({ create_post: ['posts:write', 'posts:publish'], list_posts: ['posts:read'], ping: [] })
  const run = async (name: string, scopes: readonly string[]) => {
    const body = { method: 'tools/call', params: { name } }
    const request = requestWith(`Bearer ${await idp.token({ scopes })}`, body)
    expect(await caller.check(request)).toBeUndefined()
    return new Promise<unknown>((resolve) => protectTools(caller, tools)(request, {}, resolve))
  }

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

  test('a tool that is not listed is 403', async () => {
    expect(await run('drop_all', ['posts:read'])).toMatchObject({ status: 403, code: 'access_denied' })
  })

  test('a request that the policy never let pass is a bug, and is told', async () => {
    const request = requestWith('', { method: 'tools/call', params: { name: 'list_posts' } })
    const told = await new Promise((resolve) => protectTools(caller, tools)(request, {}, resolve))
    expect(`${told}`).toContain('did not pass on this request')
  })

  test('a body that nobody parsed never passes: the SDK would read it by itself', async () => {
    const of = (body: unknown, method: string, ...rawHeaders: string[]) =>
      new Promise((resolve) =>
        protectTools(caller, tools)({ headers: {}, rawHeaders, method, url: '/mcp', socket: {}, body }, {}, resolve),
      )
    for (const body of [undefined, null, '{}', Buffer.from('{}'), 7])
      expect(`${await of(body, 'POST', 'Content-Length', '2')}`).toContain('put it behind the body parser')
    expect(`${await of(undefined, 'POST')}`).toContain('put it behind the body parser')
    expect(`${await of(undefined, 'DELETE', 'Transfer-Encoding', 'chunked')}`).toContain('behind the body parser')
    expect(await of(undefined, 'GET')).toBeUndefined()
    expect(await of(undefined, 'DELETE', 'Accept', '*/*')).toBeUndefined()
  })

  test('what body-parser 1 leaves for a body that it did not take is no body: 415', async () => {
    const request = { ...requestWith('', {}), readableDidRead: false }
    const told = await new Promise((resolve) => protectTools(caller, tools)(request, {}, resolve))
    expect(told).toMatchObject({ status: 415, code: 'unsupported_media_type' })
  })

  test('what is no policy or no scopes is refused at once', () => {
    expect(() => protectTools({} as never, tools)).toThrow('protectTools() takes a policy')
    expect(() => protectTools(caller, {} as never)).toThrow('protectTools() takes a policy')
  })
})
