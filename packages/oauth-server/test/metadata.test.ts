// Every value that the metadata publishes is used here, or says by a refusal that something is not there.
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createRemoteJWKSet, decodeJwt, exportJWK, jwtVerify, SignJWT } from 'jose'
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
  SECRET,
} from './flow.ts'

type Value = string | boolean | readonly string[]
let at: Running
let published: Record<string, Value>
const signers = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const ALL_CLAIMS = {
  name: 'Erna E',
  given_name: 'Erna',
  family_name: 'E',
  preferred_username: 'erna',
  picture: 'https://app.example/erna.png',
  locale: 'ko',
  zoneinfo: 'Asia/Seoul',
  updated_at: 1_700_000_000,
  email: 'erna@example.com',
  email_verified: true,
}

beforeAll(async () => {
  accounts.set('usr_erna', {
    scopes: ['posts:read', 'posts:write', 'notes:read'],
    roles: [],
    claims: ALL_CLAIMS,
  } as never)
  const jwks = {
    keys: await Promise.all(
      Object.entries(signers).map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg })),
    ),
  }
  at = await running({
    deviceCodes: true,
    registration: true,
    clientDocuments: true,
    backchannelLogout: true,
    fetch: async (url) =>
      Response.json({ client_id: String(url), redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }),
    clients: [
      { id: 'web', redirectUris: [CALLBACK] },
      { id: 'heard', redirectUris: [CALLBACK], backchannelLogoutUri: 'https://app.example/heard' },
      { id: 'service', secret: SECRET, scopes: ['posts:read'] },
      { id: 'keyed', jwks, grants: ['client_credentials'], scopes: ['posts:read'] },
      { id: 'tv', grants: ['device_code'] },
    ],
  })
  published = (await (await fetch(`${at.url}/.well-known/openid-configuration`)).json()) as Record<string, Value>
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const here = (name: string) => String(published[name]).replace(at.issuer, at.url)
const list = (name: string) => published[name] as readonly string[]
const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
const ask = (more: Record<string, string>) =>
  browser(at.url).go(authorizeUrl({ client_id: 'web', redirect_uri: CALLBACK, scope: 'openid', ...challenge, ...more }))
const errorIn = (location: string | null) =>
  new URL((location ?? 'about:blank').replace('#', '?')).searchParams.get('error')
const credentials = { grant_type: 'client_credentials' }
const erna = async (members: Record<string, string> = {}) =>
  redeem(at, await codeFor(at, members, { username: 'erna' }))

/** How each member is put to use. */
const USES: Record<string, () => Promise<void>> = {
  async issuer() {
    const { body } = await erna()
    expect([decodeJwt(body.access_token).iss, decodeJwt(body.id_token).iss]).toEqual([
      published.issuer,
      published.issuer,
    ])
  },
  async authorization_endpoint() {
    const target = authorizeUrl({ client_id: 'web', redirect_uri: CALLBACK, scope: 'openid', ...challenge })
    const query = target.slice(target.indexOf('?'))
    const response = await fetch(here('authorization_endpoint') + query, { redirect: 'manual' })
    expect(response.status).toBe(303)
  },
  async token_endpoint() {
    expect((await post(here('token_endpoint'), credentials, basic('service'))).status).toBe(200)
  },
  async jwks_uri() {
    const { body } = await erna()
    const keys = createRemoteJWKSet(new URL(here('jwks_uri')))
    for (const token of [body.access_token, body.id_token])
      expect((await jwtVerify(token, keys)).payload.sub).toBe('usr_erna')
  },
  async userinfo_endpoint() {
    const { body } = await erna()
    for (const method of ['GET', 'POST']) {
      const response = await fetch(here('userinfo_endpoint'), {
        method,
        headers: { authorization: `Bearer ${body.access_token}` },
      })
      expect(await response.json()).toEqual({ sub: 'usr_erna' })
    }
  },
  async introspection_endpoint() {
    const { body } = await post(here('token_endpoint'), credentials, basic('service'))
    expect(
      (await post(here('introspection_endpoint'), { token: body.access_token }, basic('service'))).body.active,
    ).toBe(true)
  },
  async revocation_endpoint() {
    const { body } = await post(here('token_endpoint'), credentials, basic('service'))
    await post(here('revocation_endpoint'), { token: body.access_token }, basic('service'))
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.revoked' })
  },
  async pushed_authorization_request_endpoint() {
    const members = { client_id: 'web', response_type: 'code', redirect_uri: CALLBACK, scope: 'openid', ...challenge }
    const { body } = await post(here('pushed_authorization_request_endpoint'), members)
    expect((await ask({ request_uri: body.request_uri })).location).toMatch(/^\/oauth\/interaction/)
  },
  async device_authorization_endpoint() {
    const { body } = await post(here('device_authorization_endpoint'), { client_id: 'tv', scope: 'openid' })
    expect(body.user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
  },
  async end_session_endpoint() {
    expect((await browser(at.url).go(here('end_session_endpoint'))).location).toBe('/oauth/logout/success')
  },
  async registration_endpoint() {
    const response = await fetch(here('registration_endpoint'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }),
    })
    expect(response.status).toBe(201)
  },
  async client_id_metadata_document_supported() {
    expect((await ask({ client_id: 'https://stranger.example/client.json' })).location).toMatch(/^\/oauth\/interaction/)
  },
  async scopes_supported() {
    for (const scope of list('scopes_supported')) {
      const resource = scope === 'notes:read' ? OTHER_API : API
      // Offline access needs consent each time (OpenID Connect Core section 11).
      const { body } = await erna({
        scope: `openid ${scope}`,
        resource,
        ...(scope === 'offline_access' && { prompt: 'consent' }),
      })
      expect(body.scope.split(' ')).toContain(scope)
    }
  },
  async claims_supported() {
    const { user, ...got } = await codeFor(
      at,
      { client_id: 'heard', scope: 'openid profile email', max_age: '3600' },
      { username: 'erna' },
    )
    const { body } = await redeem(at, { ...got })
    const told = { ...decodeJwt(body.id_token), ...decodeJwt(body.access_token) }
    for (const claim of list('claims_supported')) expect(told, claim).toHaveProperty(claim)
    const userinfo = await fetch(here('userinfo_endpoint'), {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    expect(await userinfo.json()).toEqual({ sub: 'usr_erna', ...ALL_CLAIMS })
    expect(user.jar.size).toBeGreaterThan(0)
  },
  async claims_parameter_supported() {
    expect(published.claims_parameter_supported).toBe(false)
    const { body } = await erna({ claims: JSON.stringify({ id_token: { email: { essential: true } } }) })
    expect(decodeJwt(body.id_token)).not.toHaveProperty('email')
  },
  async request_uri_parameter_supported() {
    expect(published.request_uri_parameter_supported).toBe(false)
    expect(errorIn((await ask({ request_uri: 'https://app.example/request' })).location)).toBe(
      'request_uri_not_supported',
    )
  },
  async code_challenge_methods_supported() {
    expect(list('code_challenge_methods_supported')).toEqual(['S256'])
    expect((await erna()).status).toBe(200)
    expect(errorIn((await ask({ code_challenge_method: 'plain' })).location)).toBe('invalid_request')
  },
  async grant_types_supported() {
    const first = await erna()
    const device = (await post(`${at.url}/oauth/device/auth`, { client_id: 'tv' })).body.device_code
    const members: Record<string, () => Promise<number | string>> = {
      authorization_code: async () => first.status,
      refresh_token: async () =>
        (
          await post(here('token_endpoint'), {
            grant_type: 'refresh_token',
            refresh_token: first.body.refresh_token,
            client_id: 'web',
          })
        ).status,
      client_credentials: async () => (await post(here('token_endpoint'), credentials, basic('service'))).status,
      'urn:ietf:params:oauth:grant-type:device_code': async () =>
        (
          await post(here('token_endpoint'), {
            grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
            device_code: device,
            client_id: 'tv',
          })
        ).body.error,
    }
    expect(list('grant_types_supported').toSorted()).toEqual(Object.keys(members).toSorted())
    for (const [grant, use] of Object.entries(members))
      expect([200, 'authorization_pending'], grant).toContain(await use())
  },
  async response_types_supported() {
    expect(list('response_types_supported')).toEqual(['code'])
    expect(errorIn((await ask({ response_type: 'token' })).location)).toBe('unsupported_response_type')
  },
  async response_modes_supported() {
    const marks: Record<string, RegExp> = {
      query: /callback\?code=/,
      fragment: /callback#code=/,
      form_post: /name="code"/,
    }
    expect(list('response_modes_supported').toSorted()).toEqual(Object.keys(marks).toSorted())
    for (const [mode, mark] of Object.entries(marks)) {
      const { answer } = await codeFor(at, { response_mode: mode }, { username: 'erna' })
      expect(answer.location ?? answer.text).toMatch(mark)
    }
  },
  async authorization_response_iss_parameter_supported() {
    const { back } = await codeFor(at, {}, { username: 'erna' })
    expect(back.searchParams.get('iss')).toBe(published.issuer)
    expect(new URL((await ask({ prompt: 'none' })).location as string).searchParams.get('iss')).toBe(published.issuer)
  },
  async subject_types_supported() {
    expect(list('subject_types_supported')).toEqual(['public'])
    expect(decodeJwt((await erna()).body.id_token).sub).toBe('usr_erna')
  },
  async id_token_signing_alg_values_supported() {
    const { body } = await erna()
    const { protectedHeader } = await jwtVerify(body.id_token, createRemoteJWKSet(new URL(here('jwks_uri'))))
    expect(list('id_token_signing_alg_values_supported')).toEqual([protectedHeader.alg])
  },
  async token_endpoint_auth_methods_supported() {
    const uses: Record<string, () => Promise<{ status: number }>> = {
      client_secret_basic: () => post(here('token_endpoint'), credentials, basic('service')),
      client_secret_post: () =>
        post(here('token_endpoint'), { ...credentials, client_id: 'service', client_secret: SECRET }),
      private_key_jwt: () => keyed('ES256'),
      none: () => erna(),
    }
    expect(list('token_endpoint_auth_methods_supported').toSorted()).toEqual(Object.keys(uses).toSorted())
    for (const [method, use] of Object.entries(uses)) expect((await use()).status, method).toBe(200)
  },
  async token_endpoint_auth_signing_alg_values_supported() {
    const algorithms = list('token_endpoint_auth_signing_alg_values_supported')
    expect(algorithms.toSorted()).toEqual(Object.keys(signers).toSorted())
    for (const alg of algorithms) expect((await keyed(alg as keyof typeof signers)).status, alg).toBe(200)
  },
  async dpop_signing_alg_values_supported() {
    for (const alg of list('dpop_signing_alg_values_supported') as (keyof typeof signers)[]) {
      const jwk = await exportJWK(signers[alg].publicKey)
      const proof = new SignJWT({ htm: 'POST', htu: String(published.token_endpoint), jti: randomUUID() }).setIssuedAt()
      const dpop = await proof.setProtectedHeader({ alg, typ: 'dpop+jwt', jwk }).sign(signers[alg].privateKey)
      expect(
        (await post(here('token_endpoint'), credentials, { ...basic('service'), dpop })).body.token_type,
        alg,
      ).toBe('DPoP')
    }
  },
  async ui_locales_supported() {
    const titles = new Set<string>()
    for (const locale of list('ui_locales_supported')) {
      const user = browser(at.url)
      const { location } = await user.go(
        authorizeUrl({ client_id: 'web', redirect_uri: CALLBACK, scope: 'openid', ...challenge }),
      )
      const page = await user.go(location as string, undefined, { 'accept-language': locale })
      expect(page.header('content-language')).toBe(locale)
      titles.add(/<title>([^<]*)</.exec(page.text)?.[1] as string)
    }
    expect(titles.size).toBe(list('ui_locales_supported').length)
    for (const locale of list('ui_locales_supported'))
      for (const isPushed of [false, true]) {
        // What the client asks for goes before what the browser says; what is not supported is passed over.
        const other = { 'accept-language': locale === 'ko' ? 'en' : 'ko' }
        const members = { client_id: 'web', redirect_uri: CALLBACK, scope: 'openid posts:read', ...challenge }
        const asked = { ...members, ui_locales: `de-AT ${locale} fr` }
        const form = { ...asked, response_type: 'code' }
        const pushed = isPushed ? await post(here('pushed_authorization_request_endpoint'), form) : undefined
        const target = pushed ? { client_id: 'web', request_uri: pushed.body.request_uri } : asked
        const user = browser(at.url)
        const { location } = await user.go(authorizeUrl(target))
        const shown = await user.go(location as string, undefined, other)
        const typed = { csrf: hiddenOf(shown.text), username: 'erna', password: 'wrong' }
        const again = await user.go(location as string, typed, other)
        const forged = await user.go(location as string, { ...typed, csrf: 'x' }, other)
        const next = await user.go(location as string, { ...typed, password: 'erna' }, other)
        const consent = await user.go((await user.go(next.location as string)).location as string, undefined, other)
        expect(consent.text).toContain('name="decision"')
        const refused = await user.go(
          authorizeUrl({ ...asked, redirect_uri: 'https://evil.example' }),
          undefined,
          other,
        )
        for (const page of [shown, again, forged, consent, refused])
          expect([page.header('content-language'), page.text.includes(`<html lang="${locale}">`)]).toEqual([
            locale,
            true,
          ])
      }
  },
  async backchannel_logout_supported() {
    const told: string[] = []
    const hearing = await running({
      backchannelLogout: true,
      clients: [{ id: 'heard', redirectUris: [CALLBACK], backchannelLogoutUri: 'https://app.example/heard' }],
      fetch: async (_url, init) => {
        told.push(String(init?.body))
        return new Response(null, { status: 200 })
      },
    })
    const got = await codeFor(hearing, { client_id: 'heard' })
    const { body } = await redeem(hearing, got)
    const page = await got.user.go('/oauth/logout')
    await got.user.go('/oauth/logout/confirm', { xsrf: hiddenOf(page.text, 'xsrf'), logout: 'yes' })
    const token = new URLSearchParams(told[0]).get('logout_token') as string
    expect(decodeJwt(token).sid).toBe(decodeJwt(body.id_token).sid)
    await hearing.stop()
  },
}
USES.backchannel_logout_session_supported = USES.backchannel_logout_supported as () => Promise<void>

async function keyed(alg: keyof typeof signers) {
  const now = Math.floor(Date.now() / 1000)
  const client_assertion = await new SignJWT({
    iss: 'keyed',
    sub: 'keyed',
    aud: String(published.issuer),
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
  })
    .setProtectedHeader({ alg, kid: alg })
    .sign(signers[alg].privateKey)
  return post(here('token_endpoint'), {
    ...credentials,
    client_assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  })
}

describe('the metadata', () => {
  test('publishes what is used below, and no more', () => {
    expect(Object.keys(published).toSorted()).toEqual(Object.keys(USES).toSorted())
  })
  for (const [name, use] of Object.entries(USES)) test(name, use)

  test('is for pages of every origin, and so is the question before the question', async () => {
    for (const path of ['openid-configuration', 'oauth-authorization-server']) {
      const url = `${at.url}/.well-known/${path}`
      const origin = 'https://inspector.example'
      const ask = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' }
      const before = await fetch(url, { method: 'OPTIONS', headers: { origin, ...ask } })
      const cors = ['origin', 'methods', 'headers'].map((name) => before.headers.get(`access-control-allow-${name}`))
      expect([before.status, ...cors]).toEqual([204, '*', 'GET', '*'])
      expect((await fetch(url, { headers: { origin } })).headers.get('access-control-allow-origin')).toBe('*')
      const posted = await fetch(url, { method: 'POST' })
      expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
  })

  test('what is switched off is not published', async () => {
    const off = await running({
      introspection: false,
      revocation: false,
      pushedRequests: false,
      dpop: false,
      logout: false,
    })
    const metadata = (await (await fetch(`${off.url}/.well-known/openid-configuration`)).json()) as object
    const gone = Object.keys(published).filter((name) => !(name in metadata))
    expect(gone.toSorted()).toEqual([
      'backchannel_logout_session_supported',
      'backchannel_logout_supported',
      'client_id_metadata_document_supported',
      'device_authorization_endpoint',
      'dpop_signing_alg_values_supported',
      'end_session_endpoint',
      'introspection_endpoint',
      'pushed_authorization_request_endpoint',
      'registration_endpoint',
      'revocation_endpoint',
    ])
    for (const path of ['introspect', 'revoke', 'par', 'device/auth', 'register'])
      expect((await post(`${off.url}/oauth/${path}`, { x: 'y' }, basic('service'))).status, path).toBe(404)
    for (const path of ['logout', 'device']) expect((await fetch(`${off.url}/oauth/${path}`)).status, path).toBe(404)
    await off.stop()
  })

  test('of an issuer with a path: where RFC 8414 section 3.1 and OpenID Connect Discovery section 4 look', async () => {
    const deep = await running({}, { issuer: 'https://example.com/login' })
    const [oauth, openid] = await Promise.all(
      ['/.well-known/oauth-authorization-server/login', '/login/.well-known/openid-configuration'].map(async (path) =>
        (await fetch(deep.url + path)).json(),
      ),
    )
    expect(oauth).toEqual(openid)
    expect(oauth).toMatchObject({
      issuer: 'https://example.com/login',
      token_endpoint: 'https://example.com/login/oauth/token',
      jwks_uri: 'https://example.com/.well-known/jwks.json',
    })
    expect((await post(`${deep.url}/login/oauth/token`, credentials, basic('service'))).status).toBe(200)
    expect((await post(`${deep.url}/oauth/token`, credentials, basic('service'))).status).toBe(404)
    const query = authorizeUrl({ client_id: 'web', redirect_uri: CALLBACK, scope: 'openid', ...challenge })
    const user = browser(deep.url)
    const { location } = await user.go(`/login${query}`)
    expect(location).toMatch(/^\/login\/oauth\/interaction\//)
    expect((await user.go(location as string)).text).toContain('name="password"')
    await deep.stop()
  })
})
