import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import {
  cookieSession,
  google,
  keycloak,
  type OAuthClientOptions,
  oauthClient,
  storeSession,
} from '@countersign/oauth-client'
import { policy } from '@countersign/policy'
import { memoryStore } from '@countersign/store'
import { expect, test } from 'vitest'
import { browser } from './browser.ts'
import { HOSTS } from './hosts.ts'
import { APP, CLIENT, realProvider } from './real-provider.ts'

const secret = randomBytes(32)
const make = (more: object = {}) =>
  oauthClient({
    provider: { issuer: 'https://idp.test' },
    clientId: 'app',
    clientSecret: 'canary-of-the-secret',
    redirectUri: 'https://app.test/callback',
    session: cookieSession({ secret }),
    ...more,
  } as OAuthClientOptions)

test('options that cannot work are errors at once, and say what to write', () => {
  expect(make).not.toThrow()
  const wrong: readonly (readonly [object, string])[] = [
    [{ provider: undefined }, 'provider must be'],
    [{ provider: 'https://idp.test' }, 'provider must be'],
    [{ provider: { issuer: 'http://idp.test' } }, 'issuer must be https, and is http'],
    [{ provider: { issuer: 'https://idp.test/?a' } }, 'issuer must be'],
    [{ provider: { issuer: 'https://idp.test/.well-known/openid-configuration' } }, 'the part before /.well-known/'],
    [{ provider: { issuer: 'https://idp.test', check: true } }, 'check of the provider must be a function'],
    [{ provider: { issuer: 'https://idp.test', scopes: [] } }, 'has no option "scopes"'],
    [{ clientId: '' }, 'clientId'],
    [{ clientSecret: 7 }, 'clientSecret'],
    [{ clientSecret: '' }, 'clientSecret'],
    [{ clientSecret: undefined }, 'clientSecret is undefined: is its environment variable not set?'],
    [{ clientSecret: 'a', clientKey: {} }, 'give one of the two'],
    [{ authentication: 'none' }, 'authentication'],
    [{ redirectUri: 'http://app.test/callback' }, 'redirectUri'],
    [{ redirectUri: 'https://app.test' }, 'redirectUri'],
    [{ redirectUri: 'https://app.test/callback?a=b' }, 'redirectUri'],
    [{ redirectUri: 'https://APP.test/callback' }, 'redirectUri'],
    [{ redirectUri: '/callback' }, 'redirectUri'],
    [{ session: { secret } }, 'session must be'],
    [{ scopes: 'openid' }, 'scopes'],
    [{ scopes: ['email'] }, "a list with 'openid'"],
    [{ scopes: ['openid email'] }, 'scopes'],
    [{ offline: 1 }, 'offline'],
    [{ parameters: { state: 'x' } }, 'parameters must not have state'],
    [{ parameters: { redirect_uri: 'x' } }, 'parameters must not have redirect_uri'],
    [{ parameters: { prompt: 1 } }, 'names with texts'],
    [{ maxAge: -1 }, 'maxAge'],
    [{ paths: { login: 'login' } }, 'paths.login'],
    [{ paths: { logout: '//evil' } }, 'paths.logout'],
    [{ paths: { login: '/a', logout: '/a' } }, 'different from each other'],
    [{ paths: { login: '/callback' } }, 'different from each other'],
    [{ paths: { logon: '/a' } }, 'did you mean "login"'],
    [{ afterLogin: 'https://evil.test' }, 'afterLogin'],
    [{ afterLogout: '//evil.test' }, 'afterLogout'],
    [{ afterFailure: '/\\evil.test' }, 'afterFailure'],
    [{ origins: ['https://app.test/'] }, "without path or slash at the end: 'https://app.test'"],
    [{ origins: ['http://app.test'] }, 'origins must be https, and http://app.test is http'],
    [{ origins: [7] }, 'origins must be a list of origins'],
    [{ origins: ['https://a:canary@app.test'] }, 'origins must be'],
    [{ origins: 'https://app.test' }, 'origins'],
    [{ principal: {} }, 'principal'],
    [{ realm: 'ä' }, 'realm'],
    [{ fetch: 1 }, 'fetch'],
    [{ clock: 1 }, 'clock'],
    [{ redirectUrl: 'https://app.test/callback' }, 'did you mean "redirectUri"'],
  ]
  for (const [more, says] of wrong) {
    expect(() => make(more), JSON.stringify(more)).toThrow(TypeError)
    expect(() => make(more), JSON.stringify(more)).toThrow(says)
    expect(() => make(more), JSON.stringify(more)).not.toThrow('canary')
  }
  expect(() => make({ redirectUri: 'http://localhost:3000/callback', provider: google() })).not.toThrow()
  const { clientSecret: _, ...publicClient } = { clientSecret: '', provider: google() }
  expect(() =>
    oauthClient({
      ...publicClient,
      clientId: 'a',
      redirectUri: 'https://app.test/callback',
      session: cookieSession({ secret }),
    }),
  ).not.toThrow()
  expect(() => keycloak({ url: 'http://sso.test', realm: 'a' })).toThrow('keycloak: url must be https')
})

test('a refresh token needs a session that keeps it', () => {
  expect(() => make({ offline: true })).toThrow(
    'oauthClient: offline: true needs a session that keeps tokens: storeSession(), or cookieSession({ tokens: true })',
  )
  expect(() => make({ offline: true, session: cookieSession({ secret, tokens: true }) })).not.toThrow()
  expect(() => make({ offline: true, session: storeSession({ store: memoryStore(), secret }) })).not.toThrow()
})

test('sessions: a secret of 32 bytes, times that make sense, a store that is one', () => {
  const store = memoryStore()
  for (const wrong of [
    undefined,
    '',
    'short',
    Buffer.alloc(31),
    [],
    [secret, 'x'],
    `${secret.toString('base64url')}=`,
    7,
  ])
    expect(() => cookieSession({ secret: wrong as never }), inspect(wrong)).toThrow(
      'secret must be at least 32 random bytes',
    )
  expect(() => storeSession({ store, secret: 'x' })).toThrow('storeSession: secret')
  expect(() => storeSession({ store: {} as never, secret })).toThrow('store must be a store')
  for (const [times, says] of [
    [{ lifetime: 59 }, 'lifetime'],
    [{ lifetime: 1e9 }, 'lifetime'],
    [{ idle: 0.5 }, 'idle'],
    [{ lifetime: 3600, idle: 3601 }, 'idle must not be more than lifetime'],
    [{ ttl: 1 }, 'has no option "ttl"'],
  ] as const) {
    expect(() => cookieSession({ secret, ...times })).toThrow(says)
    expect(() => storeSession({ store, secret, ...times })).toThrow(says)
  }
  expect(() => cookieSession({ secret, tokens: 'yes' as never })).toThrow('tokens must be true or false')
  expect(() => cookieSession({ secret: [secret.toString('base64url'), Buffer.alloc(64)] })).not.toThrow()
})

async function running(more: Partial<OAuthClientOptions>) {
  const idp = await realProvider()
  const login = oauthClient({
    provider: { issuer: idp.issuer },
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    redirectUri: `${APP}/callback`,
    session: cookieSession({ secret }),
    ...more,
  })
  const app = await (HOSTS.express as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
  return { idp, login, app, ada: browser({ [APP]: app.port }), close: () => Promise.all([app.close(), idp.close()]) }
}

test('a cookie that browsers would drop is an error that says what to do', async () => {
  const { idp, ada, close } = await running({
    session: cookieSession({ secret, tokens: true }),
    scopes: ['openid', 'profile', 'email'],
  })
  idp.name = 'x'.repeat(2500)
  const page = await ada.open(`${APP}/login`)
  expect(page.status).toBe(500)
  expect(ada.cookie(APP, '__Host-session')).toBeUndefined()
  await close()
  const kind = cookieSession({ secret, tokens: true }).open({ client: 'a', now: () => 0 })
  const idToken = `a.${Buffer.from(JSON.stringify({ x: 'y'.repeat(3000) })).toString('base64url')}.c`
  expect(() => kind.begin({ id: 'i', at: 0, used: 0, idToken })).toThrow(
    /browsers drop cookies of over 4096: leave the tokens out, or use storeSession\(\)/,
  )
})

test('a session that keeps no tokens says so', async () => {
  const { ada, close } = await running({})
  await ada.open(`${APP}/login`)
  expect((await ada.ask(`${APP}/me`)).status).toBe(200)
  expect((await ada.ask(`${APP}/tokens`)).status).toBe(500)
  await close()
})

test('a new secret in front of the old one: sessions and sign-ins go on; without the old one they end', async () => {
  const [before, after] = [randomBytes(32), randomBytes(32)]
  const { idp, ada, close } = await running({ session: cookieSession({ secret: before }) })
  await ada.open(`${APP}/login`)
  const { location } = await ada.open(`${APP}/login`, (url) => url.startsWith(`${APP}/callback`))
  const other = async (secret: Uint8Array | readonly Uint8Array[]) => {
    const login = oauthClient({
      provider: { issuer: idp.issuer },
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      redirectUri: `${APP}/callback`,
      session: cookieSession({ secret }),
    })
    const app = await (HOSTS.node as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
    return { app, ada: browser({ [APP]: app.port }, ada.copy().jar) }
  }
  const alone = await other(after)
  expect((await alone.ada.ask(`${APP}/me`)).status).toBe(401)
  expect((await alone.ada.ask(location as string)).status).toBe(400)
  const both = await other([after, before])
  expect((await both.ada.ask(`${APP}/me`)).status).toBe(200)
  expect((await both.ada.ask(location as string)).status).toBe(303)
  await alone.app.close()
  await both.app.close()
  await close()
})

test('a store that is read opens nothing: neither a session nor a token stands in it', async () => {
  const store = memoryStore()
  const { ada, close } = await running({ session: storeSession({ store, secret }), offline: true })
  await ada.open(`${APP}/login`)
  const { accessToken } = JSON.parse((await ada.ask(`${APP}/tokens`)).text)
  const rows = store.scan('')
  const text = JSON.stringify(rows)
  expect(rows.length).toBeGreaterThan(1)
  expect(text).not.toContain(ada.cookie(APP, '__Host-session'))
  expect(text).not.toContain(accessToken.slice(0, 40))
  expect(text).not.toMatch(/eyJ|"ada"/)
  for (const [key] of rows) {
    const page = await ada.copy().ask(`${APP}/me`, { headers: { cookie: `__Host-session=${key.slice(-43)}` } })
    expect(page.status, key).toBe(401)
  }
  await close()
})

test('options reach what they are for: paths, parameters, maxAge, where people come to, their own principal', async () => {
  const people = new Map([['ada', { subject: 'ada', roles: ['boss'] }]])
  const { idp, ada, app, close } = await running({
    paths: { login: '/in', logout: '/out' },
    parameters: { ui_locales: 'ko' },
    maxAge: 300,
    afterLogin: '/me',
    afterFailure: '/sorry?from=sign-in',
    principal: ({ subject }) => people.get(subject) as never,
  })
  const asked = new URL((await ada.ask(`${APP}/in`)).location as string).searchParams
  expect([asked.get('ui_locales'), asked.get('max_age')]).toEqual(['ko', '300'])
  const page = await ada.open(`${APP}/in`)
  expect(page.url).toBe(`${APP}/me`)
  expect(JSON.parse(page.text)).toEqual({ subject: 'ada', roles: ['boss'] })
  idp.person = 'eve'
  const eve = browser({ [APP]: app.port })
  expect((await eve.open(`${APP}/in`)).status).toBe(401)
  idp.person = undefined
  const declined = await browser({ [APP]: app.port }).open(`${APP}/in`, (url) => url.startsWith(`${APP}/sorry`))
  expect(declined.headers.location).toBe('/sorry?from=sign-in&error=access_denied')
  const lost = await eve.ask(`${APP}/callback?state=x`)
  expect(lost.headers.location).toBe('/sorry?from=sign-in&error=invalid_request')
  idp.fault = () => 500
  await close()
})

test('loginPath brings people back to where they were going', () => {
  const request = { rawHeaders: [], headers: {}, socket: {}, url: '/orders?page=2' }
  expect(make().loginPath(request as never)).toBe('/login?returnTo=%2Forders%3Fpage%3D2')
})

test.each([
  [['boss'], ['boss']],
  ['bosses', undefined],
  [[7], undefined],
])('roles are a list of texts, or none: %j', async (value, roles) => {
  const idp = await realProvider()
  const login = oauthClient({
    provider: { issuer: idp.issuer, rolesOf: () => value },
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    redirectUri: `${APP}/callback`,
    session: cookieSession({ secret }),
  })
  const app = await (HOSTS.express as (typeof HOSTS)[string])(login, policy({ accept: login.session }))
  const page = await browser({ [APP]: app.port }).open(`${APP}/login?returnTo=/me`)
  expect(JSON.parse(page.text).roles).toEqual(roles)
  await Promise.all([app.close(), idp.close()])
})
