import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  API,
  accounts,
  authorizeUrl,
  basic,
  browser,
  CALLBACK,
  codeFor,
  hiddenOf,
  OTHER_API,
  pkce,
  post,
  type Running,
  redeem,
  running,
  through,
} from './flow.ts'

let at: Running
beforeAll(async () => {
  at = await running()
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const ask = (members: Record<string, string>) =>
  authorizeUrl({
    client_id: 'web',
    redirect_uri: CALLBACK,
    scope: 'openid posts:read',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    ...members,
  })

describe('a code for a token (RFC 6749 section 4.1, OpenID Connect Core section 3.1)', () => {
  test('signing in, consenting, and what comes of it', async () => {
    const got = await codeFor(at, { scope: 'openid email posts:read', nonce: 'n-1' })
    expect(Object.fromEntries(got.back.searchParams)).toEqual({ code: expect.any(String), state: 's', iss: at.issuer })
    const { status, body } = await redeem(at, got)
    expect([status, body.token_type, body.scope]).toEqual([200, 'Bearer', 'openid email posts:read'])
    const principal = await at.own.verify(body.access_token)
    expect(principal, 'roles are not what was consented to').not.toHaveProperty('roles')
    expect(principal).toMatchObject({
      subject: 'usr_anna',
      scopes: ['openid', 'email', 'posts:read'],
      authTime: expect.any(Number),
      credential: { client: 'web', session: expect.any(String) },
    })
    const { keys } = await at.own.jwks()
    expect(decodeProtectedHeader(body.id_token).kid).toBe(keys[0]?.kid)
    expect(decodeJwt(body.id_token)).toMatchObject({
      iss: at.issuer,
      aud: 'web',
      sub: 'usr_anna',
      nonce: 'n-1',
      email: 'anna@example.com',
    })
    const userinfo = await fetch(`${at.url}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    expect(await userinfo.json()).toEqual({ sub: 'usr_anna', email: 'anna@example.com', email_verified: true })
  })

  test("an ID token, a client's own token and one without openid open no userinfo", async () => {
    const { body } = await redeem(at, await codeFor(at, { scope: 'posts:read' }))
    expect(body.id_token).toBeUndefined()
    const own = await post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, basic('service'))
    const openid = await redeem(at, await codeFor(at))
    for (const [token, status] of [
      [body.access_token, 403],
      [own.body.access_token, 401],
      [openid.body.id_token, 401],
      [`${openid.body.access_token.slice(0, -4)}AAAA`, 401],
    ] as const) {
      const answer = await fetch(`${at.url}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } })
      expect(answer.status).toBe(status)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /)
    }
  })

  test('for another resource (RFC 8707): its audience, its scopes alone', async () => {
    const got = await codeFor(at, { scope: 'openid posts:read notes:read', resource: OTHER_API })
    const { body } = await redeem(at, got)
    expect(decodeJwt(body.access_token)).toMatchObject({ aud: OTHER_API, scope: 'openid' }) // Anna has no notes:read
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.audience' })
    expect((await redeem(at, await codeFor(at), { resource: OTHER_API })).body.error).toBe('invalid_target')
  })

  test('an account gets what it has, whatever was asked', async () => {
    const got = await codeFor(at, { scope: 'openid posts:read posts:write' }, { username: 'ben' })
    expect((await redeem(at, got)).body.scope).toBe('openid posts:read')
  })

  test('roles go to clients of ours alone: nobody was asked for them', async () => {
    const got = await codeFor(at, { client_id: 'mine' })
    expect(await at.own.verify((await redeem(at, got)).body.access_token)).toMatchObject({ roles: ['author'] })
  })

  test('a client of ours asks nobody; others ask again for more, and not for the same', async () => {
    const user = browser(at.url)
    const mine = await user.go(ask({ client_id: 'mine' }))
    const page = await user.go(mine.location as string)
    const next = await user.go(mine.location as string, {
      csrf: hiddenOf(page.text),
      username: 'anna',
      password: 'anna',
    })
    const back = await user.go(next.location as string)
    expect(back.location).toMatch(/^https:\/\/app\.example\/callback\?code=/)
    const first = await user.go(ask({}))
    expect((await user.go(first.location as string)).text).toContain('name="decision"')
    await through(user, ask({}))
    expect((await user.go(ask({}))).location).toMatch(/callback\?code=/)
    const more = await user.go(ask({ scope: 'openid posts:write' }))
    expect(more.location).toMatch(/^\/oauth\/interaction\//)
  })

  test('a native client: any port, and consent each time (RFC 8252 sections 7.3 and 8.6)', async () => {
    const user = browser(at.url)
    for (const port of [1234, 5678]) {
      const redirect_uri = `http://127.0.0.1:${port}/callback`
      const got = await codeFor(at, { client_id: 'native', redirect_uri }, {}, user)
      expect(got.back.port).toBe(`${port}`)
      expect((await redeem(at, got)).status).toBe(200)
      const again = await user.go(ask({ client_id: 'native', redirect_uri }))
      expect((await user.go(again.location as string)).text).toContain('name="decision"')
    }
  })

  test('prompt=none, and no to consent', async () => {
    const silent = await browser(at.url).go(ask({ prompt: 'none', state: 'x' }))
    expect(new URL(silent.location as string).searchParams.get('error')).toBe('login_required')
    const { back } = await codeFor(at, {}, { decision: 'deny' })
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 's', iss: at.issuer })
  })

  test.each(['query', 'fragment', 'form_post'])('response_mode=%s', async (mode) => {
    const { answer } = await codeFor(at, { response_mode: mode })
    if (mode === 'form_post') {
      expect(answer.text).toMatch(/action="https:\/\/app\.example\/callback"/)
      const policy = answer.header('content-security-policy') ?? ''
      expect(policy).toMatch(
        /default-src 'none'; script-src 'sha256-[^']+'; form-action https:\/\/app\.example; frame-ancestors 'none'/,
      )
      expect(hiddenOf(answer.text, 'code')).not.toBe('')
      expect(hiddenOf(answer.text, 'iss')).toBe(at.issuer)
    } else expect(answer.location).toMatch(mode === 'query' ? /callback\?code=/ : /callback#code=/)
  })
})

describe('O01: redirects are compared to the letter', () => {
  test.each([
    ['a subpath', `${CALLBACK}/more`],
    ['a prefix', 'https://app.example/call'],
    ['another case', 'https://app.example/Callback'],
    ['encoded', 'https://app.example/%63allback'],
    ['a user', 'https://user@app.example/callback'],
    ['a host that begins alike', 'https://app.example.evil.example/callback'],
    ['a fragment', `${CALLBACK}#x`],
    ['a query', `${CALLBACK}?x=1`],
    ['another scheme', 'http://app.example/callback'],
    ['script', 'javascript:alert(1)'],
    ['dots', 'https://app.example/x/../callback'],
    ['white space', `${CALLBACK} `],
    ['none', ''],
  ])('%s: a page, and no redirect', async (_, redirect_uri) => {
    const answer = await browser(at.url).go(ask({ redirect_uri }))
    expect([answer.status, answer.location]).toEqual([400, null])
    expect(answer.header('content-type')).toMatch(/^text\/html/)
    expect(answer.header('content-security-policy')).toContain("frame-ancestors 'none'")
    if (redirect_uri.length > 4) expect(answer.text).not.toContain(redirect_uri)
  })

  test('a native client: another path, another host, localhost for an address', async () => {
    for (const uri of [
      'http://127.0.0.1:99/other',
      'http://127.0.0.2/callback',
      'http://localhost/callback',
      'https://127.0.0.1/callback',
    ])
      expect((await browser(at.url).go(ask({ client_id: 'native', redirect_uri: uri }))).status).toBe(400)
  })

  test('an unknown client, one that is none, one twice', async () => {
    for (const client_id of ['nobody', '', 'service'])
      expect((await browser(at.url).go(ask({ client_id }))).status).toBe(400)
    expect((await browser(at.url).go(`${ask({})}&client_id=mine`)).location).toBeNull()
    expect((await browser(at.url).go(`${ask({})}&redirect_uri=https%3A%2F%2Fevil.example`)).location).toBeNull()
  })
})

describe('O08: what is asked for', () => {
  test.each([
    ['response_type=token', { response_type: 'token' }, 'unsupported_response_type'],
    ['response_type=code id_token', { response_type: 'code id_token', nonce: 'n' }, 'unsupported_response_type'],
    ['response_type=id_token', { response_type: 'id_token', nonce: 'n' }, 'unsupported_response_type'],
    ['response_type=none', { response_type: 'none' }, 'unsupported_response_type'],
    ['an unknown response_type', { response_type: 'magic' }, 'unsupported_response_type'],
    ['an unknown response_mode', { response_mode: 'magic' }, 'unsupported_response_mode'],
    ['a request object', { request: 'a.b.c' }, 'request_not_supported'],
    ['a request from elsewhere', { request_uri: 'https://evil.example/x' }, 'request_uri_not_supported'],
    ['an unknown resource', { resource: 'https://evil.example' }, 'invalid_target'],
    ['a resource that is none', { resource: 'x' }, 'invalid_target'],
    ['an unknown prompt', { prompt: 'magic' }, 'invalid_request'],
    ['a scope that is nothing here', { scope: 'zzz' }, 'invalid_scope'],
    ['a scope of another resource', { scope: 'notes:read' }, 'invalid_scope'],
  ] as const)('%s', async (_, members, error) => {
    const { location, status, text } = await browser(at.url).go(ask({ state: 'x', ...members }))
    const said = location === null ? text : new URL(location.replace('#', '?')).searchParams.get('error')
    expect([status, said]).toEqual([
      location === null ? 400 : 303,
      location === null ? expect.stringContaining(error) : error,
    ])
    if (location !== null) expect(location).toMatch(/^https:\/\/app\.example\/callback/)
  })
})

test('scopes that are nothing here are refused where they are pushed, and passed over beside others', async () => {
  const form = (scope: string) => Object.fromEntries(new URL(ask({ scope }), at.url).searchParams)
  const refused = await post(`${at.url}/oauth/par`, form('zzz'))
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_scope'])
  expect((await post(`${at.url}/oauth/par`, form('zzz posts:read'))).status).toBe(201)
  const { body } = await redeem(at, await codeFor(at, { scope: 'zzz posts:read' }))
  expect(body.scope).toBe('posts:read')
})

describe('O04: PKCE (RFC 7636)', () => {
  test.each([
    ['no challenge', { code_challenge: '', code_challenge_method: '' }],
    ['plain', { code_challenge_method: 'plain' }],
    ['no method', { code_challenge_method: '' }],
    ['42 characters', { code_challenge: 'a'.repeat(42) }],
    ['129 characters', { code_challenge: 'a'.repeat(129) }],
    ['other characters', { code_challenge: `${'a'.repeat(42)}!` }],
  ])('a challenge: %s', async (_, members) => {
    for (const client_id of ['web', 'confidential']) {
      const { location } = await browser(at.url).go(ask({ ...members, client_id }))
      expect(new URL(location as string).searchParams.get('error')).toBe('invalid_request')
    }
  })

  test.each([
    ['none', ''],
    ['another', 'b'.repeat(43)],
    ['42 characters', 'a'.repeat(42)],
    ['129 characters', 'a'.repeat(129)],
  ])('a verifier: %s', async (_, verifier) => {
    const got = await codeFor(at)
    const { status, body } = await redeem(at, { ...got, verifier })
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^invalid_(grant|request)$/)])
    // Whoever guesses wrong uses up nothing.
    expect((await redeem(at, got)).status).toBe(200)
  })

  test('the challenge itself is no verifier', async () => {
    const { verifier: _, ...got } = await codeFor(at)
    const challenge = pkce().challenge
    expect((await redeem(at, { ...got, verifier: challenge })).body.error).toBe('invalid_grant')
  })
})

describe('O02: a code is good once', () => {
  test('the second time: invalid_grant, and everything of the first is dead', async () => {
    const got = await codeFor(at)
    const { body } = await redeem(at, got)
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_anna' })
    expect((await redeem(at, got)).body.error).toBe('invalid_grant')
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.revoked' })
    const refreshed = await post(`${at.url}/oauth/token`, {
      grant_type: 'refresh_token',
      refresh_token: body.refresh_token,
      client_id: 'web',
    })
    expect([refreshed.status, refreshed.body.error]).toEqual([400, 'invalid_grant'])
    const userinfo = await fetch(`${at.url}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    expect(userinfo.status).toBe(401)
    // The user signs in again, and all is well.
    const next = await redeem(at, await codeFor(at, {}, {}, got.user))
    expect(await at.own.verify(next.body.access_token)).toMatchObject({ subject: 'usr_anna' })
  })

  test('1,000 at once: one gets tokens', { timeout: 60_000 }, async () => {
    const got = await codeFor(at)
    const all = await Promise.all(Array.from({ length: 1000 }, () => redeem(at, got)))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(all.filter(({ status }) => status !== 200).map(({ body }) => body.error))).toEqual(
      new Set(['invalid_grant']),
    )
    const first = all.find(({ status }) => status === 200)
    expect(await at.own.verify(first?.body.access_token as string)).toMatchObject({ reason: 'token.revoked' })
  })

  test.each([
    ['another client', { client_id: 'native' }],
    ['another redirect', { redirect_uri: 'https://app.example/other' }],
    ['no redirect', { redirect_uri: '' }],
    ['no such code', { code: 'x'.repeat(43) }],
    ['a code that names a row', { code: '~x~y' }],
  ])('%s', async (_, members) => {
    const got = await codeFor(at)
    const { status, body } = await redeem(at, got, members as Record<string, string>)
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^invalid_(grant|request)$/)])
  })
})

describe('a request by a form (OpenID Connect Core section 3.1.2.1)', () => {
  const asked = () => ({
    response_type: 'code',
    client_id: 'web',
    redirect_uri: CALLBACK,
    scope: 'openid posts:read',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  })

  test('goes on as the link that says the same, with whom the browser knows', async () => {
    const user = browser(at.url)
    await codeFor(at, {}, {}, user)
    const form = { ...asked(), state: 'a&b=c' }
    // From another site, as a client has it: the browser sends its cookie with the link alone.
    const posted = await browser(at.url).go('/oauth/authorize?client_id=ignored', form, {
      'sec-fetch-site': 'cross-site',
    })
    expect(posted.status).toBe(303)
    expect([...new URL(posted.location as string, at.url).searchParams]).toEqual(Object.entries(form))
    const back = new URL((await user.go(posted.location as string)).location as string)
    expect([back.searchParams.get('state'), back.searchParams.has('code')]).toEqual(['a&b=c', true])
  })

  test('is judged as the link is', async () => {
    const go = async (members: Record<string, string>) => {
      const user = browser(at.url)
      return user.go((await user.go('/oauth/authorize', { ...asked(), ...members })).location as string)
    }
    expect([
      (await go({ redirect_uri: 'https://evil.example/' })).status,
      (await go({ client_id: 'x' })).status,
    ]).toEqual([400, 400])
    expect((await go({ code_challenge: '' })).location).toContain('error=invalid_request')
    expect((await go({ prompt: 'none' })).location).toContain('error=login_required')
    expect((await go({})).location).toMatch(/^\/oauth\/interaction\//)
  })

  test('JSON, too much, and what names a row', async () => {
    const send = (type: string, body: string) =>
      fetch(`${at.url}/oauth/authorize`, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': type },
        body,
      })
    const form = 'application/x-www-form-urlencoded'
    const row = `request_uri=~${'a'.repeat(43)}~${'b'.repeat(43)}`
    const all = [
      send('application/json', '{}'),
      send(form, `state=${'x'.repeat(8192)}`),
      send(form, `state=${'"'.repeat(4000)}`),
      send(form, row),
    ]
    const answers = await Promise.all(all)
    expect(answers.map(({ status }) => status)).toEqual([415, 413, 413, 400])
    for (const { headers } of answers) expect(headers.get('content-type')).toMatch(/^text\/html/)
    const most = await send(form, `client_id=web&state=${'x'.repeat(8100)}`)
    expect((await fetch(at.url + most.headers.get('location'), { redirect: 'manual' })).status).toBe(400)
  })
})

describe('the pages', () => {
  test('consent names every resource that is asked for', async () => {
    const user = browser(at.url)
    const members = { client_id: 'web', redirect_uri: CALLBACK, scope: 'openid posts:read notes:read' }
    const query = new URLSearchParams({ response_type: 'code', ...members, code_challenge_method: 'S256' })
    query.set('code_challenge', pkce().challenge)
    for (const resource of [API, OTHER_API]) query.append('resource', resource)
    accounts.set('usr_fay', { scopes: ['posts:read', 'notes:read'], claims: {} } as never)
    const first = await user.go(`/oauth/authorize?${query}`)
    const page = await user.go(first.location as string)
    const typed = { csrf: hiddenOf(page.text), username: 'fay', password: 'fay' }
    const next = await user.go((await user.go(first.location as string, typed)).location as string)
    const consent = await user.go(next.location as string)
    for (const resource of [API, OTHER_API]) expect(consent.text).toContain(`at ${resource}`)
  })

  test('consent that is asked again names the resource too (RFC 8252 section 8.6)', async () => {
    const user = browser(at.url)
    const members = { client_id: 'native', redirect_uri: 'http://127.0.0.1:4000/callback', scope: 'openid posts:read' }
    await codeFor(at, members, {}, user)
    const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const { location } = await user.go(authorizeUrl({ ...members, ...challenge }))
    expect((await user.go(location as string)).text).toContain(`at ${API}`)
    const plain = await user.go(authorizeUrl({ ...members, scope: 'openid', ...challenge }))
    expect((await user.go(plain.location as string)).text).not.toContain(`at ${API}`)
  })

  test('a wrong password: the same page again, for whomever', async () => {
    const user = browser(at.url)
    const { location } = await user.go(ask({}))
    const page = await user.go(location as string)
    const csrf = hiddenOf(page.text)
    for (const [username, password] of [
      ['anna', 'wrong'],
      ['nobody', 'x'],
      ['', ''],
      ['anna', ''],
    ] as const) {
      const answer = await user.go(location as string, { csrf, username, password })
      expect([answer.status, answer.location]).toEqual([200, null])
      expect(answer.text).toContain('role="alert"')
      if (password.length > 1) expect(answer.text).not.toContain(`value="${password}"`)
    }
    const answer = await user.go(location as string, { csrf, cancel: '1' })
    expect((await user.go(answer.location as string)).location).toContain('error=access_denied')
  })

  test('a form counts only from its own page, with the browser that it was made for', async () => {
    const user = browser(at.url)
    const { location } = await user.go(ask({}))
    const csrf = hiddenOf((await user.go(location as string)).text)
    const right = { csrf, username: 'anna', password: 'anna' }
    const other = browser(at.url)
    const theirs = await other.go(ask({}))
    const theirCsrf = hiddenOf((await other.go(theirs.location as string)).text)
    expect(theirCsrf).not.toBe(csrf)
    expect((await user.go(location as string, { ...right, csrf: theirCsrf })).status).toBe(403)
    expect((await user.go(location as string, { ...right, csrf: '' })).status).toBe(403)
    expect((await user.go(location as string, right, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await user.go(location as string, right, { 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await other.go(location as string, right)).status).toBe(400)
    expect((await browser(at.url).go(location as string)).status).toBe(400)
    expect((await user.go(location as string, right)).status).toBe(303)
  })

  test('cookies: of this host, not for scripts, not from elsewhere', async () => {
    const https = await running({}, { issuer: 'https://login.example' })
    for (const [server, flags] of [
      [at, ''],
      [https, '; secure'],
    ] as const) {
      const response = await fetch(`${server.url}${ask({})}`, { redirect: 'manual' })
      const lines = response.headers.getSetCookie()
      expect(lines.length).toBeGreaterThan(0)
      for (const line of lines) {
        expect(line).toMatch(new RegExp(`; samesite=lax${flags}; httponly`, 'i'))
        expect(line).not.toMatch(/domain=/i)
        if (flags) expect(line).toMatch(/^__(Host|Secure)-/)
      }
    }
    await https.stop()
  })

  test('someone else signs in on the same browser: nothing of the first is theirs', async () => {
    const user = browser(at.url)
    const first = await codeFor(at, {}, { username: 'anna' }, user)
    const second = await codeFor(at, { prompt: 'login' }, { username: 'ben' }, user)
    const { body } = await redeem(at, second)
    expect(await at.own.verify(body.access_token)).toMatchObject({ subject: 'usr_ben' })
    expect((await redeem(at, first)).status).toBe(400) // it went with the session
    const third = await redeem(at, await codeFor(at, {}, { username: 'anna' }, user))
    expect(await at.own.verify(third.body.access_token)).toMatchObject({ subject: 'usr_ben' })
  })

  test('an account that is gone signs in no more, and gets nothing for what it has', async () => {
    accounts.set('usr_carl', { scopes: ['posts:read'], roles: [], claims: { name: 'Carl' } } as never)
    const user = browser(at.url)
    const got = await codeFor(at, {}, { username: 'carl' }, user)
    const { body } = await redeem(at, got)
    const waiting = await codeFor(at, {}, { username: 'carl' }, user)
    accounts.delete('usr_carl')
    expect((await redeem(at, waiting)).body.error).toBe('invalid_grant')
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token, client_id: 'web' }
    expect((await post(`${at.url}/oauth/token`, refresh)).body.error).toBe('invalid_grant')
    const again = await user.go(ask({}))
    expect((await user.go(again.location as string)).text).toContain('name="password"')
  })

  test('"log out everywhere" of the issuer ends sign-ins, codes and refresh tokens here too', async () => {
    const user = browser(at.url)
    const { body } = await redeem(at, await codeFor(at, {}, {}, user))
    const waiting = await codeFor(at, {}, {}, user)
    await at.own.sessions.endAll('usr_anna')
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.revoked' })
    expect((await redeem(at, waiting)).body.error).toBe('invalid_grant')
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token, client_id: 'web' }
    expect((await post(`${at.url}/oauth/token`, refresh)).body.error).toBe('invalid_grant')
    const again = await user.go(ask({}))
    expect((await user.go(again.location as string)).text).toContain('name="password"')
    await new Promise((done) => setTimeout(done, 2100))
    const next = await redeem(at, await codeFor(at))
    expect(await at.own.verify(next.body.access_token)).toMatchObject({ subject: 'usr_anna' })
  })

  test('unknown places, other methods', async () => {
    for (const path of [
      '/oauth/',
      '/oauth/nothing',
      '/oauth/token/',
      '/oauth//token',
      '/oauth/TOKEN',
      '/oauth/authorize/a/b',
      '/oauth/register',
      '/oauth/device',
      '/oauth/interaction/',
    ])
      expect([path, (await fetch(at.url + path, { redirect: 'manual' })).status]).toEqual([path, 404])
    const put = await fetch(`${at.url}/oauth/authorize`, { method: 'PUT' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    expect(put.headers.get('content-type')).toMatch(/^text\/html/)
  })
})
