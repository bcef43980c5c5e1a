import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { hashClientSecret } from '@countersign/oauth-server'
import { exportJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API, basic, OTHER_API, post, type Running, running, SECRET } from './flow.ts'

const CREDENTIALS = { grant_type: 'client_credentials' }
let at: Running
const keys = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const token = (members: Record<string, string>, headers?: Record<string, string>) =>
  post(`${at.url}/oauth/token`, members, headers)

beforeAll(async () => {
  const jwks = {
    keys: await Promise.all(
      Object.entries(keys).map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg })),
    ),
  }
  at = await running({
    clients: [
      { id: 'service', secret: SECRET, scopes: ['posts:read', 'posts:write'] },
      { id: 'reader', secretHash: hashClientSecret('another-secret-altogether'), scopes: ['posts:read'] },
      { id: 'nothing', secret: SECRET, scopes: [] },
      { id: 'keyed', jwks, grants: ['client_credentials'], scopes: ['posts:read'] },
      { id: 'web', redirectUris: ['https://app.example/callback'] },
      { id: 'odd:id', secret: 'odd secret: with %, + and : in it', scopes: ['posts:read'] },
    ],
  })
})
afterAll(() => at.stop())

describe('a client that speaks for itself (RFC 6749 section 4.4)', () => {
  test('gets a token of the issuer that its verifiers accept offline (RFC 9068)', async () => {
    const { status, body, header } = await token({ ...CREDENTIALS, scope: 'posts:read' }, basic('service'))
    expect(status).toBe(200)
    expect(header('cache-control')).toBe('no-store')
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'posts:read' })
    expect(body.refresh_token).toBeUndefined()
    const principal = await at.own.verify(body.access_token)
    expect(principal).toMatchObject({ subject: 'service', scopes: ['posts:read'], credential: { client: 'service' } })
    const [head, claims] = body.access_token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    expect(JSON.parse(head as string)).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' })
    const { iat, exp, aud, iss, jti, sid } = JSON.parse(claims as string)
    expect({ life: exp - iat, aud, iss, sid, jti: typeof jti }).toEqual({
      life: 300,
      aud: API,
      iss: at.issuer,
      jti: 'string',
    })
  })

  test('names itself in the body as well, and gets all its scopes where it names none', async () => {
    const { status, body } = await token({ ...CREDENTIALS, client_id: 'service', client_secret: SECRET })
    expect([status, body.scope]).toEqual([200, 'posts:read posts:write'])
  })

  test('never gets more than it is known with, nor what users have', async () => {
    const more = await token(
      { ...CREDENTIALS, scope: 'posts:read posts:write' },
      basic('reader', 'another-secret-altogether'),
    )
    expect([more.status, more.body.error]).toEqual([400, 'invalid_scope'])
    const openid = await token({ ...CREDENTIALS, scope: 'openid posts:read' }, basic('service'))
    expect([openid.status, openid.body.error]).toEqual([400, 'invalid_scope'])
    const none = await token(CREDENTIALS, basic('nothing'))
    expect([none.status, none.body.scope]).toEqual([200, undefined])
    expect(((await at.own.verify(none.body.access_token)) as { scopes?: unknown }).scopes ?? []).toEqual([])
  })

  test('an id and a secret with signs in them are encoded in Basic (RFC 6749 section 2.3.1)', async () => {
    expect((await token(CREDENTIALS, basic('odd:id', 'odd secret: with %, + and : in it'))).status).toBe(200)
    const { status } = await token(CREDENTIALS, {
      authorization: `Basic ${btoa('odd:id:odd secret: with %, + and : in it')}`,
    })
    expect([400, 401]).toContain(status)
  })
})

describe('what is refused', () => {
  test.each([
    ['a wrong secret', CREDENTIALS, () => basic('service', `${SECRET}x`), 401, 'invalid_client'],
    ['a secret that is cut short', CREDENTIALS, () => basic('service', SECRET.slice(1)), 401, 'invalid_client'],
    ['an unknown client', CREDENTIALS, () => basic('nobody'), 401, 'invalid_client'],
    [
      'the stored hash for a secret',
      CREDENTIALS,
      () => basic('service', hashClientSecret(SECRET)),
      401,
      'invalid_client',
    ],
    ['a public client with a secret', CREDENTIALS, () => basic('web'), 401, 'invalid_client'],
    ['a public client', { ...CREDENTIALS, client_id: 'web' }, () => ({}), 400, 'unauthorized_client'],
    [
      'a public client that refreshes nothing',
      { grant_type: 'refresh_token', client_id: 'web' },
      () => ({}),
      400,
      'invalid_request',
    ],
    [
      'a confidential client without its secret',
      { ...CREDENTIALS, client_id: 'service' },
      () => ({}),
      401,
      'invalid_client',
    ],
    [
      'two ways at once',
      { ...CREDENTIALS, client_id: 'service', client_secret: SECRET },
      () => basic('service'),
      400,
      'invalid_request',
    ],
    ['two clients at once', { ...CREDENTIALS, client_id: 'reader' }, () => basic('service'), 400, 'invalid_request'],
    ['a bearer token for a client', CREDENTIALS, () => ({ authorization: 'Bearer abc' }), 400, 'invalid_request'],
    ['an unknown grant (O08)', { grant_type: 'magic' }, () => basic('service'), 400, 'unsupported_grant_type'],
    [
      'the password grant (O08)',
      { grant_type: 'password', username: 'anna', password: 'anna' },
      () => basic('service'),
      400,
      'unsupported_grant_type',
    ],
    ['implicit as a grant (O08)', { grant_type: 'implicit' }, () => basic('service'), 400, 'unsupported_grant_type'],
    ['no grant', {}, () => basic('service'), 400, 'invalid_request'],
    [
      'a grant that the client has not',
      { grant_type: 'authorization_code', code: 'x' },
      () => basic('service'),
      400,
      'unauthorized_client',
    ],
    [
      'a grant that the client has not, and a wrong secret',
      { grant_type: 'authorization_code', code: 'x' },
      () => basic('service', `${SECRET}x`),
      401,
      'invalid_client',
    ],
    ['a scope that is nothing here', { ...CREDENTIALS, scope: 'zzz' }, () => basic('service'), 400, 'invalid_scope'],
    [
      'a scope of another resource',
      { ...CREDENTIALS, scope: 'posts:read', resource: OTHER_API },
      () => basic('service'),
      400,
      'invalid_scope',
    ],
    ['no client', CREDENTIALS, () => ({}), 401, 'invalid_client'],
    ['an empty client', { ...CREDENTIALS, client_id: '' }, () => ({}), 401, 'invalid_client'],
    ['a secret of nobody', { ...CREDENTIALS, client_secret: SECRET }, () => ({}), 400, 'invalid_request'],
    [
      'an unknown resource',
      { ...CREDENTIALS, resource: 'https://evil.example' },
      () => basic('service'),
      400,
      'invalid_target',
    ],
  ] as const)('%s', async (_, members, headers, status, error) => {
    const answer = await token(members as Record<string, string>, headers())
    expect([answer.status, answer.body.error]).toEqual([status, error])
    expect(answer.header('cache-control')).toBe('no-store')
    expect(answer.header('content-type')).toMatch(/^application\/json/)
    if (status === 401 && 'authorization' in headers())
      expect(answer.header('www-authenticate')).toMatch(/^Basic realm=/)
    expect(answer.text).not.toContain(SECRET)
  })

  test('a request of no client at all is answered with a challenge (RFC 9110 section 15.5.2)', async () => {
    const refused: unknown[] = []
    const hear = (message: unknown) => refused.push(message)
    subscribe('countersign:oauth-refused', hear)
    for (const path of ['token', 'introspect', 'revoke', 'par']) {
      const { status, body, header } = await post(`${at.url}/oauth/${path}`, { token: 'x', ...CREDENTIALS })
      expect([path, status, body.error]).toEqual([path, 401, 'invalid_client'])
      expect(header('www-authenticate')).toBe(`Basic realm="${at.issuer}"`)
      expect(refused.pop()).toMatchObject({ place: `/${path}`, error: 'invalid_client' })
    }
    unsubscribe('countersign:oauth-refused', hear)
  })

  test('of scopes the known are given, and the answer says which', async () => {
    const { status, body } = await token({ ...CREDENTIALS, scope: 'zzz posts:read' }, basic('service'))
    expect([status, body.scope]).toEqual([200, 'posts:read'])
  })

  test('a resource where the client has no scope: a token that allows nothing', async () => {
    const { status, body } = await token({ ...CREDENTIALS, resource: OTHER_API }, basic('service'))
    expect([status, body.scope]).toEqual([200, undefined])
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.audience' })
  })

  test.each([
    ['JSON', 'application/json', '{"grant_type":"client_credentials"}', 415],
    ['another charset', 'application/x-www-form-urlencoded; charset=utf-16', 'grant_type=client_credentials', 415],
    ['no body', 'application/x-www-form-urlencoded', '', 400],
    ['too much', 'application/x-www-form-urlencoded', `a=${'x'.repeat(60_000)}`, 413],
    [
      'a parameter twice',
      'application/x-www-form-urlencoded',
      'grant_type=client_credentials&grant_type=client_credentials',
      400,
    ],
  ])('a body: %s', async (_, type, body, expected) => {
    const headers = { ...basic('service'), 'content-type': type }
    const response = await fetch(`${at.url}/oauth/token`, { method: 'POST', headers, body })
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([
      expected,
      'invalid_request',
    ])
  })

  test('two Authorization headers, whichever is right', async () => {
    const { connect } = await import('node:net')
    const right = basic('service').authorization
    for (const pair of [
      [right, basic('reader').authorization],
      [right, right],
    ]) {
      const socket = connect({ port: Number(new URL(at.url).port), host: '127.0.0.1' })
      const lines = pair.map((line) => `Authorization: ${line}\r\n`).join('')
      const body = 'grant_type=client_credentials'
      socket.write(
        `POST /oauth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      let text = ''
      for await (const chunk of socket) text += chunk
      expect(text).toMatch(/^HTTP\/1\.1 400 /)
      expect(text).toContain('invalid_request')
    }
  })

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s at the token endpoint', async (method) => {
    const response = await fetch(`${at.url}/oauth/token`, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({ error: 'invalid_request', error_description: expect.any(String) })
  })
})

describe('private_key_jwt (RFC 7523)', () => {
  const assertion = (alg: string, key: KeyObject, more: object = {}) =>
    new SignJWT({
      iss: 'keyed',
      sub: 'keyed',
      aud: at.issuer,
      jti: randomUUID(),
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 60,
      ...more,
    })
      .setProtectedHeader({ alg, kid: alg })
      .sign(key)
  const send = (client_assertion: string) =>
    token({
      ...CREDENTIALS,
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })

  test.each(Object.keys(keys) as (keyof typeof keys)[])('%s', async (alg) => {
    const { status, body } = await send(await assertion(alg, keys[alg].privateKey))
    expect([status, body.scope]).toEqual([200, 'posts:read'])
  })

  test('an assertion is good once, for this issuer, in its time, with its own key', async () => {
    const one = await assertion('ES256', keys.ES256.privateKey)
    expect((await send(one)).status).toBe(200)
    const wrong = [
      one,
      await assertion('ES256', keys.ES256.privateKey, { aud: 'https://evil.example' }),
      await assertion('ES256', keys.ES256.privateKey, { exp: Math.floor(Date.now() / 1000) - 60 }),
      await assertion('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      await assertion('ES256', keys.ES256.privateKey, { iss: 'service' }),
    ]
    for (const each of wrong) expect((await send(each)).body.error).toMatch(/^invalid_(client|request)$/)
  })

  test('the same assertion at once: one gets through', async () => {
    const one = await assertion('EdDSA', keys.EdDSA.privateKey)
    const all = await Promise.all(Array.from({ length: 20 }, () => send(one)))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})
