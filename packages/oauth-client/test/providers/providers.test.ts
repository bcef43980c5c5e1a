// Whole sign-ins at each vendor's own metadata, with its own ID tokens: what openid-client and the profile make of them.
import { createHash, randomBytes } from 'node:crypto'
import {
  auth0,
  entraId,
  google,
  keycloak,
  type OAuthClientOptions,
  oauthClient,
  okta,
  type Provider,
  storeSession,
} from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, browser, type Page } from '../browser.ts'
import { type App, HOSTS } from '../hosts.ts'
import { APP } from '../real-provider.ts'
import { fixture as auth0Fixture } from './auth0.ts'
import { fixture as entraIdFixture } from './entra-id.ts'
import { fixture as googleFixture } from './google.ts'
import { fixture as keycloakFixture } from './keycloak.ts'
import { fixture as oktaFixture } from './okta.ts'
import type { GoodSignIn, ProviderFixture } from './provider-fixture.ts'

const FIXTURES: Readonly<Record<string, ProviderFixture>> = {
  entraId: entraIdFixture,
  google: googleFixture,
  auth0: auth0Fixture,
  okta: oktaFixture,
  keycloak: keycloakFixture,
}
const SECRET = 'the client secret'
let key: CryptoKey
let otherKey: CryptoKey
let jwks: object
const apps: App[] = []
beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true })
  key = pair.privateKey
  otherKey = (await generateKeyPair('RS256')).privateKey
  jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', use: 'sig', alg: 'RS256' }] }
})
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

interface Vendor {
  readonly fetch: NonNullable<OAuthClientOptions['fetch']>
  /** What the vendor's page was asked for; its answer goes back with this code. */
  authorize(url: URL): URL
  claims: Readonly<Record<string, unknown>>
  signWith: CryptoKey
}

/** A vendor: its documents, and a token endpoint that checks what RFC 6749 and RFC 7636 tell it to. */
function vendorOf({ metadata }: ProviderFixture, good: GoodSignIn): Vendor {
  let asked: URLSearchParams | undefined
  const code = randomBytes(9).toString('hex')
  const documents = Object.entries(metadata)
  const answer = (value: unknown, status = 200) =>
    new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } })
  const vendor: Vendor = {
    claims: good.claims,
    signWith: key,
    authorize(url) {
      asked = url.searchParams
      const place = documents.find(([, one]) => one.authorization_endpoint === `${url.origin}${url.pathname}`)
      expect(place, `${url.origin}${url.pathname} is an authorization endpoint`).toBeDefined()
      const back = new URL(asked.get('redirect_uri') as string)
      back.search = `${new URLSearchParams({ code, state: asked.get('state') as string })}`
      if (place?.[1].authorization_response_iss_parameter_supported) back.searchParams.set('iss', `${place[1].issuer}`)
      return back
    },
    async fetch(url, init) {
      const found = documents.find(([at]) => url === `${at}/.well-known/openid-configuration`)
      if (found) return answer(found[1])
      if (documents.some(([, one]) => one.jwks_uri === url)) return answer(jwks)
      expect(
        documents.map(([, one]) => one.token_endpoint),
        'nothing else is asked for',
      ).toContain(url)
      const body = new URLSearchParams(`${init.body}`)
      const verifier = createHash('sha256')
        .update(`${body.get('code_verifier')}`)
        .digest('base64url')
      const isRight =
        init.method === 'POST' &&
        body.get('grant_type') === 'authorization_code' &&
        body.get('code') === code &&
        body.get('client_id') === good.clientId &&
        body.get('client_secret') === SECRET &&
        body.get('redirect_uri') === asked?.get('redirect_uri') &&
        verifier === asked?.get('code_challenge')
      if (!isRight) return answer({ error: 'invalid_grant' }, 400)
      const now = Math.floor(Date.now() / 1000)
      const idToken = await new SignJWT({
        iat: now,
        nbf: now,
        exp: now + 3600,
        nonce: asked?.get('nonce'),
        ...vendor.claims,
      })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'one' })
        .sign(vendor.signWith)
      return answer({ token_type: 'Bearer', expires_in: 3599, access_token: 'opaque-to-the-client', id_token: idToken })
    },
  }
  return vendor
}

async function appFor(
  vendor: Vendor,
  good: GoodSignIn,
  provider: Provider = good.provider(),
): Promise<{ readonly person: Browser; readonly app: App }> {
  const login = oauthClient({
    provider,
    clientId: good.clientId,
    clientSecret: SECRET,
    redirectUri: `${APP}/callback`,
    session: storeSession({ store: memoryStore(), secret: randomBytes(32) }),
    offline: true,
    fetch: vendor.fetch,
  })
  const app = await (HOSTS.node as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
  apps.push(app)
  return { app, person: browser({ [APP]: app.port }) }
}

async function signIn(vendor: Vendor, person: Browser): Promise<Page> {
  const { location } = await person.ask(`${APP}/login?returnTo=/me`)
  return person.ask(vendor.authorize(new URL(location as string)).href)
}

describe.each(Object.entries(FIXTURES))('%s', (_name, fixture) => {
  test('each fact has its page, and says whether that was looked at', () => {
    expect(fixture.pages.length).toBeGreaterThan(1)
    for (const { url, read, says } of fixture.pages) {
      expect(url).toMatch(/^https:/)
      expect(read).toMatch(/^(\d{4}-\d\d-\d\d|no)$/)
      expect(says.length).toBeGreaterThan(20)
    }
  })

  test.each(fixture.accepted)('$name', async (good) => {
    const vendor = vendorOf(fixture, good)
    const { person } = await appFor(vendor, good)
    const asked = new URL((await person.ask(`${APP}/login`)).location as string).searchParams
    for (const [name, value] of Object.entries(good.asked)) expect(asked.get(name), name).toBe(value)
    for (const name of good.notAsked ?? []) expect(asked.has(name), name).toBe(false)
    const page = await signIn(vendor, person)
    expect([page.status, page.headers.location], page.text).toEqual([303, '/me'])
    const me = JSON.parse((await person.ask(`${APP}/me`)).text)
    const { credential, ...principal } = good.principal
    expect(me).toMatchObject(principal)
    if (credential?.session !== undefined) expect(me.credential.session).toBe(credential.session)
    if (!('roles' in principal)) expect(me.roles).toBeUndefined()
    const out = await person.ask(`${APP}/logout`, { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
    const [place, query] = (out.headers.location as string).split('?')
    expect(place).toBe(good.logout)
    const has = new URLSearchParams(query)
    for (const [name, value] of Object.entries(good.logoutHas ?? {}))
      value instanceof RegExp
        ? expect(has.get(name), name).toMatch(value)
        : expect(has.get(name) ?? undefined, name).toBe(value)
  })

  test.each(fixture.refused)('refuses: $name', async ({ of, claims, provider, says }) => {
    const good = fixture.accepted.find(({ name }) => name === of) as GoodSignIn
    const vendor = vendorOf(fixture, good)
    const { person } = await appFor(vendor, good, provider?.())
    vendor.claims = { ...good.claims, ...claims }
    const page = await signIn(vendor, person)
    expect(`${page.status} ${JSON.parse(page.text).code}`).toBe(says)
    expect((await person.ask(`${APP}/me`)).status).toBe(401)
    // The control: the same with its own claims is let in.
    if (!provider) {
      vendor.claims = good.claims
      expect((await signIn(vendor, person)).status).toBe(303)
    }
  })

  test('refuses an ID token with another nonce, one without, one of another key, one that ran out', async () => {
    const good = fixture.accepted[0] as GoodSignIn
    const now = Math.floor(Date.now() / 1000)
    const spoiled: readonly ((vendor: Vendor) => void)[] = [
      (vendor) => void (vendor.claims = { ...good.claims, nonce: 'of another sign-in' }),
      (vendor) => void (vendor.claims = { ...good.claims, nonce: undefined }),
      (vendor) => void (vendor.signWith = otherKey),
      (vendor) => void (vendor.claims = { ...good.claims, iat: now - 7200, exp: now - 3600 }),
      (vendor) => void (vendor.claims = { ...good.claims, sub: undefined }),
    ]
    for (const spoil of spoiled) {
      const vendor = vendorOf(fixture, good)
      const { person } = await appFor(vendor, good)
      spoil(vendor)
      const page = await signIn(vendor, person)
      expect(`${page.status} ${JSON.parse(page.text).code}`, `${spoil}`).toBe('400 invalid_request')
      expect((await person.ask(`${APP}/me`)).status).toBe(401)
    }
  })
})

test('options of profiles that cannot work are errors at once', () => {
  const tenant = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'
  for (const make of [
    () => entraId({ tenant: 'common' }),
    () => entraId({ tenant: 'organizations' }),
    () => entraId({ tenant: 'acme.onmicrosoft.com' }),
    () => entraId({ tenants: [] }),
    () => entraId({ tenants: [tenant, 'common'] }),
    () => entraId({} as never),
    () => entraId({ tenant, tenants: [tenant] } as never),
    () => entraId({ tennant: tenant } as never),
    () => google({ hostedDomain: '' }),
    () => google({ hostedDomain: [] }),
    () => google({ hd: 'acme.com' } as never),
    () => auth0({ domain: 'https://acme.eu.auth0.com' }),
    () => auth0({ domain: 'acme.eu.auth0.com/' }),
    () => auth0({ domain: 'acme.eu.auth0.com', audience: '' }),
    () => auth0({ domain: 'acme.eu.auth0.com', roles: '' }),
    () => okta({ domain: 'acme-admin.okta.com' }),
    () => okta({ domain: 'acme.okta.com/oauth2/default' }),
    () => okta({ domain: 'acme.okta.com', authorizationServer: 'a/b' }),
    () => keycloak({ url: 'https://sso.acme.com/realms/acme', realm: 'acme' }),
    () => keycloak({ url: 'http://sso.acme.com', realm: 'acme' }),
    () => keycloak({ url: 'https://sso.acme.com', realm: 'a/b' }),
    () => keycloak({ url: 'https://sso.acme.com', realm: 'acme', rolesOf: '' }),
  ])
    expect(make, `${make}`).toThrow(TypeError)
})
