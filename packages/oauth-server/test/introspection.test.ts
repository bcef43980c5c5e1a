import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API, basic, codeFor, OTHER_API, post, type Running, redeem, running, SECRET } from './flow.ts'

let at: Running
beforeAll(async () => {
  at = await running()
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const ask = (token: string, headers: Record<string, string>, more: Record<string, string> = {}) =>
  post(`${at.url}/oauth/introspect`, { token, ...more }, headers)
const revoke = (token: string, members: Record<string, string>, headers: Record<string, string> = {}) =>
  post(`${at.url}/oauth/revoke`, { token, ...members }, headers)
const service = async (id = 'service') =>
  (await post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, basic(id))).body.access_token
const user = async (members: Record<string, string> = {}) => (await redeem(at, await codeFor(at, members))).body
const INACTIVE = { active: false }

describe('introspection (RFC 7662)', () => {
  test('a client learns of its own tokens', async () => {
    const { body, header } = await ask(await service(), basic('service'))
    expect(header('cache-control')).toBe('no-store')
    expect(body).toEqual({
      active: true,
      sub: 'service',
      client_id: 'service',
      iss: at.issuer,
      aud: API,
      scope: 'posts:read posts:write',
      token_type: 'Bearer',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    })
  })

  test('a resource server learns of those that are for it, whoever has them', async () => {
    const { access_token } = await user()
    const { body } = await ask(access_token, basic('api'))
    expect(body).toMatchObject({
      active: true,
      sub: 'usr_anna',
      client_id: 'web',
      scope: 'openid posts:read',
      sid: expect.any(String),
      auth_time: expect.any(Number),
    })
    const other = await user({ resource: OTHER_API })
    expect((await ask(other.access_token, basic('api'))).body).toEqual(INACTIVE)
    expect((await ask(await service(), basic('api'), { token_type_hint: 'access_token' })).body.active).toBe(true)
  })

  test("no oracle: another's token, a public client, what never was, all look the same", async () => {
    const { access_token, refresh_token, id_token } = await user()
    const { privateKey } = await generateKeyPair('EdDSA')
    const forged = await new SignJWT({
      ...JSON.parse(Buffer.from(access_token.split('.')[1] as string, 'base64url').toString()),
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .sign(privateKey)
    for (const token of [access_token, refresh_token, await service('reader')])
      expect((await ask(token, basic('service'))).text).toBe(JSON.stringify(INACTIVE))
    for (const token of [forged, id_token, `${access_token}x`, 'a.b.c', 'x', '~a~b', refresh_token])
      expect((await ask(token, basic('api'))).text).toBe(JSON.stringify(INACTIVE))
    expect((await ask(access_token, {}, { client_id: 'web' })).text).toBe(JSON.stringify(INACTIVE))
  })

  test("nobody without a client's credentials", async () => {
    const token = await service()
    expect((await ask(token, {})).status).toBe(401)
    expect((await ask(token, basic('service', 'wrong-secret-altogether'))).status).toBe(401)
    expect((await ask('', basic('service'))).body.error).toBe('invalid_request')
    const twice = await fetch(`${at.url}/oauth/introspect`, {
      method: 'POST',
      headers: { ...basic('service'), 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${token}&token=${token}`,
    })
    expect(twice.status).toBe(400)
  })

  test('tokens of the login are told to the resource server too; revoked ones are not active', async () => {
    const { access_token } = await at.own.issue({ subject: 'usr_anna', scopes: ['posts:read'] })
    expect((await ask(access_token, basic('api'))).body).toMatchObject({ active: true, sub: 'usr_anna' })
    const token = await service()
    const principal = await at.own.verify(token)
    await at.own.revoke(principal as never)
    expect((await ask(token, basic('service'))).text).toBe(JSON.stringify(INACTIVE))
  })

  test('a refresh token is told to its own client', async () => {
    const got = await codeFor(at, { client_id: 'confidential' })
    const { body } = await redeem(at, got, { client_secret: SECRET })
    expect((await ask(body.refresh_token, basic('confidential'))).body).toMatchObject({ active: true, sub: 'usr_anna' })
  })
})

describe('revocation (RFC 7009)', () => {
  test('of an access token: that one is dead everywhere, the rest goes on', async () => {
    const { access_token, refresh_token } = await user()
    expect((await revoke(access_token, { client_id: 'web' })).status).toBe(200)
    expect(await at.own.verify(access_token)).toMatchObject({ reason: 'token.revoked' })
    expect((await revoke(access_token, { client_id: 'web' })).status).toBe(200)
    const next = await post(`${at.url}/oauth/token`, { grant_type: 'refresh_token', refresh_token, client_id: 'web' })
    expect(await at.own.verify(next.body.access_token)).toMatchObject({ subject: 'usr_anna' })
  })

  test('of a refresh token: its access tokens die with it', async () => {
    const { access_token, refresh_token } = await user()
    expect((await revoke(refresh_token, { client_id: 'web', token_type_hint: 'refresh_token' })).status).toBe(200)
    expect(await at.own.verify(access_token)).toMatchObject({ reason: 'token.revoked' })
    const next = await post(`${at.url}/oauth/token`, { grant_type: 'refresh_token', refresh_token, client_id: 'web' })
    expect(next.body.error).toBe('invalid_grant')
  })

  test("of a client's own token", async () => {
    const token = await service()
    expect((await revoke(token, {}, basic('service'))).status).toBe(200)
    expect(await at.own.verify(token)).toMatchObject({ reason: 'token.revoked' })
  })

  test("another's token stays, and nobody learns that it is one", async () => {
    const token = await service()
    const { access_token, refresh_token } = await user()
    const answers = [
      await revoke(token, {}, basic('reader')),
      await revoke(access_token, {}, basic('service')),
      await revoke(refresh_token, { client_id: 'native' }),
      await revoke('x', { client_id: 'web' }),
      await revoke('a.b.c', { client_id: 'web' }),
    ]
    expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => [200, '']))
    expect(await at.own.verify(token)).toMatchObject({ subject: 'service' })
    expect(await at.own.verify(access_token)).toMatchObject({ subject: 'usr_anna' })
  })
})

test('switched off, neither is there', async () => {
  const off = await running({ introspection: false, revocation: false })
  for (const path of ['introspect', 'revoke'])
    expect((await post(`${off.url}/oauth/${path}`, { token: 'x' }, basic('service'))).status).toBe(404)
  const metadata = (await (await fetch(`${off.url}/.well-known/openid-configuration`)).json()) as object
  expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(['introspection_endpoint']))
  expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(['revocation_endpoint']))
  await off.stop()
})
