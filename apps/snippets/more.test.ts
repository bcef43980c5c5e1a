import { execFile } from 'node:child_process'
import { generateKeyPairSync, hash, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { runSnippet, snippetFile } from './snippet.ts'

const send = (method: string, url: string, headers: Readonly<Record<string, string>>, value?: unknown) =>
  fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(value !== undefined && { body: JSON.stringify(value) }),
  })

test('three-ways: a token, a key, a password; a rule about the object; an event for each refusal', async () => {
  const app = await runSnippet('three-ways.ts')
  try {
    const put = (headers: Readonly<Record<string, string>>) => send('PUT', `${app.url}/posts/1`, headers, { text: 'x' })
    const login = await send('POST', `${app.url}/login`, {}, { username: 'ada', password: 'correct horse' })
    const { access_token } = (await login.json()) as { access_token: string }
    const key = /shown once: (\S+)/.exec(app.output())?.[1] ?? ''
    const basic = (name: string) => `Basic ${Buffer.from(`${name}:correct horse`).toString('base64')}`

    const author = { author: 'user-1', text: 'x', changedBy: 'user-1' }
    expect(await (await put({ authorization: `Bearer ${access_token}` })).json()).toEqual({
      ...author,
      scheme: 'bearer',
    })
    expect(await (await put({ authorization: basic('ada') })).json()).toEqual({ ...author, scheme: 'basic' })

    for (const [headers, challenge] of [
      [{ 'x-api-key': key }, 'ApiKey realm="api", header="X-API-Key"'],
      [{ authorization: basic('bob') }, 'Basic realm="api", charset="UTF-8"'],
    ] as const) {
      const refused = await put(headers)
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([403, challenge])
      expect(await refused.json()).toMatchObject({ code: 'access_denied' })
    }
    expect((await put({})).status).toBe(401)
    expect((await put({ authorization: basic('ada'), 'x-api-key': key })).status).toBe(400)
    const events = app
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
    expect(events.map(({ type, reason }) => [type, reason])).toEqual([
      ['forbidden', 'rule.refused'],
      ['forbidden', 'rule.refused'],
      ['unauthenticated', 'credential.absent'],
      ['unauthenticated', 'credential.repeated'],
    ])
  } finally {
    app.stop()
  }
})

describe.each(['express-house.ts', 'fastify-house.ts'])('%s', (name) => {
  test('a protected part, typed input without a body parser, errors in the house format, CORS first', async () => {
    const app = await runSnippet(name)
    try {
      const authorization = `Bearer ${/token: (\S+)/.exec(app.output())?.[1]}`
      const list = await fetch(`${app.url}/orders?limit=5`, { headers: { authorization } })
      expect([list.status, await list.json()]).toEqual([200, { limit: 5 }])
      const put = await send('PUT', `${app.url}/orders/7`, { authorization }, { sku: 'x1' })
      expect(await put.json()).toEqual({ id: 7, sku: 'x1', by: 'user-1' })

      const preflight = await fetch(`${app.url}/orders`, { method: 'OPTIONS' })
      expect(preflight.status).toBe(204)
      const refused = await fetch(`${app.url}/orders`)
      expect([
        refused.status,
        refused.headers.get('www-authenticate'),
        refused.headers.get('access-control-allow-origin'),
        await refused.json(),
      ]).toEqual([
        401,
        'Bearer realm="api"',
        'https://app.acme.com',
        {
          fault: 'unauthenticated',
          why: 'This needs a credential; WWW-Authenticate lists the kinds that are accepted.',
        },
      ])

      // What `validate` refuses goes the same way, and comes after the guard.
      const wrong = await send('PUT', `${app.url}/orders/x`, { authorization }, {})
      expect([wrong.status, wrong.headers.get('cache-control'), await wrong.json()]).toEqual([
        400,
        'no-store',
        { fault: 'invalid_request', why: 'The input does not fit its schema.' },
      ])
      expect((await send('PUT', `${app.url}/orders/x`, {}, {})).status).toBe(401)
      const csv = { 'content-type': 'text/csv', authorization }
      const other = await fetch(`${app.url}/orders/1`, { method: 'PUT', headers: csv, body: 'x' })
      expect([other.status, await other.json()]).toMatchObject([415, { fault: 'unsupported_media_type' }])

      expect((await fetch(`${app.url}/auth/.well-known/jwks.json`)).status).toBe(200)
      const nothing = await fetch(`${app.url}/nothing`)
      expect([nothing.status, await nothing.json()]).toMatchObject([404, { fault: 'not_found' }])
    } finally {
      app.stop()
    }
  })

  test('what a handler throws is in the house format too, with its headers, and the audit log hears of it', async () => {
    const listen = `import { subscribe } from 'node:diagnostics_channel'
      for (const name of ['unauthenticated', 'forbidden', 'limited', 'unavailable'])
        subscribe('countersign:' + name, ({ type, reason }) => console.log('event', type, reason))`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(listen)}`
    const app = await runSnippet(name, { NODE_OPTIONS, NODE_DEBUG: 'countersign' })
    try {
      const login = (password: string) => send('POST', `${app.url}/login`, {}, { username: 'ada', password })
      const told = ({ status, headers }: Response) => [
        status,
        headers.get('www-authenticate'),
        headers.get('cache-control'),
        headers.get('retry-after'),
      ]
      const good = await login('correct horse')
      const { refresh_token } = (await good.json()) as { refresh_token: string }
      expect([good.status, typeof refresh_token]).toEqual([200, 'string'])
      for (let n = 0; n < 5; n++) {
        const wrong = await login('wrong')
        expect(told(wrong)).toEqual([401, 'Bearer realm="api"', 'no-store', null])
        expect(await wrong.json()).toMatchObject({ fault: 'invalid_credentials' })
      }
      const limited = await login('correct horse')
      expect(told(limited)).toEqual([429, null, 'no-store', expect.stringMatching(/^\d+$/)])
      expect(await limited.json()).toMatchObject({ fault: 'too_many_requests' })
      const refused = await send('POST', `${app.url}/refresh`, {}, { refresh_token: 'x' })
      expect(told(refused)).toEqual([400, null, 'no-store', null])
      expect(await refused.json()).toMatchObject({ fault: 'invalid_grant' })
      const unfit = await send('POST', `${app.url}/refresh`, {}, {})
      expect([unfit.status, await unfit.json()]).toMatchObject([400, { fault: 'invalid_request' }])
      expect(told(await fetch(`${app.url}/orders`))).toEqual([401, 'Bearer realm="api"', 'no-store', null])

      const lines = app.output().split('\n')
      expect(lines.filter((line) => line.startsWith('event '))).toEqual([
        ...Array(5).fill('event unauthenticated password.wrong'),
        expect.stringMatching(/^event limited login\./),
        expect.stringMatching(/^event unauthenticated refresh\./),
        'event unauthenticated credential.absent',
      ])
      expect(lines.filter((line) => line.includes('COUNTERSIGN') && line.includes(' -> ')).length).toBe(8)
      expect(app.output()).not.toContain('FSTWRN')
    } finally {
      app.stop()
    }
  })
})

test('existing-keys: a key that was out there is good, and its like is not', async () => {
  const app = await runSnippet('existing-keys.ts')
  try {
    const get = (key: string) => fetch(`${app.url}/orders`, { headers: { 'x-api-key': key } })
    expect(await (await get('0123456789abcdefghijABCDEFGHIJkl')).json()).toEqual({
      orders: [],
      of: 'customer-42',
      plan: 'pro',
    })
    for (const wrong of ['0123456789abcdefghijABCDEFGHIJkm', '0123456789abcdefghijABCDEFGHIJk', 'x'])
      expect((await get(wrong)).status).toBe(401)
  } finally {
    app.stop()
  }
})

test('one-store: keys and tokens in one file, and a commit that only the first of two wins', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [snippetFile('one-store.ts')], {
    env: { STORE: ':memory:' },
  })
  expect(stdout).toContain("subject: 'customer-42'")
  expect(stdout).toContain("subject: 'user-1'")
  expect(stdout).toContain("{ first: true, second: false, left: '9' }")
})

test('bound-tokens: the token alone opens nothing; with a proof of the key it does, once', async () => {
  const app = await runSnippet('bound-tokens.ts')
  try {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const { kty, crv, x } = publicKey.export({ format: 'jwk' })
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const proof = (htm: string, path: string, more: object = {}) => {
      const iat = Math.floor(Date.now() / 1000)
      const claims = { htm, htu: `https://api.acme.com${path}`, iat, jti: randomUUID(), ...more }
      const signed = `${encode({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: { kty, crv, x } })}.${encode(claims)}`
      return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
    }
    expect((await fetch(`${app.url}/login`, { method: 'POST' })).status).toBe(401)
    const login = await fetch(`${app.url}/login`, { method: 'POST', headers: { dpop: proof('POST', '/login') } })
    const tokens = (await login.json()) as { access_token: string; refresh_token: string; token_type: string }
    expect(tokens.token_type).toBe('DPoP')
    const ath = hash('sha256', tokens.access_token, 'base64url')
    const dpop = proof('GET', '/me', { ath })
    const get = (headers: Record<string, string>) => fetch(`${app.url}/me`, { headers })
    expect((await get({ authorization: `Bearer ${tokens.access_token}` })).status).toBe(401)
    expect((await get({ authorization: `DPoP ${tokens.access_token}` })).status).toBe(401)
    const good = { authorization: `DPoP ${tokens.access_token}`, dpop }
    expect(await (await get(good)).json()).toEqual({ subject: 'ada' })
    expect((await get(good)).status).toBe(401)
    const { refresh_token } = tokens
    const refresh = (headers: Record<string, string>) => send('POST', `${app.url}/refresh`, headers, { refresh_token })
    expect((await refresh({})).status).toBe(401)
    expect((await refresh({ dpop: proof('POST', '/login') })).status).toBe(401)
    expect(await (await refresh({ dpop: proof('POST', '/refresh') })).json()).toMatchObject({ token_type: 'DPoP' })
  } finally {
    app.stop()
  }
})

test('browser-login: three cookies; a write needs what the page reads from one of them; a logout takes them away', async () => {
  const app = await runSnippet('browser-login.ts')
  try {
    const login = await send('POST', `${app.url}/login`, {}, { username: 'ada', password: 'correct horse battery' })
    expect(login.status).toBe(204)
    const pairs = login.headers.getSetCookie().map((line) => line.split(';', 1)[0] as string)
    const cookie = pairs.join('; ')
    const csrf = pairs.find((pair) => pair.startsWith('__Host-csrf='))?.slice('__Host-csrf='.length) as string
    expect(await (await fetch(`${app.url}/me`, { headers: { cookie } })).json()).toEqual({ subject: 'ada' })
    expect((await fetch(`${app.url}/refresh`, { method: 'POST', headers: { cookie } })).status).toBe(403)
    expect((await fetch(`${app.url}/logout`, { method: 'POST', headers: { cookie } })).status).toBe(403)
    const own = { cookie, 'x-csrf-token': csrf }
    expect((await fetch(`${app.url}/refresh`, { method: 'POST', headers: own })).status).toBe(204)
    const logout = await fetch(`${app.url}/logout`, { method: 'POST', headers: own })
    expect(logout.status).toBe(204)
    expect(logout.headers.getSetCookie().every((line) => line.includes('Max-Age=0'))).toBe(true)
    expect((await fetch(`${app.url}/me`, { headers: { cookie } })).status).toBe(401)
  } finally {
    app.stop()
  }
})
