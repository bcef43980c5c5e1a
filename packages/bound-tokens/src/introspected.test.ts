// Opaque tokens that are bound to a key: the endpoint says to which (RFC 9449 section 6.2).
import { hash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anyOf, bearer, policy } from '@countersign/policy'
import { introspection } from '@countersign/tokens'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dpop } from './index.ts'

const ORIGIN = 'https://api.acme.com'
const TOKEN = '2YotnFZFEjr1zCsicMWpAA'
const [holder, thief] = await Promise.all([keyOf(), keyOf()])

async function keyOf() {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  return { privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) }
}

const server = createServer((_request, response) => {
  const bound = { active: true, sub: 'ada', aud: ORIGIN, token_type: 'DPoP', cnf: { jkt: holder.jkt } }
  response.end(JSON.stringify(bound))
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function proofBy({ privateKey, jwk }: typeof holder): Promise<string> {
  const ath = hash('sha256', TOKEN, 'base64url')
  return new SignJWT({ htm: 'GET', htu: `${ORIGIN}/posts`, jti: randomUUID(), ath })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
    .setIssuedAt()
    .sign(privateKey)
}

test('pass with a proof by that key, and in no other way', async () => {
  const { port } = server.address() as AddressInfo
  const opaque = introspection({
    endpoint: `http://127.0.0.1:${port}/introspect`,
    client: { id: 'api', secret: 'as registered' },
    audience: ORIGIN,
  })
  const either = policy({ accept: anyOf(bearer(opaque), dpop(opaque, { origin: ORIGIN, replay: false })) })
  const ask = (...rawHeaders: string[]) => {
    const request = { method: 'GET', url: '/posts', headers: {}, rawHeaders, socket: {} }
    return either.check(request)
  }
  const refused = (reason: string) => ({ status: 401, error: { code: 'invalid_token', reason } })
  expect(await ask('authorization', `DPoP ${TOKEN}`, 'dpop', await proofBy(holder))).toBeUndefined()
  expect(await ask('authorization', `DPoP ${TOKEN}`, 'dpop', await proofBy(thief))).toMatchObject(refused('dpop.key'))
  expect(await ask('authorization', `Bearer ${TOKEN}`)).toMatchObject(refused('token.bound'))
})
