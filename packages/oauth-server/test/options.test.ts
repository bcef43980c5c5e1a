import { type OAuthClient, type OAuthServerOptions, oauthServer } from '@countersign/oauth-server'
import { memoryStore } from '@countersign/store'
import { localIssuer } from '@countersign/tokens'
import { describe, expect, test } from 'vitest'
import { API, authorizeUrl, basic, browser, CALLBACK, pkce, post, running, SECRET, users } from './flow.ts'

const store = memoryStore()
const own = localIssuer({ issuer: 'https://login.example', audience: API, store })
const right: OAuthServerOptions = {
  issuer: own,
  store,
  users,
  account: () => ({ scopes: [] }),
  resources: { [API]: { scopes: ['posts:read'] } },
  clients: [],
}
const make = (more: object) => () => oauthServer({ ...right, ...more })
const hs = localIssuer({ issuer: 'https://login.example', audience: API, store: memoryStore(), algorithm: 'HS256' })
const named = localIssuer({ issuer: 'my-issuer', audience: API, store })
const plain = localIssuer({ issuer: 'http://login.example', audience: API, store })

describe('options are checked when the server is made', () => {
  test.each([
    ['a misspelled one', { client: [] }, /no option "client"/],
    ['no issuer', { issuer: undefined }, /localIssuer/],
    ['an issuer of another kind', { issuer: { verify() {} } }, /localIssuer/],
    ['a shared secret', { issuer: hs }, /HS256/],
    ['an issuer that is no URL', { issuer: named }, /https URL/],
    ['http', { issuer: plain }, /https URL/],
    ['no store', { store: {} }, /store must be/],
    ['no users', { users: {} }, /users must be/],
    ['no account', { account: {} }, /account must be/],
    ['no resources', { resources: {} }, /resources must be/],
    ['a resource that is no URI', { resources: { api: { scopes: [] } } }, /absolute URI/],
    ['a resource with a fragment', { resources: { 'https://a.example/#x': { scopes: [] } } }, /fragment/],
    ['a scope with a space', { resources: { [API]: { scopes: ['a b'] } } }, /scopes must be/],
    ['a scope of OpenID Connect', { resources: { [API]: { scopes: ['openid'] } } }, /without openid/],
    ['clients of another kind', { clients: {} }, /clients must be/],
    ['a switch that is none', { dpop: 'yes' }, /dpop must be true or false/],
    ['a misspelled lifetime', { lifetimes: { codes: 1 } }, /no option "codes"/],
    ['a lifetime in parts of a second', { lifetimes: { refresh: 0.5 } }, /lifetimes.refresh/],
    ['a code for an hour', { lifetimes: { code: 3600 } }, /at most 600/],
  ])('%s', (_, more, message) => expect(make(more)).toThrow(message))

  test('nothing at all', () => {
    expect(() => oauthServer(undefined as never)).toThrow(TypeError)
    expect(make({})).not.toThrow()
  })
})

describe('clients are checked when the server is made', () => {
  const web = { id: 'web', redirectUris: [CALLBACK] }
  test.each<[string, object, RegExp]>([
    ['a misspelled member', { ...web, redirectUri: 'x' }, /no option "redirectUri"/],
    ['one redirect as text', { id: 'web', redirectUris: CALLBACK }, /`redirectUris` must be a list/],
    [
      'a back channel that is switched off',
      { ...web, backchannelLogoutUri: 'https://app.example/out' },
      /needs the option backchannelLogout: true/,
    ],
    ['device codes that are switched off', { id: 'tv', grants: ['device_code'] }, /needs the option deviceCodes: true/],
    ['no id', { redirectUris: [CALLBACK] }, /needs an id/],
    ['a redirect without https', { ...web, redirectUris: ['http://app.example/x'] }, /redirect URI/],
    ['a redirect with a fragment', { ...web, redirectUris: [`${CALLBACK}#x`] }, /redirect URI/],
    ['a redirect with a password', { ...web, redirectUris: ['https://a:b@app.example/'] }, /redirect URI/],
    ['script', { ...web, redirectUris: ['javascript:alert(1)'] }, /redirect URI/],
    ["a scheme that is anyone's", { ...web, redirectUris: ['myapp:/callback'] }, /redirect URI/],
    ['a grant that is not there', { ...web, grants: ['password'] }, /no grant "password"/],
    ['a code without a redirect', { id: 'x', grants: ['authorization_code'] }, /go together/],
    ['client_credentials without a secret', { id: 'x', scopes: [] }, /needs a `secret`/],
    ['client_credentials without scopes', { id: 'x', secret: SECRET }, /`scopes` must say/],
    ['a scope that no resource has', { ...web, scopes: ['admin'] }, /no resource has/],
    ['a short secret', { ...web, secret: 'short' }, /16 characters/],
    ['a hash that is none', { ...web, secretHash: SECRET }, /hashClientSecret/],
    ['two secrets', { ...web, secret: SECRET, jwks: { keys: [] } }, /is enough/],
    ['a resource that is not there', { ...web, resource: 'https://other.example' }, /not one of `resources`/],
    [
      'nobody asked of a client that anyone can imitate',
      { ...web, redirectUris: ['http://127.0.0.1/x'], consent: false },
      /imitated/,
    ],
    ['a page that is no URL', { ...web, policyUri: 'nothing' }, /client "web"/],
  ])('%s', (_, client, message) => expect(make({ clients: [client] })).toThrow(message))

  test('an id twice', () => expect(make({ clients: [web, web] })).toThrow(/stands once/))
  test('no secret in what is said', () => {
    const wrong = make({ clients: [{ ...web, secret: SECRET, jwks: { keys: [] } }] })
    expect(wrong).not.toThrow(SECRET)
  })
  test("a scheme of the application's own", () =>
    expect(make({ clients: [{ id: 'app', redirectUris: ['com.example.app:/callback'] }] })).not.toThrow())
})

describe('clients that are looked up', () => {
  test('each time: one that is gone gets nothing more', async () => {
    const known = new Map<string, OAuthClient>([['late', { id: 'late', secret: SECRET, scopes: ['posts:read'] }]])
    const at = await running({ clients: async (id) => known.get(id) })
    const ask = () => post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, basic('late'))
    expect((await ask()).status).toBe(200)
    known.set('late', { id: 'late', secret: 'another-secret-altogether', scopes: ['posts:read'] })
    expect((await ask()).status).toBe(401)
    known.delete('late')
    expect((await ask()).body.error).toBe('invalid_client')
    expect(at.faults).toEqual([])
    await at.stop()
  })

  test('one of another id is a bug, and opens nothing', async () => {
    const at = await running({ clients: () => ({ id: 'other', redirectUris: [CALLBACK] }) })
    const query = {
      client_id: 'web',
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    }
    expect((await browser(at.url).go(authorizeUrl(query))).status).toBe(500)
    await at.stop()
  })
})
