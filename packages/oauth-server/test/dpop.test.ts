import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, decodeJwt, exportJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basic, codeFor, post, type Running, redeem, running, SECRET } from './flow.ts'

let at: Running
beforeAll(async () => {
  at = await running({
    clients: [
      { id: 'web', redirectUris: ['https://app.example/callback'] },
      { id: 'service', secret: SECRET, scopes: ['posts:read'] },
      { id: 'bound', secret: SECRET, scopes: ['posts:read'], dpopBound: true },
    ],
  })
})
afterAll(async () => {
  expect(at.faults).toEqual([])
  await at.stop()
})

const PAIRS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}
const { privateKey, publicKey } = PAIRS.ES256

async function proof(
  more: object = {},
  keys: { privateKey: KeyObject; publicKey: KeyObject } = PAIRS.ES256,
  alg = 'ES256',
  url = `${at.url}/oauth/token`,
) {
  const jwk = await exportJWK(keys.publicKey)
  return new SignJWT({ htm: 'POST', htu: url, jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...more })
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
    .sign(keys.privateKey)
}
const credentials = async (dpop: string, id = 'service') =>
  post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, { ...basic(id), dpop })

describe('tokens that are bound to a key (RFC 9449)', () => {
  test.each(Object.keys(PAIRS) as (keyof typeof PAIRS)[])('%s', async (alg) => {
    const { status, body } = await credentials(await proof({}, PAIRS[alg], alg))
    expect([status, body.token_type]).toEqual([200, 'DPoP'])
    const jkt = await calculateJwkThumbprint(await exportJWK(PAIRS[alg].publicKey))
    expect(decodeJwt(body.access_token).cnf).toEqual({ jkt })
    expect(await at.own.verify(body.access_token)).toMatchObject({ reason: 'token.bound' })
    const told = await post(`${at.url}/oauth/introspect`, { token: body.access_token }, basic('service'))
    expect(told.body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt } })
    expect((await post(`${at.url}/oauth/revoke`, { token: body.access_token }, basic('service'))).status).toBe(200)
    expect(await at.own.verify(body.access_token, { bound: true })).toMatchObject({ reason: 'token.revoked' })
  })

  test("a user's tokens: userinfo and refreshing need the key", async () => {
    const got = await codeFor(at)
    const { body } = await redeem(at, got, {}, { dpop: await proof() })
    expect(body.token_type).toBe('DPoP')
    const url = `${at.url}/oauth/userinfo`
    const ath = createHash('sha256').update(body.access_token).digest('base64url')
    const dpop = await proof({ htm: 'GET', ath }, PAIRS.ES256, 'ES256', url)
    const headers = { authorization: `DPoP ${body.access_token}`, dpop }
    expect((await fetch(url, { headers })).status).toBe(200)
    const again = await fetch(url, { headers }) // a proof is good once
    expect([again.status, ((await again.json()) as { error: string }).error]).toEqual([401, 'invalid_dpop_proof'])
    expect(again.headers.get('www-authenticate')).toContain('DPoP ')
    expect((await fetch(url, { headers: { authorization: `Bearer ${body.access_token}` } })).status).toBe(401)
    const other = await proof({ htm: 'GET', ath }, PAIRS.EdDSA, 'EdDSA', url)
    expect((await fetch(url, { headers: { ...headers, dpop: other } })).status).toBe(401)
    const members = { grant_type: 'refresh_token', refresh_token: body.refresh_token, client_id: 'web' }
    expect((await post(`${at.url}/oauth/token`, members)).body.error).toBe('invalid_grant')
    expect(
      (await post(`${at.url}/oauth/token`, members, { dpop: await proof({}, PAIRS.EdDSA, 'EdDSA') })).body.error,
    ).toBe('invalid_grant')
    expect((await post(`${at.url}/oauth/token`, members, { dpop: await proof() })).status).toBe(200)
  })

  test.each([
    ['of another method', { htm: 'GET' }],
    ['of another place', { htu: 'https://evil.example/oauth/token' }],
    ['that is old', { iat: Math.floor(Date.now() / 1000) - 3600 }],
    ['without a name', { jti: undefined }],
    ['without a time', { iat: undefined }],
    ["with a nonce of nobody's", { nonce: 'x' }],
  ])('a proof %s', async (_, more) => {
    const { status, body } = await credentials(await proof(more))
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^(invalid_dpop_proof|use_dpop_nonce)$/)])
  })

  test('a proof again; at once, once', async () => {
    const one = await proof()
    const all = await Promise.all(Array.from({ length: 30 }, () => credentials(one)))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of [...all.filter((each) => each.status !== 200), await credentials(one)])
      expect([status, body.error]).toEqual([400, 'invalid_dpop_proof'])
  })

  test('a proof again uses nothing up: neither a refresh token nor its grant', async () => {
    const one = await proof()
    const { body } = await redeem(at, await codeFor(at), {}, { dpop: one })
    const members = { grant_type: 'refresh_token', refresh_token: body.refresh_token, client_id: 'web' }
    expect((await post(`${at.url}/oauth/token`, members, { dpop: one })).body.error).toBe('invalid_dpop_proof')
    expect((await post(`${at.url}/oauth/token`, members, { dpop: await proof() })).status).toBe(200)
  })

  test('a proof that its key did not sign', async () => {
    const jwk = await exportJWK(publicKey)
    const forged = await new SignJWT({ htm: 'POST', htu: `${at.url}/oauth/token`, jti: randomUUID() })
      .setIssuedAt()
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
    expect((await credentials(forged)).body.error).toBe('invalid_dpop_proof')
    expect(privateKey.type).toBe('private')
  })

  test('a client that is to be bound gets nothing without a key; a host that is spoofed changes nothing', async () => {
    expect((await post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, basic('bound'))).status).toBe(400)
    expect((await credentials(await proof(), 'bound')).status).toBe(200)
    const spoofed = await proof({ htu: 'https://evil.example/oauth/token' })
    const headers = {
      ...basic('service'),
      dpop: spoofed,
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
    }
    expect((await post(`${at.url}/oauth/token`, { grant_type: 'client_credentials' }, headers)).status).toBe(400)
  })
})

test('switched off, a proof is not looked at, and nothing is said of it', async () => {
  const off = await running({ dpop: false })
  const { body } = await post(
    `${off.url}/oauth/token`,
    { grant_type: 'client_credentials' },
    { ...basic('service'), dpop: 'x' },
  )
  expect(body.token_type).toBe('Bearer')
  const metadata = (await (await fetch(`${off.url}/.well-known/openid-configuration`)).json()) as object
  expect('dpop_signing_alg_values_supported' in metadata).toBe(false)
  await off.stop()
})
