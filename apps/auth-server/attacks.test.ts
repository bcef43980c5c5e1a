// What is tried on an authorization server, on every host (THREATS O01–O08, and what its issue adds).
import { request as send } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTS } from '../hosts/hosts.ts'
import { AUDIENCE, type AuthServer, SERVICE, startAuthServer, WEB } from './host.ts'
import { asked, BACK, pkce, Visitor } from './visitor.ts'

const BASIC = `Basic ${btoa(`${SERVICE.id}:${SERVICE.secret}`)}`
const READER = { username: 'test', password: '123£' }

describe.each(Object.keys(HOSTS))('on %s', (name) => {
  let server: AuthServer
  beforeAll(async () => {
    server = await startAuthServer(name)
  })
  afterAll(() => server?.stop())

  const visitor = () => new Visitor(server.issuer)
  async function token(
    fields: Readonly<Record<string, string | undefined>> | URLSearchParams,
    headers: Record<string, string> = {},
  ) {
    const given = fields instanceof URLSearchParams ? fields : new URLSearchParams()
    if (!(fields instanceof URLSearchParams))
      for (const [key, value] of Object.entries(fields)) if (value !== undefined) given.set(key, value)
    const answer = await fetch(`${server.issuer}/oauth/token`, { method: 'POST', body: given, headers })
    expect(answer.headers.get('cache-control')).toContain('no-store')
    return { status: answer.status, headers: answer.headers, ...((await answer.json()) as Answered) }
  }
  interface Answered {
    readonly error?: string
    readonly access_token?: string
    readonly refresh_token?: string
    readonly scope?: string
  }
  const redeem = (
    { code, verifier }: { code: string; verifier?: string },
    more: Readonly<Record<string, string | undefined>> = {},
  ) =>
    token({
      grant_type: 'authorization_code',
      client_id: WEB,
      redirect_uri: BACK,
      code,
      code_verifier: verifier,
      ...more,
    })
  const refresh = (refreshToken: string | undefined, more: Readonly<Record<string, string>> = {}) =>
    token({ grant_type: 'refresh_token', client_id: WEB, refresh_token: refreshToken, ...more })
  const me = async (bearer: string | undefined) =>
    (await fetch(`${server.issuer}/me`, { headers: { authorization: `Bearer ${bearer}` } })).status
  const form = async (path: string, fields: Readonly<Record<string, string>>, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${server.issuer}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
    })
    const text = await answer.text()
    return {
      status: answer.status,
      text,
      json: answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined,
    }
  }
  const claimsOf = (jwt: string | undefined) =>
    JSON.parse(Buffer.from(jwt?.split('.')[1] ?? '', 'base64url').toString())

  describe('O01 redirect_uri', () => {
    test.each([
      ['subpath', `${BACK}/evil`],
      ['prefix', `${BACK}x`],
      ['case', BACK.replace('callback', 'CALLBACK')],
      ['encoded', BACK.replace('callback', 'callb%61ck')],
      ['user', BACK.replace('//', '//evil@')],
      ['fragment', `${BACK}#x`],
      ['query', `${BACK}?x=1`],
      ['scheme', BACK.replace('http', 'https')],
      ['localhost', BACK.replace('127.0.0.1', 'localhost')],
      ['dots', `${BACK}/../callback`],
      ['backslash', BACK.replace('/callback', '\\callback')],
      ['another', 'https://evil.test/callback'],
    ])('%s: a page, no Location', async (_what, redirect) => {
      const answer = await visitor().ask(`/oauth/authorize?${asked(pkce().challenge, { redirect_uri: redirect })}`)
      expect(answer.status).toBe(400)
      expect(answer.headers.get('location')).toBeNull()
      expect(answer.headers.get('content-type')).toContain('text/html')
      expect(await answer.text()).not.toContain('evil.test')
    })

    test('two of them; none', async () => {
      const twice = asked(pkce().challenge)
      twice.append('redirect_uri', 'https://evil.test/callback')
      for (const parameters of [twice, asked(pkce().challenge, { redirect_uri: undefined, client_id: 'nobody' })]) {
        const answer = await visitor().ask(`/oauth/authorize?${parameters}`)
        expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
      }
    })

    test('any port of the loopback is one of a native application (RFC 8252 section 7.3)', async () => {
      const back = await visitor().authorize(asked(pkce().challenge, { redirect_uri: 'http://127.0.0.1:9/callback' }))
      expect(back instanceof URL && back.href).toMatch(/^http:\/\/127\.0\.0\.1:9\/callback\?/)
    })
  })

  test('O02 a code that comes twice: invalid_grant, and what it gave first is dead', async () => {
    const code = await visitor().code({ scope: 'openid offline_access posts:read', prompt: 'consent' })
    const first = await redeem(code)
    expect(first).toMatchObject({ status: 200, refresh_token: expect.any(String) })
    expect(await me(first.access_token)).toBe(200)
    expect(await redeem(code)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await me(first.access_token)).toBe(401)
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  describe('O04 PKCE', () => {
    test.each([
      ['missing', undefined],
      ['wrong', 'x'.repeat(43)],
      ['42 characters', 'x'.repeat(42)],
      ['129 characters', 'x'.repeat(129)],
    ])('a verifier that is %s', async (_what, verifier) => {
      const { code } = await visitor().code()
      const { status, error } = await redeem({ code, ...(verifier !== undefined && { verifier }) })
      expect([status, error]).toEqual([400, expect.stringMatching(/^invalid_(grant|request)$/)])
    })

    test.each([
      ['no challenge', { code_challenge: undefined, code_challenge_method: undefined }],
      ['plain', { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }],
      ['no method, which means plain', { code_challenge: 'x'.repeat(43), code_challenge_method: undefined }],
      ['a short challenge', { code_challenge: 'x'.repeat(42) }],
      ['a long one', { code_challenge: 'x'.repeat(129) }],
    ])('a request with %s', async (_what, more) => {
      const back = await visitor().authorize(asked(pkce().challenge, more))
      expect(back instanceof URL && back.searchParams.get('error')).toBe('invalid_request')
      expect(back instanceof URL && back.searchParams.has('code')).toBe(false)
    })

    test('a challenge as the verifier of its own code', async () => {
      const { verifier, challenge } = pkce()
      const back = await visitor().authorize(asked(challenge))
      const code = (back instanceof URL && back.searchParams.get('code')) || ''
      expect(await redeem({ code, verifier: challenge })).toMatchObject({ status: 400, error: 'invalid_grant' })
      expect(verifier).not.toBe(challenge)
    })
  })

  describe('O08 what OAuth 2.1 has no more', () => {
    test.each(['token', 'id_token', 'id_token token', 'code id_token', 'code token', 'none', 'nonsense'])(
      'response_type=%s',
      async (type) => {
        const back = await visitor().authorize(asked(pkce().challenge, { response_type: type, nonce: 'n' }))
        expect(back instanceof URL && `${back.search}${back.hash}`).toMatch(/error=unsupported_response_type/)
      },
    )
    test.each([
      ['password', { username: 'test', password: '123£' }],
      ['urn:ietf:params:oauth:grant-type:jwt-bearer', { assertion: 'a.b.c' }],
      ['nonsense', {}],
    ])('grant_type=%s', async (type, more) => {
      expect(await token({ grant_type: type, ...more }, { authorization: BASIC })).toMatchObject({
        status: 400,
        error: 'unsupported_grant_type',
      })
    })
    test('no grant_type', async () => {
      expect(await token({ client_id: WEB })).toMatchObject({ status: 400, error: 'invalid_request' })
    })
  })

  describe('codes and clients', () => {
    test('a code with another redirect_uri than it was asked for, or by another client', async () => {
      const one = await visitor().code()
      expect(await redeem(one, { redirect_uri: 'http://127.0.0.1:9/callback' })).toMatchObject({
        error: 'invalid_grant',
      })
      const two = await visitor().code()
      const { client_id: _, ...rest } = { client_id: WEB, grant_type: 'authorization_code', redirect_uri: BACK }
      const stolen = await token({ ...rest, code: two.code, code_verifier: two.verifier }, { authorization: BASIC })
      expect([stolen.status, stolen.error]).toEqual([400, 'unauthorized_client'])
    })

    test('a public client asks for a token of its own', async () => {
      const { status, error } = await token({ grant_type: 'client_credentials', client_id: WEB })
      expect([status, error]).toEqual([400, 'unauthorized_client'])
    })

    test('two client authentications at once', async () => {
      const own = { grant_type: 'client_credentials' }
      for (const more of [
        { client_id: SERVICE.id, client_secret: SERVICE.secret },
        { client_id: SERVICE.id, client_secret: 'wrong' },
        { client_id: WEB },
        { client_assertion: 'a.b.c', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
      ]) {
        const { status, error, access_token } = await token({ ...own, ...more }, { authorization: BASIC })
        expect(access_token, JSON.stringify(more)).toBeUndefined()
        expect([400, 401]).toContain(status)
        expect(error).toMatch(/^invalid_(request|client)$/)
      }
      expect(
        await token({ ...own, client_id: SERVICE.id }, { authorization: BASIC }),
        'its own name may stand there',
      ).toMatchObject({
        status: 200,
      })
    })

    test('two Authorization headers', async () => {
      const status = await new Promise((resolve, reject) => {
        const outgoing = send(`${server.issuer}/oauth/token`, { method: 'POST' }, (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        }).once('error', reject)
        outgoing.setHeader('authorization', [BASIC, `Basic ${btoa(`${WEB}:`)}`])
        outgoing.setHeader('content-type', 'application/x-www-form-urlencoded')
        outgoing.end('grant_type=client_credentials')
      })
      expect([400, 401]).toContain(status)
    })

    test.each([
      ['wrong', `${SERVICE.id}:wrong`],
      ['longer', `${SERVICE.id}:${SERVICE.secret}x`],
      ['of nobody', 'nobody:nothing'],
    ])('a secret that is %s: the same answer', async (_what, pair) => {
      const { status, error, headers, access_token } = await token(
        { grant_type: 'client_credentials' },
        { authorization: `Basic ${btoa(pair)}` },
      )
      expect([status, error, access_token]).toEqual([401, 'invalid_client', undefined])
      expect(headers.get('www-authenticate')).toMatch(/^Basic /)
    })
  })

  describe('what a token may do', () => {
    test('a client gets no scope that is not its own; a person gives none that they have not', async () => {
      const more = await token(
        { grant_type: 'client_credentials', scope: 'posts:read posts:delete' },
        { authorization: BASIC },
      )
      if (more.status === 200) expect(more.scope?.split(' ')).toEqual(['posts:read'])
      else expect([more.status, more.error]).toEqual([400, 'invalid_scope'])
      const code = await visitor().code({ scope: 'openid posts:read posts:write posts:delete keys:manage' }, READER)
      const { access_token } = await redeem(code)
      expect(claimsOf(access_token).scope.split(' ')).not.toContain('posts:write')
      expect(claimsOf(access_token).scope).toContain('posts:read')
    })

    test('a refresh gives no more scope and no other resource', async () => {
      const code = await visitor().code({ scope: 'openid offline_access posts:read', prompt: 'consent' })
      const first = await redeem(code)
      expect(await refresh(first.refresh_token, { scope: 'openid posts:read posts:write' })).toMatchObject({
        status: 400,
        error: 'invalid_scope',
      })
      expect(await refresh(first.refresh_token, { resource: 'https://other.test' })).toMatchObject({
        status: 400,
        error: 'invalid_target',
      })
      // Asking wrongly used nothing up.
      const less = await refresh(first.refresh_token, { scope: 'posts:read' })
      expect(less).toMatchObject({ status: 200 })
      expect(claimsOf(less.access_token)).toMatchObject({ aud: AUDIENCE, scope: 'posts:read', sub: 'usr_admintak' })
    })

    test('a resource that nobody registered', async () => {
      expect(
        await token({ grant_type: 'client_credentials', resource: 'https://other.test' }, { authorization: BASIC }),
      ).toMatchObject({ status: 400, error: 'invalid_target' })
      const back = await visitor().authorize(asked(pkce().challenge, { resource: 'https://other.test' }))
      expect(back instanceof URL && back.searchParams.get('error')).toBe('invalid_target')
    })

    test('a refresh token used twice ends all that came of it', async () => {
      const code = await visitor().code({ scope: 'openid offline_access posts:read', prompt: 'consent' })
      const first = await redeem(code)
      const second = await refresh(first.refresh_token)
      expect(await me(second.access_token)).toBe(200)
      expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' })
      expect(await refresh(second.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' })
      expect([await me(first.access_token), await me(second.access_token)]).toEqual([401, 401])
    })

    test('id and refresh tokens open nothing; an access token is no code', async () => {
      const code = await visitor().code({ scope: 'openid offline_access posts:read', prompt: 'consent' })
      const first = (await redeem(code)) as Awaited<ReturnType<typeof redeem>> & { id_token: string }
      expect([await me(first.id_token), await me(first.refresh_token)]).toEqual([401, 401])
      expect(await redeem({ code: first.access_token as string, verifier: code.verifier })).toMatchObject({
        error: 'invalid_grant',
      })
    })
  })

  describe('what an application was not given', () => {
    const call = async (token: string | undefined, method: string, path: string) =>
      (await fetch(`${server.issuer}${path}`, { method, headers: { authorization: `Bearer ${token}` } })).status

    test('the roles of whoever let it in: another’s post stays', async () => {
      const login = await fetch(`${server.issuer}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admintak01', password: 'pwdforapitest01' }),
      })
      const { access_token: author } = (await login.json()) as Answered
      const post = await fetch(`${server.issuer}/posts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${author}` },
        body: JSON.stringify({ title: 'a', body: 'b' }),
      })
      const { access_token } = await redeem(await visitor().code({ scope: 'openid posts:read' }))
      expect(claimsOf(access_token).roles).toBeUndefined()
      expect(await call(access_token, 'DELETE', post.headers.get('location') as string)).toBe(403)
    })

    test('keys, which would outlive it', async () => {
      const code = await visitor().code({ scope: 'openid posts:read keys:manage' })
      const { access_token } = await redeem(code)
      expect(claimsOf(access_token).scope.split(' ')).not.toContain('keys:manage')
      expect(await call(access_token, 'POST', '/api-keys')).toBe(403)
    })

    test('the logins of whoever let it in', async () => {
      const { access_token } = await redeem(await visitor().code())
      expect(await call(access_token, 'GET', '/sessions')).toBe(403)
      expect(await call(access_token, 'DELETE', '/sessions/any')).toBe(403)
      expect(await call(access_token, 'POST', '/logout/everywhere')).toBe(403)
    })
  })

  test('S01 a logout with its access token ends all of a grant, for good', async () => {
    const first = await redeem(await visitor().code({ scope: 'openid offline_access posts:read', prompt: 'consent' }))
    const out = await fetch(`${server.issuer}/logout`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first.access_token}` },
    })
    expect(out.status).toBe(204)
    expect(await me(first.access_token)).toBe(401)
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  describe('introspection is no oracle', () => {
    test('it says nothing to whom it does not know', async () => {
      const { access_token } = await token({ grant_type: 'client_credentials' }, { authorization: BASIC })
      for (const headers of [{}, { authorization: `Basic ${btoa(`${SERVICE.id}:wrong`)}` }]) {
        const answer = await form(
          '/oauth/introspect',
          { token: access_token as string },
          headers as Record<string, string>,
        )
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(answer.text).not.toContain('active')
      }
      const open = await form('/oauth/introspect', { token: access_token as string, client_id: WEB })
      expect(open.json?.active ?? false, 'a public client is anybody').toBe(false)
    })

    test('what is another’s, wrong or over looks the same', async () => {
      const code = await visitor().code({ scope: 'openid offline_access posts:read', prompt: 'consent' })
      const { access_token, refresh_token } = await redeem(code)
      const tokens = ['nonsense', 'a.b.c', `${access_token}x`, refresh_token as string, code.code]
      for (const one of tokens) {
        const answer = await form('/oauth/introspect', { token: one }, { authorization: BASIC })
        expect([answer.status, answer.text], one.slice(0, 12)).toEqual([200, '{"active":false}'])
      }
    })

    test('revocation: another’s token stays, and the answer does not say so', async () => {
      const code = await visitor().code({ scope: 'openid offline_access posts:read', prompt: 'consent' })
      const { access_token, refresh_token } = await redeem(code)
      for (const one of [access_token as string, refresh_token as string, 'nonsense'])
        await form('/oauth/revoke', { token: one }, { authorization: BASIC })
      expect(await me(access_token)).toBe(200)
      expect(await refresh(refresh_token)).toMatchObject({ status: 200 })
    })
  })

  describe('the wire', () => {
    test('host and proxy headers change nothing that is said', async () => {
      const plain = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).text()
      const spoofed = await new Promise<string>((resolve, reject) => {
        const headers = {
          host: 'evil.test',
          'x-forwarded-host': 'evil.test',
          'x-forwarded-proto': 'https',
          forwarded: 'host=evil.test;proto=https',
        }
        send(`${server.issuer}/.well-known/openid-configuration`, { headers }, async (answer) => {
          resolve(Buffer.concat(await answer.toArray()).toString())
        })
          .once('error', reject)
          .end()
      })
      expect(spoofed).toBe(plain)
      expect(plain).not.toContain('evil')
    })

    test.each([
      ['JSON', 'application/json', '{"grant_type":"client_credentials"}'],
      ['no form', 'text/plain', 'grant_type=client_credentials'],
    ])('a body that is %s', async (_what, type, body) => {
      const answer = await fetch(`${server.issuer}/oauth/token`, {
        method: 'POST',
        body,
        headers: { 'content-type': type, authorization: BASIC },
      })
      expect([400, 415]).toContain(answer.status)
      expect(((await answer.json()) as Answered).error).toBe('invalid_request')
    })

    test('a body of 1 MiB, a thousand parameters, one twice', async () => {
      const big = await fetch(`${server.issuer}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ a: 'x'.repeat(1 << 20) }),
      })
      expect(big.status).toBe(413)
      const twice = new URLSearchParams({ grant_type: 'client_credentials' })
      twice.append('grant_type', 'refresh_token')
      expect(await token(twice, { authorization: BASIC })).toMatchObject({ status: 400, error: 'invalid_request' })
    })

    test('a request object or its address is not fetched', async () => {
      for (const more of [{ request_uri: `${server.issuer}/health` }, { request: 'e30.e30.' }]) {
        const back = await visitor().authorize(asked(pkce().challenge, more))
        const error = back instanceof URL ? back.searchParams.get('error') : back.status
        expect(error).toSatisfy((one: unknown) => one === 400 || /^(request|invalid)/.test(`${one}`))
      }
    })

    test('a sign-out leads to no place that is not registered', async () => {
      const answer = await visitor().ask(
        '/oauth/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.test&client_id=demo-web',
      )
      expect(answer.headers.get('location')).toBeNull()
      expect(await answer.text()).not.toContain('evil.test')
    })

    test.each(['/oauth/nothing', '/oauth/', '/oauth/interaction/nothing', '/oauth/../me', '/OAUTH/token'])(
      '%s is nowhere',
      async (path) => {
        const status = await new Promise((resolve, reject) => {
          send(new URL(server.issuer), { path }, (answer) => {
            answer.resume()
            resolve(answer.statusCode)
          })
            .once('error', reject)
            .end()
        })
        expect([400, 404]).toContain(status)
      },
    )
  })
})
