import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { basic, bearer, type Case, type Expectation, INVALID_TOKEN, JSON_TYPE, json, type Step } from '../case.ts'
import { linesOf, type WireResponse } from '../wire.ts'
import { authorize, codeOf, form, hidden, jar, oauthError, page, redeemed, redirect } from './oauth-flow.ts'

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly scope: string
}
const SERVICE = basic('demo-service', 'demo-service-secret')
const TOKENS: Expectation = {
  status: 200,
  foreign: true,
  headers: { 'cache-control': 'no-store', etag: null, 'x-powered-by': null },
}
const credentials = (members: Readonly<Record<string, string>> = {}) =>
  form('/oauth/token', { grant_type: 'client_credentials', ...members }, [SERVICE])
const me = (token: string) => ({ path: '/me', headers: [bearer(token)] })
const refresh = (refresh_token: string) =>
  form('/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id: 'demo-web' })
const tokensOf = (response: Parameters<typeof json>[0]) => json<Tokens>(response)

const notMore = (response: WireResponse) => strictEqual(json<{ error: string }>(response).error, 'invalid_scope')

export const oauthCases: readonly Case[] = [
  {
    id: 'O00 service',
    title: 'client credentials: the API takes the token offline',
    section: 'RFC 6749 section 4.4, RFC 9068',
    *steps() {
      const { access_token, scope } = tokensOf(yield { send: credentials(), expect: TOKENS })
      strictEqual(scope, 'posts:read posts:write')
      yield {
        send: me(access_token),
        expect: {
          status: 200,
          json: { subject: 'demo-service', scheme: 'bearer', scopes: ['posts:read', 'posts:write'], roles: [] },
        },
      }
      const body = JSON.stringify({ title: 'By a service', body: 'Text.' })
      yield {
        send: { method: 'POST', path: '/posts', headers: [JSON_TYPE, bearer(access_token)], body },
        expect: { status: 201, foreign: true },
      }
      const read = tokensOf(yield { send: credentials({ scope: 'posts:read' }), expect: TOKENS })
      yield {
        send: { method: 'POST', path: '/posts', headers: [JSON_TYPE, bearer(read.access_token)], body },
        expect: { status: 403, code: 'insufficient_scope' },
      }
    },
  },
  {
    id: 'O00 user',
    title: 'a user signs in and consents; the token opens the API as that user',
    section: 'RFC 6749 section 4.1, OpenID Connect Core section 3.1',
    *steps() {
      const code = yield* codeOf(jar())
      const { access_token, refresh_token } = tokensOf(yield { send: redeemed(code), expect: TOKENS })
      yield {
        send: me(access_token),
        expect: {
          status: 200,
          json: { subject: 'usr_admintak01', scheme: 'bearer', scopes: ['openid', 'posts:read'], roles: [] },
        },
      }
      yield {
        send: { path: '/oauth/userinfo', headers: [bearer(access_token)] },
        expect: {
          status: 200,
          foreign: true,
          also: (response) => strictEqual(json<{ sub: string }>(response).sub, 'usr_admintak01'),
        },
      }
      yield {
        send: { method: 'POST', path: '/oauth/userinfo', headers: [bearer(access_token)] },
        expect: { status: 200, foreign: true },
      }
      const next = tokensOf(yield { send: refresh(refresh_token), expect: TOKENS })
      yield { send: me(next.access_token), expect: { status: 200 } }
      yield { send: refresh(refresh_token), expect: oauthError(400, 'invalid_grant') }
      yield { send: me(next.access_token), expect: INVALID_TOKEN }
      yield { send: refresh(next.refresh_token), expect: oauthError(400, 'invalid_grant') }
    },
  },
  {
    id: 'O01',
    title: 'a redirect that is not the one registered: a page, and no Location',
    section: 'RFC 9700 section 4.1.3, RFC 8252 section 7.3',
    *steps() {
      const wrong = [
        'http://127.0.0.1:4711/callback/more',
        'http://127.0.0.1:4711/call',
        'http://127.0.0.1:4711/Callback',
        'http://127.0.0.1:4711/%63allback',
        'http://user@127.0.0.1:4711/callback',
        'http://127.0.0.1:4711/callback#x',
        'http://127.0.0.1:4711/callback?x=1',
        'http://127.0.0.1.evil.example/callback',
        'http://localhost:4711/callback',
        'https://127.0.0.1:4711/callback',
        'https://evil.example/callback',
        'javascript:alert(1)',
        '',
      ]
      for (const redirect_uri of wrong) yield { send: { path: authorize({ redirect_uri }) }, expect: page(400) }
      yield { send: { path: authorize({ client_id: 'nobody' }) }, expect: page(400) }
      yield { send: { path: authorize() }, expect: redirect(/^\/oauth\/interaction\//) }
    },
  },
  {
    id: 'O02',
    title: 'an authorization code used twice: invalid_grant, and the first tokens are dead',
    section: 'RFC 6749 section 4.1.2',
    *steps() {
      const code = yield* codeOf(jar())
      const { access_token, refresh_token } = tokensOf(yield { send: redeemed(code), expect: TOKENS })
      yield { send: me(access_token), expect: { status: 200 } }
      yield { send: redeemed(code), expect: oauthError(400, 'invalid_grant') }
      yield { send: me(access_token), expect: INVALID_TOKEN }
      yield { send: refresh(refresh_token), expect: oauthError(400, 'invalid_grant') }
    },
  },
  {
    id: 'O04',
    title: 'PKCE: a challenge or a verifier that is missing, wrong, plain, too short or too long',
    section: 'RFC 7636 sections 4.1 to 4.6',
    *steps() {
      const challenges = [
        { code_challenge: '', code_challenge_method: '' },
        { code_challenge_method: 'plain' },
        { code_challenge_method: '' },
        { code_challenge: 'a'.repeat(42) },
        { code_challenge: 'a'.repeat(129) },
      ]
      for (const members of challenges)
        yield {
          send: { path: authorize(members) },
          expect: redirect(/^http:\/\/127\.0\.0\.1:4711\/callback\?error=invalid_request&/),
        }
      const code = yield* codeOf(jar())
      for (const code_verifier of ['', 'b'.repeat(43), 'a'.repeat(42), 'a'.repeat(129)])
        yield { send: redeemed(code, { code_verifier }), expect: oauthError(400, /^invalid_(grant|request)$/) }
      yield { send: redeemed(code), expect: TOKENS }
    },
  },
  {
    id: 'O08',
    title: 'response_type=token, the password grant and unknown grants',
    section: 'RFC 6749 sections 4.1.2.1 and 5.2, RFC 9700 sections 2.1.2 and 2.4',
    *steps() {
      for (const response_type of ['token', 'id_token', 'code id_token', 'magic'])
        yield {
          send: { path: authorize({ response_type }) },
          expect: redirect(/^http:\/\/127\.0\.0\.1:4711\/callback[?#]error=unsupported_response_type&/),
        }
      const password = { username: 'admintak', password: 'pwdforapitest' }
      for (const grant_type of ['password', 'implicit', 'magic'])
        yield { send: credentials({ grant_type, ...password }), expect: oauthError(400, 'unsupported_grant_type') }
      yield {
        send: form('/oauth/token', { grant_type: 'password', client_id: 'demo-web', ...password }),
        expect: oauthError(400, 'unsupported_grant_type'),
      }
    },
  },
  {
    id: 'O10',
    title: 'client authentication: wrong, missing, two at once',
    section: 'RFC 6749 sections 2.3 and 5.2',
    *steps() {
      const wrong = basic('demo-service', 'demo-service-secret-not')
      yield {
        send: form('/oauth/token', { grant_type: 'client_credentials' }, [wrong]),
        expect: oauthError(401, 'invalid_client'),
      }
      const body = { client_id: 'demo-service', client_secret: 'demo-service-secret' }
      yield { send: credentials(body), expect: oauthError(400, 'invalid_request') }
      yield {
        send: form('/oauth/token', { grant_type: 'client_credentials' }, [SERVICE, SERVICE]),
        expect: {
          ...oauthError(400, 'invalid_request'),
          json: { error: 'invalid_request', error_description: 'A header field must not come twice.' },
        },
      }
      yield { send: form('/oauth/token', { grant_type: 'client_credentials', ...body }), expect: TOKENS }
      yield {
        send: form('/oauth/token', { grant_type: 'client_credentials', client_id: 'demo-service' }),
        expect: oauthError(401, 'invalid_client'),
      }
      yield {
        send: form('/oauth/token', { grant_type: 'client_credentials', client_id: 'demo-web' }),
        expect: oauthError(400, 'unauthorized_client'),
      }
      yield {
        send: form('/oauth/token', { grant_type: 'client_credentials' }),
        expect: {
          ...oauthError(401, 'invalid_client'),
          headers: { etag: null, 'x-powered-by': null, 'www-authenticate': 'Basic realm="https://sample.test"' },
        },
      }
    },
  },
  {
    id: 'O11',
    title: 'introspection: no oracle; revocation: dead at the API at once',
    section: 'RFC 7662 section 2, RFC 7009 section 2',
    *steps() {
      const { access_token } = tokensOf(yield { send: credentials(), expect: TOKENS })
      const ask = (token: string) => form('/oauth/introspect', { token }, [SERVICE])
      const inactive: Expectation = { ...TOKENS, json: { active: false } }
      yield {
        send: ask(access_token),
        expect: { ...TOKENS, also: (response) => strictEqual(json<{ active: boolean }>(response).active, true) },
      }
      const user = tokensOf(yield { send: redeemed(yield* codeOf(jar())), expect: TOKENS })
      for (const token of [user.access_token, user.refresh_token, 'x', 'a.b.c'])
        yield { send: ask(token), expect: inactive }
      yield {
        send: form('/oauth/revoke', { token: user.access_token }, [SERVICE]),
        expect: { status: 200, foreign: true },
      }
      yield { send: me(user.access_token), expect: { status: 200 } }
      yield { send: form('/oauth/revoke', { token: access_token }, [SERVICE]), expect: { status: 200, foreign: true } }
      yield { send: me(access_token), expect: INVALID_TOKEN }
      yield { send: ask(access_token), expect: inactive }
      const gone = form('/oauth/revoke', { token: user.refresh_token, client_id: 'demo-web' })
      yield { send: gone, expect: { status: 200, foreign: true } }
      yield { send: me(user.access_token), expect: INVALID_TOKEN }
    },
  },
  {
    id: 'O12',
    title: 'metadata: the same at both places, of the issuer, whatever host was asked',
    section: 'RFC 8414 section 3, OpenID Connect Discovery section 4',
    *steps() {
      const expect: Expectation = { status: 200, headers: { 'content-type': 'application/json', etag: null } }
      const [first, second] = [
        yield { send: { path: '/.well-known/openid-configuration' }, expect },
        yield {
          send: { path: '/.well-known/oauth-authorization-server', headers: [['X-Forwarded-Host', 'evil.example']] },
          expect,
        },
      ]
      deepStrictEqual(first?.body, second?.body)
      const metadata = json<Record<string, string>>(first as Parameters<typeof json>[0])
      strictEqual(metadata.issuer, 'https://sample.test')
      for (const [name, value] of Object.entries(metadata))
        if (/_endpoint$|_uri$/.test(name)) ok(value.startsWith('https://sample.test/'), `${name} is ${value}`)
    },
  },
  {
    id: 'O13',
    title: 'bodies: another media type, none, too large; unknown places and other methods',
    section: 'RFC 6749 section 3.2, SAMPLE-API',
    *steps() {
      const headers = [SERVICE, JSON_TYPE]
      const body = JSON.stringify({ grant_type: 'client_credentials' })
      yield {
        send: { method: 'POST', path: '/oauth/token', headers, body },
        expect: oauthError(415, 'invalid_request'),
      }
      yield {
        send: { method: 'POST', path: '/oauth/token', headers: [SERVICE] },
        expect: oauthError(400, 'invalid_request'),
      }
      yield { send: credentials({ x: 'x'.repeat(110_000) }), expect: oauthError(413, 'invalid_request') }
      yield {
        send: { path: '/oauth/token' },
        expect: { ...oauthError(405, 'invalid_request'), headers: { etag: null, allow: 'POST, OPTIONS' } },
      }
      for (const path of ['/oauth/nothing', '/oauth/register', '/oauth/token/', '/oauth/TOKEN'])
        yield { send: { path }, expect: { status: 404, code: 'not_found' } }
    },
  },
  {
    id: 'O14',
    title: 'the old password form: a token, marked deprecated',
    section: 'SAMPLE-API, routes; RFC 9745',
    *steps() {
      const deprecated = { deprecation: '@1735689600', 'cache-control': 'no-store' }
      const right = form('/token', { username: 'test', password: '123£' })
      const { access_token } = tokensOf(
        yield { send: right, expect: { status: 200, foreign: true, headers: deprecated } },
      )
      yield { send: me(access_token), expect: { status: 200 } }
      const refused = { ...oauthError(400, 'invalid_grant'), headers: deprecated }
      yield { send: form('/token', { username: 'test', password: 'wrong' }), expect: refused }
      yield { send: form('/token', { username: 'nobody', password: '123£' }), expect: refused }
      yield { send: form('/token', { username: 'test' }), expect: oauthError(400, 'invalid_request') }
      const long = { username: 'test', password: 'x'.repeat(5000) }
      yield { send: form('/token', long), expect: oauthError(413, 'invalid_request') }
      yield {
        send: { method: 'POST', path: '/token', headers: [JSON_TYPE], body: '{}' },
        expect: oauthError(415, 'invalid_request'),
      }
    },
  },
  {
    id: 'O15',
    title: 'a form that is not of the page, or not of the browser, signs nobody in',
    section: 'RFC 6819 section 4.4.1.9, RFC 9700 section 4.7',
    *steps() {
      const [mine, theirs] = [jar(), jar()]
      const open = function* (cookies: ReturnType<typeof jar>): Generator<Step, [string, string], WireResponse> {
        const started = yield { send: { path: authorize() }, expect: redirect(/^\/oauth\/interaction\//) }
        cookies.take(started)
        const target = linesOf(started, 'location')[0] as string
        const shown = yield { send: { path: target, headers: cookies.headerFor(target) }, expect: page(200) }
        return [target, hidden(shown)]
      }
      const [target, csrf] = yield* open(mine)
      const [other, otherCsrf] = yield* open(theirs)
      const right = { csrf, username: 'admintak01', password: 'pwdforapitest01' }
      const cookies = mine.headerFor(target)
      yield { send: form(target, { ...right, csrf: '' }, cookies), expect: page(403) }
      yield { send: form(target, { ...right, csrf: otherCsrf }, cookies), expect: page(403) }
      for (const site of ['cross-site', 'same-site', 'none'])
        yield { send: form(target, right, [...cookies, ['Sec-Fetch-Site', site]]), expect: page(403) }
      yield { send: form(target, right), expect: page(400) }
      yield { send: form(other, { ...right, csrf: otherCsrf }, cookies), expect: page(400) }
      yield { send: form(target, { ...right, password: 'wrong' }, cookies), expect: page(200) }
      yield {
        send: form(target, right, [...cookies, ['Sec-Fetch-Site', 'same-origin']]),
        expect: redirect(/^\/oauth\/authorize\//),
      }
    },
  },
  {
    id: 'O16',
    title: 'nobody gets more than their account has, at the start or at a refresh',
    section: 'RFC 6749 sections 3.3 and 6',
    *steps() {
      const code = yield* codeOf(jar(), { scope: 'openid posts:read posts:delete' })
      const tokens = tokensOf(yield { send: redeemed(code), expect: TOKENS })
      strictEqual(tokens.scope, 'openid posts:read')
      const more = { grant_type: 'refresh_token', client_id: 'demo-web', refresh_token: tokens.refresh_token }
      for (const scope of ['posts:delete', 'posts:write', 'openid posts:read posts:write'])
        yield { send: form('/oauth/token', { ...more, scope }), expect: { ...TOKENS, status: 400, also: notMore } }
      yield { send: credentials({ scope: 'posts:read posts:delete' }), expect: oauthError(400, 'invalid_scope') }
      yield { send: credentials({ resource: 'https://evil.example' }), expect: oauthError(400, 'invalid_target') }
      yield {
        send: { path: authorize({ resource: 'https://evil.example' }) },
        expect: redirect(/error=invalid_target/),
      }
    },
  },
  {
    id: 'O17',
    title: 'signing out with nobody signed in: no page, no script',
    section: 'OpenID Connect RP-Initiated Logout 1.0 section 2',
    *steps() {
      yield { send: { path: '/oauth/logout' }, expect: redirect(/^\/oauth\/logout\/success$/) }
      yield { send: { path: '/oauth/logout/success' }, expect: page(200) }
      yield { send: form('/oauth/logout/confirm', { xsrf: 'x', logout: 'yes' }), expect: page(400) }
      const elsewhere = '/oauth/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example'
      yield { send: { path: elsewhere }, expect: redirect(/^\/oauth\/logout\/success$/) }
      yield { send: { path: '/oauth/account' }, expect: page(403) }
    },
  },
]
