// The authorization server under clients that nobody here wrote. People sign in with Debian's Chromium.
import { execFileSync } from 'node:child_process'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { Browser } from 'playwright-core'
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noChromium, openChromium } from '../console/chromium.ts'
import { AUDIENCE, type AuthServer, SERVICE, startAuthServer, WEB } from './host.ts'
import { authorize, clientPage } from './person.ts'
import { noPython, python } from './python.ts'

if (noChromium) console.warn(`\n!!! nobody signs in here: ${noChromium}\n`)
if (noPython) console.warn(`\n!!! the clients of today's Python articles are LEFT OUT: ${noPython}\n`)

const insecure = { execute: [openid.allowInsecureRequests] }

describe.each(['express', 'fastify'])('on %s', (name) => {
  let server: AuthServer
  let browser: Browser
  let client: Awaited<ReturnType<typeof clientPage>>
  beforeAll(async () => {
    server = await startAuthServer(name)
    client = await clientPage()
    if (!noChromium) browser = await openChromium()
  })
  afterAll(async () => {
    client?.close()
    await browser?.close()
    await server?.stop()
  })
  /** What the API says of the bearer of a token. */
  const me = async (token: string, type = 'Bearer') => {
    const answer = await fetch(`${server.issuer}/me`, { headers: { authorization: `${type} ${token}` } })
    return { status: answer.status, ...((await answer.json()) as { subject?: string; scopes?: string[] }) }
  }
  const SERVICE_ITSELF = { status: 200, subject: SERVICE.id, scheme: 'bearer', scopes: ['posts:read', 'posts:write'] }

  describe('openid-client', () => {
    const discover = (id: string, how: openid.ClientAuth) =>
      openid.discovery(new URL(server.issuer), id, undefined, how, insecure)

    test.each([
      ['client_secret_basic', openid.ClientSecretBasic],
      ['client_secret_post', openid.ClientSecretPost],
    ])('client credentials, %s: a token that the API takes; introspected and revoked', async (_name, how) => {
      const config = await discover(SERVICE.id, how(SERVICE.secret))
      const { access_token: token, scope } = await openid.clientCredentialsGrant(config)
      expect(scope?.split(' ').sort()).toEqual(['posts:read', 'posts:write'])
      expect(await me(token)).toMatchObject(SERVICE_ITSELF)
      const told = await openid.tokenIntrospection(config, token)
      expect(told).toMatchObject({ active: true, client_id: SERVICE.id, aud: AUDIENCE })
      await openid.tokenRevocation(config, token)
      expect(await openid.tokenIntrospection(config, token)).toEqual({ active: false })
      expect((await me(token)).status).toBe(401)
    })

    test.skipIf(noChromium)('code with PKCE, state and nonce; user info; refresh; sign-out', async () => {
      const config = await discover(WEB, openid.None())
      const [verifier, state, nonce] = [
        openid.randomPKCECodeVerifier(),
        openid.randomState(),
        openid.randomNonce(),
      ] as const
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: client.back,
        scope: 'openid profile offline_access posts:read',
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        prompt: 'consent',
      })
      const tokens = await openid.authorizationCodeGrant(config, await authorize(browser, url), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      expect(tokens.claims()).toMatchObject({ iss: server.issuer, aud: WEB, sub: 'usr_admintak' })
      expect(await me(tokens.access_token)).toMatchObject({
        status: 200,
        subject: 'usr_admintak',
        scopes: ['openid', 'profile', 'offline_access', 'posts:read'],
      })
      const next = await openid.refreshTokenGrant(config, tokens.refresh_token as string)
      expect(next.refresh_token).not.toBe(tokens.refresh_token)
      expect((await me(next.access_token)).status).toBe(200)
      await expect(
        openid.refreshTokenGrant(config, tokens.refresh_token as string),
        'used before',
      ).rejects.toMatchObject({
        error: 'invalid_grant',
      })
      expect((await me(next.access_token)).status, 'what was made of a token that came back').toBe(401)
      const out = openid.buildEndSessionUrl(config, { id_token_hint: tokens.id_token as string })
      expect(out.href).toContain(`${server.issuer}/oauth/`)
    })

    test.skipIf(noChromium)('a pushed request (RFC 9126), and tokens bound to a key (RFC 9449)', async () => {
      const config = await discover(WEB, openid.None())
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
      const verifier = openid.randomPKCECodeVerifier()
      const url = await openid.buildAuthorizationUrlWithPAR(
        config,
        {
          redirect_uri: client.back,
          scope: 'openid posts:read',
          code_challenge: await openid.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        },
        { DPoP },
      )
      expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
      const pushed = new URL(url)
      pushed.searchParams.set('redirect_uri', client.back) // for the person, who watches for it: the server must not heed it
      const back = await authorize(browser, pushed)
      const tokens = await openid.authorizationCodeGrant(
        config,
        back,
        { pkceCodeVerifier: verifier, idTokenExpected: true },
        undefined,
        {
          DPoP,
        },
      )
      expect(tokens.token_type).toBe('dpop')
      expect((await me(tokens.access_token)).status, 'as a bearer token it may be stolen').toBe(401)
    })
  })

  test.skipIf(noChromium)('oauth4webapi: every step by hand', async () => {
    const issuer = new URL(server.issuer)
    const options = { [oauth.allowInsecureRequests]: true }
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
    const plain = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' }),
    )
    expect(plain).toEqual(as)
    const web = { client_id: WEB }
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const url = new URL(as.authorization_endpoint as string)
    const asked = {
      client_id: WEB,
      redirect_uri: client.back,
      response_type: 'code',
      scope: 'openid posts:read',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
    }
    for (const [key, value] of Object.entries(asked)) url.searchParams.set(key, value)
    const parameters = oauth.validateAuthResponse(as, web, await authorize(browser, url), state)
    const answer = await oauth.authorizationCodeGrantRequest(
      as,
      web,
      oauth.None(),
      parameters,
      client.back,
      verifier,
      options,
    )
    const { access_token: token } = await oauth.processAuthorizationCodeResponse(as, web, answer, {
      requireIdToken: true,
    })
    const request = new Request(`${server.issuer}/me`, { headers: { authorization: `Bearer ${token}` } })
    const claims = await oauth.validateJwtAccessToken(as, request, AUDIENCE, options)
    expect(claims).toMatchObject({ sub: 'usr_admintak', client_id: WEB, scope: 'openid posts:read' })
    expect((await me(token)).status).toBe(200)
  })

  test.skipIf(noChromium)('simple-oauth2: client credentials, and code', async () => {
    const auth = { tokenHost: server.issuer, tokenPath: '/oauth/token' }
    const service = new ClientCredentials({ client: SERVICE, auth })
    const { token } = await service.getToken({ scope: 'posts:read' })
    expect(await me(token.access_token as string)).toMatchObject({ status: 200, scopes: ['posts:read'] })
    // It knows confidential clients alone, and sends a secret that a public client has not: that must be refused.
    const web = new AuthorizationCode({
      client: { id: WEB, secret: 'a secret that it never had' },
      auth: { ...auth, authorizePath: '/oauth/authorize' },
    })
    const verifier = openid.randomPKCECodeVerifier()
    const url = web.authorizeURL({
      redirect_uri: client.back,
      scope: 'posts:read',
      state: 'a-state-of-its-own',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    } as never)
    const back = await authorize(browser, url)
    const code = back.searchParams.get('code') as string
    const given = { code, redirect_uri: client.back, code_verifier: verifier } as never
    await expect(web.getToken(given)).rejects.toMatchObject({ data: { payload: { error: 'invalid_client' } } })
  })

  test('curl', async () => {
    const curl = (...args: string[]) =>
      execFileSync('curl', ['-s', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const { access_token: token } = JSON.parse(
      curl(
        `${server.issuer}/oauth/token`,
        '-u',
        `${SERVICE.id}:${SERVICE.secret}`,
        '-d',
        'grant_type=client_credentials',
      ),
    )
    expect(JSON.parse(curl(`${server.issuer}/me`, '-H', `authorization: Bearer ${token}`)).subject).toBe(SERVICE.id)
    const legacy = curl('-i', `${server.issuer}/token`, '-d', 'username=test', '--data-urlencode', 'password=123£')
    expect(legacy).toMatch(/^HTTP\/1.1 200 /)
    expect(legacy).toMatch(/^deprecation: /im)
    expect(legacy).toMatch(/"token_type":"bearer"/)
  })

  describe.skipIf(noPython)('Python', () => {
    test.each(['basic', 'body'])('requests-oauthlib, BackendApplicationClient, secret in %s', async (how) => {
      const said = await python<{ me: object; created: number; token: object }>('client_credentials.py', [
        server.issuer,
        SERVICE.id,
        SERVICE.secret,
        how,
      ])
      expect(said).toMatchObject({
        me: { subject: SERVICE.id, scopes: ['posts:read', 'posts:write'] },
        created: 201,
        token: { token_type: 'Bearer' },
      })
    })

    test.skipIf(noChromium)('requests-oauthlib, WebApplicationClient with PKCE', async () => {
      const said = await python<object>('code_flow.py', [server.issuer, WEB, client.back], (url) =>
        authorize(browser, url),
      )
      expect(said).toMatchObject({ me: { subject: 'usr_admintak', scopes: ['openid', 'posts:read'] } })
    })

    test.skipIf(noChromium)('Authlib: both, its own way', async () => {
      const said = await python<object>(
        'authlib_flows.py',
        [server.issuer, SERVICE.id, SERVICE.secret, WEB, client.back],
        (url) => authorize(browser, url),
      )
      expect(said).toMatchObject({
        client_secret_basic: { subject: SERVICE.id },
        client_secret_post: { subject: SERVICE.id },
        code: { subject: 'usr_admintak' },
      })
    })
  })
})
