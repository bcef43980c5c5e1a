// Each vendor's tokens as it documents them, signed by a key made here and served by a loopback server under the vendor's URLs.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isAuthError } from '@countersign/http'
import type { Fetch, RemoteVerifier, TokenPrincipal } from '@countersign/tokens'
import type { EntraIdOptions } from '@countersign/tokens/profiles'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { NOW, type Signer, signer } from '../mint.ts'
import { fixture as auth0 } from './auth0.ts'
import { fixture as cognito } from './cognito.ts'
import { fixture as entraId } from './entra-id.ts'
import { fixture as google } from './google.ts'
import { fixture as keycloak } from './keycloak.ts'
import { fixture as okta } from './okta.ts'
import type { GoodToken, ProfileFixture } from './profile-fixture.ts'

const FIXTURES: Readonly<Record<string, ProfileFixture>> = { auth0, cognito, entraId, google, keycloak, okta }
const SIGNERS: Readonly<Record<string, Signer>> = {
  main: signer('RS256', 'main'),
  personal: signer('RS256', 'personal'),
  plain: signer('RS256', 'plain'),
}
/** Not published by anybody. */
const STRANGER = signer('RS256', 'main')

let fixture: ProfileFixture
let asked: string[] = []
const server = createServer((request, response) => {
  const url = decodeURIComponent((request.url as string).slice(1))
  asked.push(url)
  const document = fixture.documents[url]
  const keys = Object.entries(fixture.keys ?? { main: {} }).map(([name, members]) => ({
    ...SIGNERS[name]?.publicJwk,
    use: 'sig',
    ...members,
  }))
  if (!document) return response.writeHead(404).end()
  response.end(JSON.stringify(document === 'jwks' ? { keys } : document))
})
let origin: string
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Over a socket, to the loopback, whatever host the URL names. */
const toLoopback: Fetch = (url, init) => fetch(`${origin}/${encodeURIComponent(url)}`, init)

/** The documented token, its dates moved to the test's clock. */
function mint({ header, claims }: GoodToken, more: object = {}, by: Signer = SIGNERS.main as Signer): string {
  const { iat, exp, nbf, auth_time } = claims as Record<string, number>
  const move = NOW / 1000 - (iat as number)
  const dates = { iat, exp, nbf, auth_time }
  const moved = Object.entries(dates).map(([name, value]) => [name, value === undefined ? undefined : value + move])
  return by.mint({
    header: { ...header, kid: by.jwk.kid },
    claims: { ...claims, ...Object.fromEntries(moved), ...more },
  })
}

async function outcome(verifier: RemoteVerifier, token: string): Promise<string> {
  const result = await verifier.verify(token)
  return isAuthError(result) ? result.reason : result ? 'accepted' : 'not mine'
}

describe.each(Object.entries(FIXTURES))('%s', (name, here) => {
  const make = (options: object = {}) => {
    fixture = here
    asked = []
    return here.make({ ...here.options, fetch: toLoopback, clock: () => NOW, ...options })
  }
  const named = (name: string) => here.accepted.find((token) => token.name === name) as GoodToken

  test.each(here.accepted.map((token) => [token.name, token] as const))('accepts: %s', async (_what, token) => {
    const verifier = make(token.options)
    await verifier.ready()
    const result = await verifier.verify(mint(token))
    expect(result).toMatchObject(token.principal)
    expect((result as TokenPrincipal).roles).toEqual(token.principal.roles)
    for (const value of [result, (result as { credential?: object }).credential, (result as { claims: object }).claims])
      expect(Object.isFrozen(value)).toBe(true)
    // Remembered: the same again, at once.
    expect(verifier.verify(mint(token))).toMatchObject(token.principal)
    expect(new Set(asked).size).toBe(asked.length)
    expect(asked.every((url) => url in here.documents)).toBe(true)
  })

  test.each(here.refused.map((bad) => [bad.breaks, bad.name, bad] as const))(
    '%s: refuses %s',
    async (_of, _what, bad) => {
      const good = named(bad.of)
      const verifier = make({ ...good.options, ...bad.options })
      const by = SIGNERS[bad.key ?? 'main'] as Signer
      expect(await outcome(verifier, mint(good, bad.claims, by))).toBe(bad.reason)
      // The control: without the defect it is good.
      expect(await outcome(make(good.options), mint(good))).toBe('accepted')
    },
  )

  test('every invariant has a refused token, every refused token an invariant, and every token a page', () => {
    expect([...new Set(here.refused.map(({ breaks }) => breaks))].sort()).toEqual(Object.keys(here.invariants).sort())
    expect(here.accepted.length).toBeGreaterThanOrEqual(2)
    for (const { from } of here.accepted) expect(here.pages[from]?.url).toMatch(/^https:/)
    for (const { read } of here.pages) expect(read).toMatch(/^\d{4}-\d\d-\d\d$/)
  })

  test('a stranger’s key under a known kid, and an expired token, are refused', async () => {
    const [good] = here.accepted as [GoodToken]
    const verifier = make(good.options)
    expect(await outcome(verifier, mint(good, {}, STRANGER))).toBe('token.signature')
    expect(await outcome(verifier, mint(good, { exp: NOW / 1000 - 31 }))).toBe('token.expired')
  })

  test('what the vendor does not call a role or a scope is none', async () => {
    const [good] = here.accepted as [GoodToken]
    const verifier = make(good.options)
    const foreign = { entraId: { scope: 'forged' }, okta: { scope: 'forged', roles: ['forged'] } }[name] ?? {
      roles: ['admin'],
    }
    const principal = (await verifier.verify(mint(good, foreign))) as TokenPrincipal
    expect(principal.subject).toBe(good.principal.subject)
    expect(principal.roles ?? []).not.toContain('forged')
    expect(principal.scopes).not.toContain('forged')
  })

  test('an unknown option, and no options, are a TypeError', () => {
    expect(() => make({ audiance: 'x' })).toThrow(/has no option "audiance"/)
    expect(() => here.make(undefined as never)).toThrow(TypeError)
    expect(() => make({ clients: 'web' })).toThrow(/clients must be a list: \['web'\]/)
  })
})

describe('entraId', () => {
  const make = (options: object) => {
    fixture = entraId
    asked = []
    return entraId.make({ ...entraId.options, fetch: toLoopback, clock: () => NOW, ...options })
  }
  const [user, v1, application] = entraId.accepted as [GoodToken, GoodToken, GoodToken]

  test('tenants may be a function: asked once for a tenant, never for what is no tenant', async () => {
    const tenants: string[] = []
    const verifier = make({ tenants: async (tenant: string) => tenants.push(tenant) > 0 && tenant === user.claims.tid })
    for (const jti of ['a', 'b', 'c']) expect(await outcome(verifier, mint(user, { jti }))).toBe('accepted')
    expect(await outcome(verifier, mint(v1))).toBe('not mine')
    expect(await outcome(verifier, mint(user, { iss: 'https://evil.test/72f988bf-86f1-41af-91ab-2d7cd011db47' }))).toBe(
      'not mine',
    )
    expect(tenants).toEqual([user.claims.tid, v1.claims.tid])
    expect(asked).toEqual(['https://login.microsoftonline.com/common/discovery/v2.0/keys'])
  })

  test('one fetch of keys serves every tenant', async () => {
    const tenants = Array.from({ length: 20 }, (_, at) => `00000000-0000-4000-8000-0000000000${at + 10}`)
    const verifier = make({ tenants })
    for (const tid of tenants)
      expect(await outcome(verifier, mint(user, { tid, iss: `https://login.microsoftonline.com/${tid}/v2.0` }))).toBe(
        'accepted',
      )
    expect(asked.length).toBe(1)
  })

  test('a key without issuer is for every tenant; that of personal accounts for theirs alone', async () => {
    const tid = '9188040d-6c67-4c5b-b112-36a304b66dad'
    const verifier = make({ tenants: [tid, user.claims.tid] })
    const personal = { tid, iss: `https://login.microsoftonline.com/${tid}/v2.0` }
    expect(await outcome(verifier, mint(user, {}, SIGNERS.plain as Signer))).toBe('accepted')
    expect(await outcome(verifier, mint(user, personal, SIGNERS.personal as Signer))).toBe('accepted')
    expect(await outcome(verifier, mint(user, {}, SIGNERS.personal as Signer))).toBe('token.key')
  })

  test.each([
    ['is gone', {}],
    ['is now for personal accounts alone', { main: { ...entraId.keys?.personal } }],
  ])('a remembered token is refused once its key %s', async (_what, keys) => {
    let later = 0
    const real = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => real() + later)
    const verifier = make({})
    const token = mint(user)
    expect(await outcome(verifier, token)).toBe('accepted')
    fixture = { ...entraId, keys: { plain: {}, ...(keys as ProfileFixture['keys']) } }
    expect(await outcome(verifier, token)).toBe('accepted')
    later = 601_000
    expect(await outcome(verifier, token)).toBe('token.key')
    vi.restoreAllMocks()
  })

  test('dangerouslyAllowUnassigned takes an application without a role', async () => {
    const options = { ...application.options, dangerouslyAllowUnassigned: true }
    expect(await outcome(make(options), mint(application, { roles: undefined }))).toBe('accepted')
  })

  test('tenant and tenants together are no options', () => {
    const options = { tenant: 'a', tenants: ['b'], audience: 'c' }
    expectTypeOf(options).not.toExtend<EntraIdOptions>()
    expectTypeOf({ tenants: async (_: string) => true, audience: ['c'] }).toExtend<EntraIdOptions>()
  })

  test.each([
    [{ tenants: ['common'] }, /a GUID: common/],
    [{ tenants: undefined, tenant: 'contoso.onmicrosoft.com' }, /a GUID/],
    [{ tenant: user.claims.tid }, /one of the two/],
    [{ tenants: undefined }, /one of the two/],
    [{ audience: undefined }, /audience must be/],
    [{ algorithms: ['HS256'] }, /asymmetric/],
  ])('%j is refused when it is made', (options, message) => expect(() => make(options)).toThrow(message))
})

test.each([
  [auth0, { domain: 'https://acme.eu.auth0.com/' }, /domain alone/],
  [okta, { issuer: 'https://acme.okta.com' }, /tokens of the org server are for Okta itself/],
  [keycloak, { issuer: 'https://sso.acme.com' }, /ends with \/realms\//],
  [keycloak, { issuer: 'https://10.0.0.5/realms/demo' }, /allowPrivate: true/],
  [cognito, { userPool: 'example' }, /id of a user pool/],
  [cognito, { clients: undefined }, /stand in for an audience/],
  [google, { audience: [] }, /audience must be/],
  [google, { hostedDomain: '' }, /Workspace domain/],
] as const satisfies readonly [ProfileFixture, object, RegExp][])(
  '%# a wrong setting is a TypeError',
  (here, options, message) => expect(() => here.make({ ...here.options, ...(options as object) })).toThrow(message),
)
